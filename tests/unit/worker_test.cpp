// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/worker.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "support/batch_builder.hpp"
#include "support/fake_sink.hpp"
#include "support/files.hpp"
#include "support/recording_host.hpp"
#include "support/wait.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::BatchBuilder;
using test::eventually;
using Status = Worker::Status;

// A worker at an action whose sender does not run until a test starts it: so nothing moves in the
// lane but what the test moves.
class WorkerTest : public testing::Test {
 protected:
  static constexpr std::size_t kLaneBytes = 64 * 1024;

  WorkerTest() {
    settings_.sock_type = SocketType::kPush;
    settings_.endpoints = {parse_endpoint("tcp://127.0.0.1:5555")};
    settings_.handoff_size = kLaneBytes;
    settings_.handoff_timeout = 0ms;
    settings_.close_timeout = 20000ms;
  }

  Worker& worker() {
    if (!worker_) {
      action_ = std::make_shared<Action>(settings_, host_.host(), [this](const Settings&) {
        return std::make_unique<test::FakeSink>(socket_);
      });
      action_->prepare();
      worker_ = std::make_unique<Worker>(action_);
    }
    return *worker_;
  }

  Status submit(const BatchBuilder& batch) {
    return worker().submit(batch.slices(), batch.count());
  }

  // Transactions of one message each until one is refused or dropped. Returns how many were taken.
  std::size_t fill() {
    const BatchBuilder batch{std::string(1000, 'f')};
    std::size_t n = 0;
    for (;; ++n) {
      const auto before = stats();
      if (submit(batch) == Status::kSuspended) break;
      if (stats().dropped_newest != before.dropped_newest) break;
    }
    return n;
  }

  StatsSnapshot stats() { return action_->stats(); }

  // Starts the sender, if it has not been, and waits until it has sent all there is.
  void send_all() {
    socket_.answer(SendResult::kSent);
    action_->start();
    // Between the lane and the socket a message is in a frame, which lane_bytes shows a moment
    // later.
    ASSERT_TRUE(eventually([&] {
      const auto seen = stats();
      const std::uint64_t gone = seen.sent_messages + seen.dropped_newest + seen.dropped_oldest;
      return seen.lane_bytes == 0 && gone + seen.dropped_dead >= seen.submitted;
    }));
  }

  test::RecordingHost host_;
  test::FakeSocket socket_;
  test::TemporaryDirectory directory_;
  Settings settings_;
  std::shared_ptr<Action> action_;
  std::unique_ptr<Worker> worker_;
};

TEST_F(WorkerTest, HandsTransactionsOverInOrder) {
  EXPECT_EQ(submit({"1", "2"}), Status::kTaken);
  EXPECT_EQ(submit({"3"}), Status::kTaken);
  EXPECT_EQ(stats().submitted, 3U);
  EXPECT_GT(stats().lane_bytes, 0U);
  send_all();
  EXPECT_EQ(socket_.bodies(), (std::vector<std::string>{"1", "2", "3"}));
  EXPECT_EQ(stats().submitted, stats().sent_messages);
}

TEST_F(WorkerTest, TakesATransactionOfNothing) {
  EXPECT_EQ(submit(BatchBuilder()), Status::kTaken);
  EXPECT_EQ(stats().submitted, 0U);
  EXPECT_EQ(stats().lane_bytes, 0U);
}

TEST_F(WorkerTest, CopiesWhatItIsGiven) {
  {
    const BatchBuilder batch{"short-lived"};
    EXPECT_EQ(submit(batch), Status::kTaken);
  }
  send_all();
  EXPECT_EQ(socket_.bodies(), std::vector<std::string>{"short-lived"});
}

TEST_F(WorkerTest, RefusesATransactionWholeWhenTheLaneIsFull) {
  worker();
  const std::size_t taken = fill();
  const auto before = stats();
  BatchBuilder two{std::string(1000, 'x'), std::string(1000, 'y')};
  EXPECT_EQ(submit(two), Status::kSuspended);
  EXPECT_EQ(stats().suspended, before.suspended + 1);
  EXPECT_EQ(stats().submitted, taken);
  EXPECT_EQ(stats().lane_bytes, before.lane_bytes);
  EXPECT_EQ(stats().dropped_newest, 0U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_WARNING, "lane is full"), 1U) << "rate-limited";
}

TEST_F(WorkerTest, DropsTheNewestAndCountsIt) {
  settings_.handoff_full = WhenFull::kDropNewest;
  worker();
  const std::size_t taken = fill();
  EXPECT_EQ(submit({std::string(1000, 'x'), std::string(1000, 'y')}), Status::kTaken);
  EXPECT_EQ(stats().dropped_newest, 3U);
  EXPECT_EQ(stats().suspended, 0U);
  EXPECT_EQ(stats().submitted, taken + 3);
  EXPECT_TRUE(worker().ready());
  send_all();
  EXPECT_EQ(stats().sent_messages, taken);
  EXPECT_EQ(stats().submitted, stats().sent_messages + stats().dropped_newest);
}

