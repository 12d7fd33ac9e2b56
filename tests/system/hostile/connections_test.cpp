// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// More connections than the daemon has descriptors for, while a good subscriber listens.

#include "connections.hpp"
#include "confined.hpp"
#include "process_memory.hpp"

namespace omzmq::test {
namespace {

constexpr unsigned kLimit = 256;
constexpr unsigned kMany = 4 * kLimit;

class TooManyConnections : public SystemTest, public testing::WithParamInterface<bool> {
 protected:
  static bool is_tcp() { return GetParam(); }
  std::string endpoint() const { return is_tcp() ? endpoint_ : ipc_endpoint(); }
  Connections connections() const {
    return is_tcp() ? Connections(port_of(endpoint_)) : Connections(directory_.file("socket"));
  }

  const std::string endpoint_ = free_tcp_endpoint();
};

TEST_P(TooManyConnections, AreHeldBackAndCostNobodyAnything) {
  Rsyslogd daemon(directory_,
                  configuration().omzmq(fmt::format(
                      R"(endpoints="@{}" sockType="PUB" topics="t" topicFrame="on")", endpoint())));
  daemon.run_behind(confined({"--limit-descriptors", std::to_string(kLimit)}));
  daemon.start();
  Receiver good(directory_, "good", {.type = "SUB", .bind = false, .endpoint = endpoint()});
  good.start();
  ASSERT_TRUE(wait_subscribed(daemon, good));
  Injector injector(daemon.input());
  Receiver late(directory_, "late", {.type = "SUB", .bind = false, .endpoint = endpoint()});
  {
    Connections flood = connections();
    for (unsigned round = 0; round < 10; ++round) {
      flood.open(kMany / 10);
      injector.numbered(100 * round, 100);
    }
    EXPECT_TRUE(wait_until([&] {
      return daemon.standard_error().find("no new connections are taken") != std::string::npos;
    })) << daemon.standard_error();
    EXPECT_TRUE(wait_for_numbered(good, 1000, 1));
    EXPECT_TRUE(daemon.process().running()) << daemon.standard_error();
    EXPECT_LT(open_descriptors(daemon.process().pid()), kLimit);
    late.start();
  }
  // The connections are gone: there is room again.
  EXPECT_TRUE(wait_subscribed(daemon, late, "late probe"));
  injector.numbered(1000, 100);
  EXPECT_TRUE(wait_for_numbered(good, 1100, 1));
  EXPECT_TRUE(wait_for_numbered(late, 100, 1));
  EXPECT_TRUE(are_numbered_in_order(only_numbered(good.payloads(1)), 1100));
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(is_tcp() || !std::filesystem::exists(directory_.file("socket")));
}

INSTANTIATE_TEST_SUITE_P(Over, TooManyConnections, testing::Bool(),
                         [](const auto& over) { return std::string(over.param ? "Tcp" : "Ipc"); });

}  // namespace
}  // namespace omzmq::test
