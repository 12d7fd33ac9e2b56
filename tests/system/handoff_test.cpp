// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// A lane that is full: what handoff.full does then, and what the counters say.

#include <memory>

#include "system_test.hpp"

namespace omzmq::test {
namespace {

constexpr unsigned kCount = 10000;
constexpr std::size_t kSize = 256;  // with it, all messages are forty times as large as the lane

class Handoff : public SystemTest {
 protected:
  Handoff() : endpoint_(free_tcp_endpoint()) {}

  Configuration with(const std::string& parameters) const {
    return configuration().omzmq(
        fmt::format(R"(endpoints="{}" sockType="PUSH" statsName="push" handoff.size="64k" {})",
                    endpoint_, parameters));
  }

  std::int64_t counter(const std::string& name) const {
    return statistics("push").value(name).value_or(-1);
  }
  void expect_a_balance() const {
    EXPECT_TRUE(statistics("push").wait_for_report());
    EXPECT_EQ(counter("submitted"), counter("sent.messages") + counter("dropped.newest") +
                                        counter("dropped.oldest") + counter("dropped.dead"));
    EXPECT_EQ(counter("lane.bytes"), 0);
  }
  std::unique_ptr<Receiver> start_receiver() const {
    auto receiver = std::make_unique<Receiver>(directory_, "receiver",
                                               Receiver::Options{.endpoint = endpoint_});
    receiver->start();
    return receiver;
  }

