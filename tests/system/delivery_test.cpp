// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// What goes in comes out, over each kind of socket, in each direction, by each transport.

#include <memory>

#include "system_test.hpp"
#include "zmtp_peer.hpp"

namespace omzmq::test {
namespace {

struct Way {
  const char* sender;
  const char* receiver;
  bool binds;  // the sender; the receiver does the other
  bool tcp;

  friend std::ostream& operator<<(std::ostream& out, const Way& way) {
    return out << way.sender << (way.binds ? " binds " : " connects ") << (way.tcp ? "tcp" : "ipc");
  }
};

std::string name_of(const testing::TestParamInfo<Way>& info) {
  return fmt::format("{}{}{}", info.param.sender, info.param.binds ? "Binds" : "Connects",
                     info.param.tcp ? "Tcp" : "Ipc");
}

class Delivery : public SystemTest, public testing::WithParamInterface<Way> {};

TEST_P(Delivery, GivesEachMessageOnceAndInOrder) {
  const Way way = GetParam();
  const std::string endpoint = way.tcp ? free_tcp_endpoint() : ipc_endpoint();
  const std::string type = way.sender;
  Receiver receiver(directory_, "receiver",
                    {.type = way.receiver, .bind = !way.binds, .endpoint = endpoint});
  if (!way.binds) receiver.start();
  Rsyslogd daemon(directory_,
                  configuration().omzmq(fmt::format(R"(endpoints="{}{}" sockType="{}")",
                                                    way.binds ? "@" : ">", endpoint, type)));
  daemon.start();
  if (way.binds) receiver.start();
  ASSERT_TRUE(receiver.wait_connected());
  if (type == "PUB") {
    ASSERT_TRUE(wait_subscribed(daemon, receiver));
  }

  const std::size_t part = type == "DEALER" ? 1 : 0;  // ROUTER puts the peer's identity in front
  constexpr unsigned kCount = 5000;
  Injector(daemon.input()).numbered(0, kCount, 100);
  EXPECT_TRUE(wait_for_numbered(receiver, kCount, part));
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(are_numbered_in_order(only_numbered(receiver.payloads(part)), kCount, 100));
  EXPECT_EQ(receiver.messages().back().size(), part + 1);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, Delivery,
    testing::Values(Way{"PUSH", "PULL", false, true}, Way{"PUSH", "PULL", false, false},
                    Way{"PUSH", "PULL", true, true}, Way{"PUSH", "PULL", true, false},
                    Way{"PUB", "SUB", false, true}, Way{"PUB", "SUB", false, false},
                    Way{"PUB", "SUB", true, true}, Way{"PUB", "SUB", true, false},
                    Way{"DEALER", "ROUTER", false, true}, Way{"DEALER", "ROUTER", false, false},
                    Way{"DEALER", "ROUTER", true, true}, Way{"DEALER", "ROUTER", true, false}),
    name_of);

class Push : public SystemTest {
 protected:
  static constexpr unsigned kCount = 100000;