TEST_F(WorkerTest, HasTheOldestDroppedAndCounted) {
  settings_.handoff_full = WhenFull::kDropOldest;
  socket_.answer(SendResult::kWouldBlock);
  worker();
  action_->start();
  constexpr std::size_t kMessages = 500;
  for (std::size_t i = 0; i < kMessages; ++i)
    ASSERT_EQ(submit({std::to_string(i) + std::string(1000, ' ')}), Status::kTaken);
  EXPECT_EQ(stats().submitted, kMessages);
  EXPECT_EQ(stats().suspended, 0U);
  EXPECT_GT(stats().dropped_oldest, kMessages / 2);
  send_all();
  ASSERT_FALSE(socket_.bodies().empty());
  EXPECT_TRUE(socket_.bodies().back().starts_with("499 ") || stats().dropped_newest != 0);
  EXPECT_EQ(stats().submitted,
            stats().sent_messages + stats().dropped_oldest + stats().dropped_newest);
}

TEST_F(WorkerTest, WaitsOnceForEachStallThoughTheOldestIsDropped) {
  settings_.handoff_full = WhenFull::kDropOldest;
  settings_.handoff_timeout = 20ms;
  socket_.answer(SendResult::kWouldBlock);
  worker();
  action_->start();
  // A wait for each of the hundreds that do not fit would take seconds.
  for (int i = 0; i < 500; ++i) ASSERT_EQ(submit({std::string(1000, 'x')}), Status::kTaken);
  EXPECT_GT(stats().dropped_oldest, 100U);
  EXPECT_LT(stats().waited_us, 100U * 20'000U);
  send_all();
}

TEST_F(WorkerTest, DropsTheNewestWhenNobodyIsThereToDropTheOldest) {
  settings_.handoff_full = WhenFull::kDropOldest;
  worker();
  const std::size_t taken = fill();  // the sender has not been started
  EXPECT_EQ(stats().dropped_newest, 1U);
  EXPECT_EQ(stats().submitted, taken + 1);
}

TEST_F(WorkerTest, PassesATransactionLargerThanTheLaneWhenTheLaneIsEmpty) {
  const std::string large(3 * kLaneBytes, 'L');
  EXPECT_EQ(submit({large, "and another"}), Status::kTaken);
  EXPECT_GE(stats().lane_bytes, large.size());
  send_all();
  EXPECT_EQ(socket_.bodies(), (std::vector<std::string>{large, "and another"}));
}

TEST_F(WorkerTest, RefusesATransactionLargerThanTheLaneUntilTheLaneIsEmpty) {
  EXPECT_EQ(submit({"small"}), Status::kTaken);
  const BatchBuilder large{std::string(3 * kLaneBytes, 'L')};
  EXPECT_EQ(submit(large), Status::kSuspended);
  EXPECT_FALSE(worker().ready());
  send_all();
  EXPECT_TRUE(worker().ready());
  EXPECT_EQ(submit(large), Status::kTaken);
  send_all();
}

TEST_F(WorkerTest, FreesALargeTransactionThatIsNeverSent) {
  EXPECT_EQ(submit({std::string(3 * kLaneBytes, 'L')}), Status::kTaken);
}

TEST_F(WorkerTest, WaitsForRoomThatComes) {
  settings_.handoff_timeout = 60000ms;
  socket_.answer(SendResult::kWouldBlock);
  worker();
  const BatchBuilder batch{std::string(1000, 'f')};
  std::size_t taken = 0;
  for (; stats().lane_bytes + 2100 < kLaneBytes; ++taken) ASSERT_EQ(submit(batch), Status::kTaken);
  std::jthread opener([&] {
    // Once the worker waits: it has asked for room by then, or will see the room at once.
    socket_.answer(SendResult::kSent);
    action_->start();
  });
  for (int i = 0; i < 200; ++i, ++taken) ASSERT_EQ(submit(batch), Status::kTaken);
  opener.join();
  send_all();
  EXPECT_EQ(stats().suspended, 0U);
  EXPECT_EQ(stats().sent_messages, taken);
}

TEST_F(WorkerTest, WaitsOnceForEachStall) {
  settings_.handoff_timeout = 20ms;
  worker();
  fill();
  const auto waited = stats().waited_us;
  EXPECT_GE(waited, 20000U);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(submit({std::string(1000, 'x')}), Status::kSuspended);
  EXPECT_EQ(stats().waited_us, waited) << "the sender has not moved";
}

TEST_F(WorkerTest, DoesNotWaitAgainInAStallAfterADeadMessage) {
  settings_.handoff_timeout = 20ms;
  settings_.max_message_size = 2000;
  worker();
  fill();
  const auto waited = stats().waited_us;
  EXPECT_EQ(submit({std::string(2001, 'd')}), Status::kTaken);
  EXPECT_EQ(submit({std::string(1000, 'x')}), Status::kSuspended);
  EXPECT_EQ(stats().waited_us, waited) << "the sender has not moved";
}

TEST_F(WorkerTest, DoesNotWaitAgainInAStallAfterASmallTransactionThatFits) {
  settings_.handoff_timeout = 20ms;
  worker();
  const BatchBuilder large{std::string(40000, 'x')};
  EXPECT_EQ(submit(large), Status::kTaken);
  EXPECT_EQ(submit(large), Status::kSuspended);
  const auto waited = stats().waited_us;
  EXPECT_EQ(submit({"fits"}), Status::kTaken);
  EXPECT_EQ(submit(large), Status::kSuspended);
  EXPECT_EQ(stats().waited_us, waited) << "the sender has not moved";
}

TEST_F(WorkerTest, IsReadyWhenWhatWasRefusedWouldBeTaken) {
  EXPECT_TRUE(worker().ready());
  fill();
  EXPECT_FALSE(worker().ready());
  send_all();
  EXPECT_TRUE(worker().ready());
  EXPECT_EQ(submit({std::string(1000, 'x')}), Status::kTaken);
}

TEST_F(WorkerTest, IsNotReadyAfterADeadMessageInAFullLane) {
  settings_.max_message_size = 2000;
  worker();
  fill();
  EXPECT_FALSE(worker().ready());
  EXPECT_EQ(submit({std::string(2001, 'd')}), Status::kTaken);
  EXPECT_EQ(submit({std::string(1000, 'x')}), Status::kSuspended);
  EXPECT_EQ(submit({std::string(2001, 'd')}), Status::kTaken);
  EXPECT_FALSE(worker().ready()) << "what was refused last would be refused again";
}

TEST_F(WorkerTest, IsPacedWhileTheDaemonStops) {
  settings_.has_own_queue = true;
  worker();
  fill();
  const auto waited = stats().waited_us;
  host_.stop();
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(submit({std::string(1000, 'x')}), Status::kSuspended);
    EXPECT_GE(stats().waited_us, waited + static_cast<std::uint64_t>(i) * 45000U);
  }
}