  std::string endpoint_;
};

TEST_F(Handoff, SuspendGivesEverythingToALateReceiver) {
  Rsyslogd daemon(directory_, with(R"(handoff.full="suspend" handoff.timeout="10"
    queue.type="LinkedList" queue.size="100000" action.resumeRetryCount="-1"
    action.resumeInterval="1")"));
  daemon.start();
  Injector(daemon.input()).numbered(0, kCount, kSize);
  EXPECT_TRUE(statistics("push").wait_for("suspended", 1));
  EXPECT_GT(counter("lane.bytes"), 0);
  EXPECT_EQ(counter("sent.messages"), 0);

  const auto receiver = start_receiver();
  EXPECT_TRUE(receiver->wait_for(kCount));
  EXPECT_TRUE(statistics("push").wait_for("sent.messages", kCount));
  expect_a_balance();
  EXPECT_EQ(counter("submitted"), kCount);
  EXPECT_EQ(counter("dropped.newest") + counter("dropped.oldest"), 0);
  EXPECT_GT(counter("waited.us"), 0);
  EXPECT_GT(counter("lane.peak"), 0);
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(are_numbered(receiver->payloads(), kCount, kSize));
}

TEST_F(Handoff, DropNewestKeepsTheFirstMessagesAndCountsTheRest) {
  Rsyslogd daemon(directory_, with(R"(handoff.full="dropNewest" handoff.timeout="0")"));
  daemon.start();
  Injector(daemon.input()).numbered(0, kCount, kSize);
  EXPECT_TRUE(statistics("push").wait_for("submitted", kCount));
  EXPECT_TRUE(statistics("push").wait_for_report());
  const auto dropped = counter("dropped.newest");
  EXPECT_GT(dropped, 0);
  EXPECT_EQ(counter("submitted"), kCount);
  EXPECT_EQ(counter("suspended"), 0);

  const auto receiver = start_receiver();
  EXPECT_TRUE(receiver->wait_for(kCount - static_cast<std::size_t>(dropped)));
  EXPECT_TRUE(statistics("push").wait_for("sent.messages", kCount - dropped));
  expect_a_balance();
  EXPECT_EQ(counter("dropped.newest"), dropped);
  EXPECT_EQ(stopped(daemon), "exit 0");
  const auto payloads = receiver->payloads();
  ASSERT_EQ(payloads.size(), static_cast<std::size_t>(kCount - dropped));
  EXPECT_TRUE(are_rising(payloads));
  EXPECT_EQ(payloads.front(), numbered_line(0, kSize));
}

TEST_F(Handoff, DropOldestKeepsTheLastMessagesAndCountsTheRest) {
  Rsyslogd daemon(directory_, with(R"(handoff.full="dropOldest" handoff.timeout="0")"));
  daemon.start();
  Injector(daemon.input()).numbered(0, kCount, kSize);
  EXPECT_TRUE(statistics("push").wait_for("submitted", kCount));
  EXPECT_TRUE(statistics("push").wait_for_report());
  EXPECT_GT(counter("dropped.oldest"), 0);
  EXPECT_EQ(counter("dropped.newest"), 0);
  EXPECT_EQ(counter("submitted"), kCount);

  const auto receiver = start_receiver();
  EXPECT_TRUE(wait_until([&] {
    const auto payloads = receiver->payloads();
    return !payloads.empty() && payloads.back() == numbered_line(kCount - 1, kSize);
  }));
  expect_a_balance();
  EXPECT_EQ(static_cast<std::int64_t>(receiver->count()), counter("sent.messages"));
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(are_rising(receiver->payloads()));
}

TEST_F(Handoff, DropsNothingWhileThereIsRoom) {
  const auto receiver = start_receiver();
  Rsyslogd daemon(directory_, with(R"(handoff.full="dropNewest" handoff.timeout="60000")"));
  daemon.start();
  Injector(daemon.input()).numbered(0, kCount, kSize);
  EXPECT_TRUE(receiver->wait_for(kCount));
  expect_a_balance();
  EXPECT_EQ(counter("sent.messages"), kCount);
  EXPECT_EQ(counter("sent.bytes"), static_cast<std::int64_t>(kCount * kSize));
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(are_numbered_in_order(receiver->payloads(), kCount, kSize));
}

TEST_F(Handoff, TakesOmczmqsNameForTheTimeout) {
  Rsyslogd daemon(directory_, with(R"(handoff.full="dropNewest" sendTimeout="0")"));
  daemon.start();
  Injector(daemon.input()).numbered(0, kCount, kSize);
  EXPECT_TRUE(statistics("push").wait_for("submitted", kCount));
  EXPECT_EQ(counter("waited.us"), 0);
}

// A batch of 1024 messages with a kilobyte each is sixteen times as large as the lane.
TEST_F(Handoff, LetsABatchThroughThatIsLargerThanTheLane) {
  Rsyslogd daemon(directory_, with(R"(handoff.full="suspend" queue.type="LinkedList"
    queue.size="100000" queue.dequeueBatchSize="1024" queue.minDequeueBatchSize="1024"
    action.resumeRetryCount="-1" action.resumeInterval="1")"));
  daemon.start();
  const auto receiver = start_receiver();
  constexpr unsigned kFew = 4096;
  Injector(daemon.input()).numbered(0, kFew, 1024);
  EXPECT_TRUE(receiver->wait_for(kFew));
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(are_numbered(receiver->payloads(), kFew, 1024));
}

// An action without a receiver must not hold up its neighbours (goals F2 and F3).
class Neighbours : public SystemTest {
 protected:
  static constexpr unsigned kMany = 100000;

  static std::string dead(const std::string& parameters) {
    return fmt::format(R"(endpoints="{}" sockType="PUSH" statsName="dead" handoff.size="64k" {})",
                       free_tcp_endpoint(), parameters);
  }
  void expect_that_neighbours_get_everything(const std::string& dead_parameters) {
    const std::string endpoint = free_tcp_endpoint();
    const std::string file = directory_.file("neighbour");
    Receiver receiver(directory_, "receiver", {.endpoint = endpoint});
    receiver.start();
    Rsyslogd daemon(directory_,
                    configuration()
                        .top("template(name=\"line\" type=\"string\" string=\"%rawmsg%\\n\")")
                        .omzmq(dead(dead_parameters))
                        .omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH")", endpoint))
                        .action(omfile(file, "line")));
    daemon.start();
    Injector(daemon.input()).numbered(0, kMany);
    EXPECT_TRUE(receiver.wait_for(kMany));
    const std::size_t size = kMany * (numbered_line(0).size() + 1);
    EXPECT_TRUE(wait_until([&] { return read_file(file).size() >= size; }));
    EXPECT_TRUE(are_numbered_in_order(receiver.payloads(), kMany));
    auto lines = split_lines({read_file(file)});
    lines.pop_back();  // nothing follows the last LF
    EXPECT_TRUE(are_numbered_in_order(lines, kMany));
    EXPECT_EQ(statistics("dead").value("sent.messages").value_or(0), 0);
  }
};

TEST_F(Neighbours, GetEverythingBesideADeadActionThatDropsNewest) {
  expect_that_neighbours_get_everything(R"(handoff.full="dropNewest" handoff.timeout="0")");
}

TEST_F(Neighbours, GetEverythingBesideADeadActionThatDropsOldest) {
  expect_that_neighbours_get_everything(R"(handoff.full="dropOldest" handoff.timeout="0")");
}

TEST_F(Neighbours, GetEverythingBesideADeadActionThatSuspendsBehindItsOwnQueue) {
  expect_that_neighbours_get_everything(R"(handoff.full="suspend" queue.type="LinkedList"
    queue.size="10000" queue.timeoutEnqueue="0" action.resumeRetryCount="-1"
    action.resumeInterval="1")");
}

}  // namespace
}  // namespace omzmq::test