  void deliver_with(int workers, const std::string& parameters) {
    const std::string endpoint = free_tcp_endpoint();
    Receiver receiver(directory_, "receiver", {.endpoint = endpoint});
    receiver.start();
    Rsyslogd daemon(directory_, configuration().workers(workers).omzmq(fmt::format(
                                    R"(endpoints="{}" sockType="PUSH" statsName="push" {})",
                                    endpoint, parameters)));
    daemon.start();
    Injector(daemon.input()).numbered(0, kCount, 200);
    const auto received = [&] { return split_lines(receiver.payloads()); };
    EXPECT_TRUE(wait_until([&] { return received().size() >= kCount; }));
    const Statistics counters = statistics("push");
    EXPECT_TRUE(counters.wait_for("sent.messages", kCount));
    EXPECT_TRUE(counters.wait_for_report());
    EXPECT_EQ(counters.value("submitted"), kCount);
    EXPECT_EQ(counters.value("sent.messages"), kCount);
    EXPECT_EQ(counters.value("sent.frames"), static_cast<std::int64_t>(receiver.count()));
    EXPECT_EQ(counters.value("lane.bytes"), 0);
    EXPECT_EQ(stopped(daemon), "exit 0");
    if (workers == 1) {
      EXPECT_TRUE(are_numbered_in_order(received(), kCount, 200));
    } else {
      EXPECT_TRUE(are_numbered(received(), kCount, 200));
    }
  }
};

TEST_F(Push, DeliversAHundredThousandMessagesInOrderFromOneWorker) { deliver_with(1, ""); }

TEST_F(Push, DeliversAHundredThousandMessagesOnceFromFourWorkers) { deliver_with(4, ""); }

TEST_F(Push, DeliversAHundredThousandLinesInOrderFromOneWorker) {
  deliver_with(1, R"(format="lines")");
}

TEST_F(Push, DeliversAHundredThousandLinesOnceFromFourWorkers) {
  deliver_with(4, R"(format="lines")");
}

TEST_F(Push, KeepsTheOrderThroughASmallLane) {
  deliver_with(1, R"(handoff.size="64k" handoff.timeout="60000")");
}

TEST_F(Push, SharesTheMessagesAmongSeveralReceivers) {
  std::vector<std::string> endpoints;
  std::vector<std::unique_ptr<Receiver>> receivers;
  for (int i = 0; i < 3; ++i) {
    endpoints.push_back(free_tcp_endpoint());
    receivers.push_back(std::make_unique<Receiver>(
        directory_, fmt::format("receiver{}", i), Receiver::Options{.endpoint = endpoints.back()}));
    receivers.back()->start();
  }
  Rsyslogd daemon(directory_, configuration().omzmq(
                                  fmt::format(R"(endpoints=["{}", "{}", "{}"] sockType="PUSH")",
                                              endpoints[0], endpoints[1], endpoints[2])));
  daemon.start();
  for (auto& receiver : receivers) ASSERT_TRUE(receiver->wait_connected());
  constexpr unsigned kFew = 10000;
  Injector(daemon.input()).numbered(0, kFew);
  std::vector<std::string> all;
  EXPECT_TRUE(wait_until([&] {
    all.clear();
    for (auto& receiver : receivers) {
      const auto some = receiver->payloads();
      all.insert(all.end(), some.begin(), some.end());
    }
    return all.size() >= kFew;
  }));
  EXPECT_TRUE(are_numbered(all, kFew));
  for (auto& receiver : receivers) {
    EXPECT_GT(receiver->count(), 0U);
    EXPECT_TRUE(are_rising(receiver->payloads()));
  }
}

TEST_F(Push, TakesEndpointsInOneStringWithCommas) {
  const std::string first = free_tcp_endpoint();
  const std::string second = free_tcp_endpoint();
  Receiver one(directory_, "one", {.bind = false, .endpoint = first});
  Receiver two(directory_, "two", {.bind = false, .endpoint = second});
  Rsyslogd daemon(directory_, configuration().omzmq(fmt::format(
                                  R"(endpoints="@{},@{}" sockType="PUSH")", first, second)));
  daemon.start();
  one.start();
  two.start();
  EXPECT_TRUE(one.wait_connected());
  EXPECT_TRUE(two.wait_connected());
}

class Pub : public SystemTest {};

TEST_F(Pub, IsBoundBeforeTheFirstMessage) {
  const std::string endpoint = free_tcp_endpoint();
  Rsyslogd daemon(directory_,
                  configuration().omzmq(fmt::format(R"(endpoints="{}" sockType="PUB")", endpoint)));
  daemon.start();
  ZmtpPeer subscriber(port_of(endpoint), "SUB");
  subscriber.subscribe("");
  // The answer shows that the subscription, which went before, was read.
  subscriber.ping();
  ASSERT_TRUE(subscriber.wait_for_command("PONG"));
  constexpr unsigned kCount = 1000;
  Injector(daemon.input()).numbered(0, kCount);
  std::vector<std::string> payloads;
  while (payloads.size() < kCount) {
    const auto frame = subscriber.read();
    ASSERT_TRUE(frame) << "after " << payloads.size();
    if (!frame->command) payloads.push_back(frame->body);
  }
  EXPECT_TRUE(are_numbered_in_order(payloads, kCount));
}

TEST_F(Pub, GivesAHundredThousandMessagesToEachSubscriber) {
  const std::string endpoint = free_tcp_endpoint();
  Rsyslogd daemon(directory_,
                  configuration().omzmq(fmt::format(R"(endpoints="{}" sockType="PUB")", endpoint)));
  daemon.start();
  Receiver one(directory_, "one", {.type = "SUB", .bind = false, .endpoint = endpoint});
  Receiver two(directory_, "two", {.type = "SUB", .bind = false, .endpoint = endpoint});
  one.start();
  two.start();
  ASSERT_TRUE(wait_subscribed(daemon, one));
  ASSERT_TRUE(wait_subscribed(daemon, two));
  constexpr unsigned kCount = 100000;
  Injector(daemon.input()).numbered(0, kCount, 100);
  EXPECT_TRUE(wait_for_numbered(one, kCount));
  EXPECT_TRUE(wait_for_numbered(two, kCount));
  EXPECT_TRUE(are_numbered_in_order(only_numbered(one.payloads()), kCount, 100));
  EXPECT_TRUE(are_numbered_in_order(only_numbered(two.payloads()), kCount, 100));
}

}  // namespace
}  // namespace omzmq::test
