// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// A receiver that stands still (SIGSTOP) for a while, under load, and goes on.
#include <thread>

#include "fault_test.hpp"

namespace omzmq::test {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;

constexpr unsigned kPerSecond = 100000;
constexpr std::size_t kSize = 200;

class StoppedReceiver : public FaultTest {
 protected:
  // Under load the receiver gets something, stands still, and goes on; it gets all of it, in time.
  void expect_that_nothing_is_lost(const Way& way, const std::string& parameters) {
    TappedReceiver receiver = this->receiver(way);
    receiver.start();
    start(with_faulty(way, parameters));
    const auto length = fault_length(20s);
    Load load(daemon_->input(), {.per_second = kPerSecond, .size = kSize});
    EXPECT_TRUE(receiver.wait_for(1000));
    receiver.pause();
    std::this_thread::sleep_for(length);
    receiver.resume();
    EXPECT_TRUE(receiver.wait_for(load.injected()));
    const unsigned count = load.stop();
    EXPECT_TRUE(receiver.wait_for_all(count, 2 * default_bound()))
        << count_numbers(receiver.numbers(), count);
    EXPECT_TRUE(wait_until_neighbour_has(count));
    EXPECT_EQ(stopped(*daemon_), "exit 0");
    std::cout << count_numbers(receiver.numbers(), count) << '\n';
    EXPECT_TRUE(is_everything_once(receiver.numbers(), count));
    EXPECT_EQ(receiver.stop(), 0) << receiver.errors();
  }
};

TEST_F(StoppedReceiver, OfAPushLosesNothingWithADiskAssistedQueue) {
  expect_that_nothing_is_lost(kHandoff, kDiskAssistedQueue);
}

// A batch of it may come again, when ack.timeout is over, and is dropped by zmqtap, which
// remembers.
TEST_F(StoppedReceiver, ThatAcknowledgesLosesNothing) {
  expect_that_nothing_is_lost(kAcked, R"(ack.timeout="1000" )"s + kMemoryQueue);
}

// The load goes no faster than the healthy subscriber, so that a busy machine makes no gap.
TEST_F(StoppedReceiver, OfAPubKnowsItsGapExactlyAndTheOthersHaveNone) {
  constexpr unsigned kAhead = 50000;  // messages; some 10 MB, in frames of 64 KiB
  constexpr Way kSub{"handoff", "PUB", "--sub"};
  TappedReceiver healthy(directory_, "healthy",
                         {.source = "--sub",
                          .endpoint = endpoint_,
                          .bind = false,
                          .arguments = {"-X", "rcvhwm=0", "-X", "reconnect_ivl=20"}});
  TappedReceiver still(directory_, "still",
                       {.source = "--sub",
                        .endpoint = endpoint_,
                        .bind = false,
                        .arguments = {"-X", "rcvhwm=8", "-X", "rcvbuf=65536"}});
  start(with_faulty(kSub,
                    R"(waitForPeers="2" batch.linger="20" sendBuffer="64k" beat.interval="200")"));
  healthy.start();
  still.start();
  const auto length = fault_length(20s);
  Load load(daemon_->input(), {.per_second = kPerSecond, .count = kAhead, .size = kSize});
  EXPECT_TRUE(still.wait_for(kAhead)) << still.errors();
  still.pause();
  const auto end = std::chrono::steady_clock::now() + length;
  while (std::chrono::steady_clock::now() < end) {
    load.raise_count(healthy.different() + kAhead);
    std::this_thread::sleep_for(5ms);
  }
  const unsigned count = load.stop();
  still.resume();
  EXPECT_TRUE(healthy.wait_for_all(count)) << count_numbers(healthy.numbers(), count);
  std::optional<TapSummary> told;
  EXPECT_TRUE(wait_until([&] {
    told = still.summary();
    return told && told->missing + still.numbers().size() == count;
  })) << count_numbers(still.numbers(), count)
      << '\n'
      << still.errors();
  const Counts counts = count_numbers(still.numbers(), count);
  std::cout << "the stopped one: " << counts << '\n';
  ASSERT_TRUE(told.has_value());
  EXPECT_GT(told->missing, 0U);
  EXPECT_EQ(told->missing, counts.missing);
  EXPECT_EQ(told->duplicates, 0U);
  EXPECT_TRUE(is_everything_once(healthy.numbers(), count));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(healthy.stop(), 0) << healthy.errors();
  EXPECT_EQ(still.stop(), 4) << still.errors();  // messages are missing
}

}  // namespace
}  // namespace omzmq::test
