// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// More connections than the daemon has descriptors for, while a good subscriber listens.

#include "connections.hpp"

#include <sys/resource.h>

#include <algorithm>

#include "confined.hpp"
#include "fault_length.hpp"
#include "process_memory.hpp"

namespace omzmq::test {
namespace {

constexpr unsigned kLimit = 256;
// Files of its own that rsyslogd opens sooner or later.
constexpr std::size_t kOfRsyslogd = 10;
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
    // A unix socket refuses at once whom nobody has had the time to accept: so more come.
    EXPECT_TRUE(wait_until([&] {
      if (flood.count() < 4 * kMany) flood.open(kLimit / 16);
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

class ManyConnections : public SystemTest {
 protected:
  // Ten thousand with OMZMQ_TEST_FULL_FAULTS=1, fewer else; as far as this process may.
  static unsigned many() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t wanted = is_full_length() ? 10000 : 1500;
    return static_cast<unsigned>(std::min(wanted, limit.rlim_cur / 2));
  }
  // Opens them while a good subscriber counts, and waits until the daemon has given all of them up.
  void expect_freed(std::string_view first_words) {
    const std::string endpoint = free_tcp_endpoint();
    Rsyslogd daemon(directory_, configuration().omzmq(
                                    fmt::format(R"(endpoints="@{}" sockType="PUB" topics="t" )"
                                                R"(topicFrame="on" handshakeTimeout="3000" )"
                                                R"(socketOptions="backlog=1000")",
                                                endpoint)));
    daemon.start();
    Receiver good(directory_, "good", {.type = "SUB", .bind = false, .endpoint = endpoint});
    good.start();
    ASSERT_TRUE(wait_subscribed(daemon, good));
    Injector injector(daemon.input());
    injector.numbered(0, 100);
    ASSERT_TRUE(wait_for_numbered(good, 100, 1));
    const std::size_t before = open_descriptors(daemon.process().pid());
    Connections half(port_of(endpoint));
    unsigned next = 100;
    const unsigned all = many();
    while (half.count() < all) {
      half.open(100, first_words);
      injector.numbered(next, 100);
      next += 100;
    }
    // Where the daemon was not fast enough to accept them, the kernel forgot some.
    EXPECT_TRUE(wait_until(
        [&] { return open_descriptors(daemon.process().pid()) > before + half.count() / 2; }));
    EXPECT_TRUE(wait_until(
        [&] { return open_descriptors(daemon.process().pid()) < before + kOfRsyslogd; }));
    injector.numbered(next, 100);
    EXPECT_TRUE(wait_for_numbered(good, next + 100, 1));
    EXPECT_TRUE(are_numbered_in_order(only_numbered(good.payloads(1)), next + 100));
    EXPECT_EQ(stopped(daemon), "exit 0");
  }
};

TEST_F(ManyConnections, ThatSayNothingAreGivenUp) { expect_freed({}); }

TEST_F(ManyConnections, WithHalfAHandshakeAreGivenUp) {
  expect_freed({"\xff\0\0\0\0\0\0\0\1\x7f\3", 11});
}

}  // namespace
}  // namespace omzmq::test