TEST_F(WorkerTest, CutsItsWaitShortWhenTheDaemonStops) {
  settings_.has_own_queue = true;
  settings_.handoff_timeout = 60000ms;
  worker();
  host_.stop();
  fill();  // ends: or else this test times out
  EXPECT_LT(stats().waited_us, 30U * 1000 * 1000);
}

class DeadMessages : public WorkerTest {
 protected:
  DeadMessages() {
    settings_.max_message_size = 2000;
    settings_.dead_letter_file = path_;
  }
  std::size_t buried() {
    return std::filesystem::exists(path_) ? test::lines_of(test::read_file(path_)).size() : 0;
  }
  const std::string path_ = directory_.file("dead.json");
  const std::string dead_ = std::string(2001, 'd');
};

TEST_F(DeadMessages, AreWrittenAndCountedAndTheRestIsSent) {
  EXPECT_EQ(submit({"1", dead_, "2", std::string(2000, 'e'), dead_}), Status::kTaken);
  EXPECT_EQ(stats().submitted, 5U);
  EXPECT_EQ(stats().dropped_dead, 2U);
  EXPECT_EQ(buried(), 2U);
  send_all();
  EXPECT_EQ(socket_.bodies(), (std::vector<std::string>{"1", "2", std::string(2000, 'e')}));
  EXPECT_EQ(stats().submitted, stats().sent_messages + stats().dropped_dead);
}

TEST_F(DeadMessages, AloneTakeNoRoom) {
  worker();
  fill();
  EXPECT_EQ(submit({dead_, dead_}), Status::kTaken);
  EXPECT_EQ(stats().dropped_dead, 2U);
  EXPECT_EQ(buried(), 2U);
}

TEST_F(DeadMessages, OfARefusedTransactionAreWrittenOnceWhenItIsTaken) {
  worker();
  fill();
  const BatchBuilder batch{std::string(1000, 'x'), dead_};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(submit(batch), Status::kSuspended);
  EXPECT_EQ(stats().dropped_dead, 0U);
  EXPECT_EQ(buried(), 0U);
  send_all();
  EXPECT_EQ(submit(batch), Status::kTaken);
  EXPECT_EQ(stats().dropped_dead, 1U);
  EXPECT_EQ(buried(), 1U);
}

TEST_F(DeadMessages, OfADroppedTransactionAreCountedAsDead) {
  settings_.handoff_full = WhenFull::kDropNewest;
  worker();
  const std::size_t taken = fill();
  EXPECT_EQ(submit({std::string(1000, 'x'), dead_}), Status::kTaken);
  EXPECT_EQ(stats().dropped_newest, 2U);
  EXPECT_EQ(stats().dropped_dead, 1U);
  EXPECT_EQ(stats().submitted, taken + 3);
  EXPECT_EQ(buried(), 1U);
}

TEST_F(DeadMessages, AreMeasuredAgainstTheLimitExactly) {
  EXPECT_EQ(submit({std::string(2000, 'e')}), Status::kTaken);
  EXPECT_EQ(stats().dropped_dead, 0U);
  EXPECT_EQ(submit({std::string(2001, 'e')}), Status::kTaken);
  EXPECT_EQ(stats().dropped_dead, 1U);
}

}  // namespace
}  // namespace omzmq
