// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// A daemon whose sandbox has no AF_NETLINK, as with systemd's
// RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX: libzmq would end it at the first bind.

#include <sys/socket.h>

#include "confined.hpp"

namespace omzmq::test {
namespace {

bool has_ipv6() { return !read_file("/proc/net/if_inet6").empty(); }

struct Place {
  std::string bound;      // with {} for the port
  std::string connected;  // likewise
  bool ipv6 = false;
  std::string parameters = {};
};

std::ostream& operator<<(std::ostream& out, const Place& place) { return out << place.bound; }

class WithoutNetlink : public SystemTest, public testing::WithParamInterface<Place> {
 protected:
  void SetUp() override {
    if (GetParam().ipv6 && !has_ipv6()) GTEST_SKIP() << "this machine has no IPv6";
  }
};

TEST_P(WithoutNetlink, BindsAndPublishes) {
  const int port = free_tcp_port();
  Rsyslogd daemon(directory_,
                  configuration().omzmq(fmt::format(
                      R"(endpoints="@{}" sockType="PUB" topics="t" topicFrame="on" {})",
                      fmt::format(fmt::runtime(GetParam().bound), port), GetParam().parameters)));
  daemon.run_behind(confined({"--refuse-family", std::to_string(AF_NETLINK)}));
  daemon.start();
  Receiver receiver(directory_, "receiver",
                    {.type = "SUB",
                     .bind = false,
                     .endpoint = fmt::format(fmt::runtime(GetParam().connected), port)});
  receiver.start();
  ASSERT_TRUE(wait_subscribed(daemon, receiver)) << daemon.standard_error();
  Injector(daemon.input()).numbered(0, 100);
  EXPECT_TRUE(wait_for_numbered(receiver, 100, 1));
  EXPECT_EQ(stopped(daemon), "exit 0");
}

INSTANTIATE_TEST_SUITE_P(Every, WithoutNetlink,
                         testing::Values(Place{"tcp://127.0.0.1:{}", "tcp://127.0.0.1:{}"},
                                         Place{"tcp://*:{}", "tcp://127.0.0.1:{}"},
                                         Place{"tcp://*:{}", "tcp://[::1]:{}", true},
                                         Place{"tcp://0.0.0.0:{}", "tcp://127.0.0.1:{}"},
                                         Place{"tcp://lo:{}", "tcp://127.0.0.1:{}"},
                                         Place{"tcp://localhost:{}", "tcp://127.0.0.1:{}"},
                                         Place{"tcp://[::1]:{}", "tcp://[::1]:{}", true},
                                         Place{"tcp://lo:{}", "tcp://[::1]:{}", true,
                                               R"(ipv6="on")"}));

class Sandbox : public SystemTest {};

TEST_F(Sandbox, WithoutNetlinkItConnectsAndReconnects) {
  const std::string endpoint = free_tcp_endpoint();
  Rsyslogd daemon(directory_, configuration().omzmq(fmt::format(
                                  R"(endpoints="{}" sockType="PUSH" reconnect.interval="20" )"
                                  R"(reconnect.maxInterval="20")",
                                  endpoint)));
  daemon.run_behind(confined({"--refuse-family", std::to_string(AF_NETLINK)}));
  daemon.start();
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint});
  for (unsigned round = 0; round < 3; ++round) {
    receiver.start();
    Injector(daemon.input()).numbered(100 * round, 100);
    EXPECT_TRUE(receiver.wait_for(100 * (round + 1))) << daemon.standard_error();
    receiver.stop();
  }
  EXPECT_EQ(stopped(daemon), "exit 0");
}

TEST_F(Sandbox, WithoutIpv6TheWildcardIsIpv4) {
  const int port = free_tcp_port();
  Rsyslogd daemon(directory_, configuration().omzmq(
                                  fmt::format(R"(endpoints="@tcp://*:{}" sockType="PUSH")", port)));
  daemon.run_behind(confined({"--refuse-family", std::to_string(AF_INET6), "--refuse-family",
                              std::to_string(AF_NETLINK)}));
  daemon.start();
  Receiver receiver(directory_, "receiver",
                    {.bind = false, .endpoint = fmt::format("tcp://127.0.0.1:{}", port)});
  receiver.start();
  Injector(daemon.input()).numbered(0, 100);
  EXPECT_TRUE(receiver.wait_for(100)) << daemon.standard_error();
  EXPECT_EQ(stopped(daemon), "exit 0");
}

// A sandbox without any IP: nothing can work, and the daemon says why and lives.
TEST_F(Sandbox, WithoutIpItSaysSoAndTheOthersWork) {
  const std::string file = directory_.file("all");
  Rsyslogd daemon(
      directory_,
      configuration()
          .omzmq(fmt::format(R"(endpoints="@tcp://127.0.0.1:{}" sockType="PUB")", free_tcp_port()))
          .omzmq(R"(endpoints=">tcp://127.0.0.1:9" sockType="PUSH" handoff.full="dropNewest")")
          .action(omfile(file, "raw")));
  daemon.run_behind(
      confined({"--refuse-family", std::to_string(AF_INET), "--refuse-family",
                std::to_string(AF_INET6), "--refuse-family", std::to_string(AF_NETLINK)}));
  daemon.start();
  Injector(daemon.input()).numbered(0, 100);
  EXPECT_TRUE(wait_until([&] { return read_file(file).size() == 100 * numbered_line(0).size(); }));
  EXPECT_NE(daemon.standard_error().find("cannot bind 'tcp://127.0.0.1:"), std::string::npos)
      << daemon.standard_error();
  EXPECT_NE(daemon.standard_error().find("Address family not supported"), std::string::npos);
  EXPECT_EQ(stopped(daemon), "exit 0");
}

// Descriptors 0 to 2 go to whatever is opened first.
TEST_F(Sandbox, WithoutStandardDescriptorsItWorks) {
  const int port = free_tcp_port();
  Rsyslogd daemon(directory_, configuration().omzmq(fmt::format(
                                  R"(endpoints="@tcp://127.0.0.1:{}" sockType="PUSH")", port)));
  daemon.run_behind(confined({"--close-standard"}));
  daemon.start();
  Receiver receiver(directory_, "receiver",
                    {.bind = false, .endpoint = fmt::format("tcp://127.0.0.1:{}", port)});
  receiver.start();
  Injector(daemon.input()).numbered(0, 100);
  EXPECT_TRUE(receiver.wait_for(100));
  EXPECT_EQ(stopped(daemon), "exit 0");
}

}  // namespace
}  // namespace omzmq::test
