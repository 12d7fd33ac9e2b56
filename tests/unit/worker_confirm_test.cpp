// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/worker.hpp"
#include "support/batch_builder.hpp"
#include "support/batches.hpp"
#include "support/fake_sink.hpp"
#include "support/files.hpp"
#include "support/recording_host.hpp"
#include "support/wait.hpp"

// Workers that wait until what they handed over is confirmed, and workers while the daemon stops.

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::BatchBuilder;
using test::eventually;
using Status = Worker::Status;
using Strings = std::vector<std::string>;

class ConfirmingWorker : public testing::Test {
 protected:
  static constexpr std::size_t kLaneBytes = 64 * 1024;

  explicit ConfirmingWorker(Confirm confirm = Confirm::kSent) {
    settings_.endpoints = {parse_endpoint("tcp://127.0.0.1:5555")};
    settings_.sock_type = confirm == Confirm::kAcked ? SocketType::kDealer : SocketType::kPush;
    settings_.format = confirm == Confirm::kAcked ? Format::kPacked : Format::kRaw;
    settings_.confirm = confirm;
    settings_.beat_interval = 0ms;
    settings_.handoff_size = kLaneBytes;
    settings_.handoff_timeout = 0ms;
    settings_.close_timeout = 0ms;
  }

  ~ConfirmingWorker() override { host_.stop(); }

  Action& action() {
    if (!action_) {
      action_ = std::make_shared<Action>(settings_, host(), [this](const Settings&) {
        return std::make_unique<test::FakeSink>(socket_);
      });
      action_->prepare();
    }
    return *action_;
  }

  omzmq_host host() const {
    omzmq_host host = host_.host();
    host.keeps_refused = keeps_refused_;
    return host;
  }

  std::unique_ptr<Worker> make_worker() {
    action();
    return std::make_unique<Worker>(action_);
  }

  // A worker on its way through one submit(), which has to end with kTaken.
  struct Submission {
    std::atomic<bool> is_over{false};
    std::jthread thread;
  };

  std::unique_ptr<Submission> submit_aside(Worker& worker, Strings payloads) {
    auto submission = std::make_unique<Submission>();
    submission->thread =
        std::jthread([&worker, payloads = std::move(payloads), &its = *submission] {
          BatchBuilder batch;
          for (const std::string& payload : payloads) batch.add({payload});
          EXPECT_EQ(worker.submit(batch.slices(), batch.count()), Status::kTaken);
          its.is_over = true;
        });
    return submission;
  }

  static Status submit(Worker& worker, const BatchBuilder& batch) {
    return worker.submit(batch.slices(), batch.count());
  }

  StatsSnapshot stats() { return action().stats(); }

  test::RecordingHost host_;
  test::FakeSocket socket_;
  test::TemporaryDirectory directory_;
  Settings settings_;
  bool keeps_refused_ = true;
  std::shared_ptr<Action> action_;
};

TEST_F(ConfirmingWorker, WaitsUntilAllOfItsTransactionIsSent) {
  socket_.answer(SendResult::kWouldBlock);
  action().start();
  const auto worker = make_worker();
  const auto submission = submit_aside(*worker, {"a", "b", "c"});
  ASSERT_TRUE(eventually([&] { return stats().submitted == 3; }));
  socket_.answer_next(SendResult::kSent, 2);
  socket_.answer_next(SendResult::kWouldBlock);
  ASSERT_TRUE(eventually([&] { return socket_.bodies().size() >= 2; }));
  std::this_thread::sleep_for(20ms);  // time enough to be wrong in
  EXPECT_EQ(socket_.bodies().size(), 2U);
  EXPECT_FALSE(submission->is_over);
  socket_.answer(SendResult::kSent);
  ASSERT_TRUE(eventually([&] { return submission->is_over.load(); }));
  EXPECT_EQ(socket_.bodies(), (Strings{"a", "b", "c"}));
  EXPECT_GT(stats().waited_us, 0U);
}

TEST_F(ConfirmingWorker, ReturnsFromEachOfManyTransactions) {
  action().start();
  const auto worker = make_worker();
  for (std::size_t i = 1; i <= 2000; ++i) {
    ASSERT_EQ(submit(*worker, {"a", "b"}), Status::kTaken);
    ASSERT_EQ(socket_.bodies().size(), 2 * i) << "returned before it was sent";
  }
}

TEST_F(ConfirmingWorker, WaitsForABlockThatIsLargerThanItsLane) {
  action().start();
  const auto worker = make_worker();
  const std::string large(3 * kLaneBytes, 'L');
  EXPECT_EQ(submit(*worker, {large, "b"}), Status::kTaken);
  EXPECT_EQ(socket_.bodies(), (Strings{large, "b"}));
}

TEST_F(ConfirmingWorker, WaitsForNothingWhereNothingIsToBeSent) {
  settings_.max_message_size = 1000;
  const auto worker = make_worker();  // there is no sender that could confirm anything
  EXPECT_EQ(submit(*worker, BatchBuilder()), Status::kTaken);
  EXPECT_EQ(submit(*worker, {std::string(1001, 'd')}), Status::kTaken);
  EXPECT_EQ(stats().dropped_dead, 1U);
}

TEST_F(ConfirmingWorker, LetsTheOthersGoOn) {
  settings_.batch_max_messages = 1;
  action().start();
  std::vector<std::jthread> threads;
  threads.reserve(4);
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this] {
      const auto worker = std::make_unique<Worker>(action_);
      for (int n = 0; n < 200; ++n) {
        if (submit(*worker, {"x"}) != Status::kTaken) ADD_FAILURE() << "refused";
      }
    });
  }
  threads.clear();
  EXPECT_EQ(socket_.bodies().size(), 800U);
  EXPECT_TRUE(eventually([&] { return stats().lane_bytes == 0; }));
}

TEST_F(ConfirmingWorker, WaitsThroughABrokenSocket) {
  action().start();
  const auto worker = make_worker();
  socket_.fail_to_open(1);
  socket_.answer_next(SendResult::kBroken);
  EXPECT_EQ(submit(*worker, {"a"}), Status::kTaken);
  EXPECT_EQ(socket_.bodies(), Strings{"a"});
}

TEST_F(ConfirmingWorker, ReturnsWhenTheDaemonStopsAndTheSenderAnswersForTheRest) {
  settings_.spool_file = directory_.file("spool");
  socket_.answer(SendResult::kWouldBlock);
  action().start();
  auto worker = make_worker();
  const auto submission = submit_aside(*worker, {"a", "b"});
  ASSERT_TRUE(eventually([&] { return stats().submitted == 2; }));
  EXPECT_FALSE(submission->is_over);
  host_.stop();
  ASSERT_TRUE(eventually([&] { return submission->is_over.load(); }));
  worker.reset();
  action().request_stop();
  action().join();
  EXPECT_EQ(stats().spooled, 2U);
  EXPECT_TRUE(std::filesystem::exists(settings_.spool_file));
  // The next run.
  host_.stop(false);
  socket_.answer(SendResult::kSent);
  action_.reset();
  action().start();
  EXPECT_TRUE(eventually([&] { return stats().replayed == 2; }));
  EXPECT_TRUE(eventually([&] { return !std::filesystem::exists(settings_.spool_file); }));
  EXPECT_EQ(socket_.bodies(), (Strings{"a", "b"}));
}

TEST_F(ConfirmingWorker, IsRefusedNothingAtTheStopWithASpoolFile) {
  settings_.spool_file = directory_.file("spool");
  host_.stop();
  const auto worker = make_worker();  // the sender has not been started: nothing moves
  // It waits for each of them for a while: so there are few, and they are large.
  for (int i = 0; i < 7; ++i)
    ASSERT_EQ(submit(*worker, {std::string(30'000, 'x')}), Status::kTaken);
  EXPECT_EQ(stats().submitted, 7U);
  EXPECT_EQ(stats().suspended, 0U);
  EXPECT_GT(stats().lane_bytes, 3 * kLaneBytes) << "more than a lane holds";
}

class AckedWorker : public ConfirmingWorker {
 protected:
  AckedWorker() : ConfirmingWorker(Confirm::kAcked) {}
};

TEST_F(AckedWorker, WaitsForTheAcknowledgement) {
  action().start();
  const auto worker = make_worker();
  const auto submission = submit_aside(*worker, {"a", "b"});
  ASSERT_TRUE(eventually([&] { return socket_.bodies().size() == 1; }));
  std::this_thread::sleep_for(20ms);  // time enough to be wrong in
  EXPECT_FALSE(submission->is_over);
  socket_.deliver(test::bytes_of(test::ack_for(socket_.bodies().front())));
  ASSERT_TRUE(eventually([&] { return submission->is_over.load(); }));
  EXPECT_EQ(stats().acked, 2U);
}

TEST_F(AckedWorker, ReturnsAfterTheBatchWentOutAgain) {
  settings_.ack_timeout = 100ms;
  action().start();
  const auto worker = make_worker();
  const auto submission = submit_aside(*worker, {"a"});
  ASSERT_TRUE(eventually([&] { return socket_.bodies().size() >= 3; }));
  EXPECT_FALSE(submission->is_over);
  socket_.deliver(test::bytes_of(test::ack_for(socket_.bodies().front())));
  ASSERT_TRUE(eventually([&] { return submission->is_over.load(); }));
}

// What the daemon does with a refusal at the stop decides, with confirm="handoff" too.
class StoppingWorker : public ConfirmingWorker {
 protected:
  StoppingWorker() : ConfirmingWorker(Confirm::kHandoff) { settings_.close_timeout = 20000ms; }

  // Fills the lane of a worker whose sender does not run, then stops the daemon.
  std::unique_ptr<Worker> make_full_worker() {
    auto worker = make_worker();
    while (submit(*worker, {std::to_string(++filled_) + std::string(1000, ' ')}) == Status::kTaken)
      ;
    --filled_;
    host_.stop();
    return worker;
  }

  int filled_ = 0;
};

TEST_F(StoppingWorker, IsRefusedWhereTheDaemonKeepsWhatIsRefused) {
  settings_.has_own_queue = true;
  const auto worker = make_full_worker();
  EXPECT_EQ(submit(*worker, {std::string(1000, 'x')}), Status::kSuspended);
}

TEST_F(StoppingWorker, IsTakenWhereTheDaemonWouldLoseIt) {
  keeps_refused_ = false;
  const auto worker = make_full_worker();
  EXPECT_EQ(submit(*worker, {std::string(1000, 'x')}), Status::kTaken);
}

TEST_F(StoppingWorker, IsTakenWithASpoolFile) {
  settings_.spool_file = directory_.file("spool");
  const auto worker = make_full_worker();
  EXPECT_EQ(submit(*worker, {std::string(1000, 'x')}), Status::kTaken);
}

TEST_F(StoppingWorker, IsTakenWithWhatIsLargerThanALane) {
  keeps_refused_ = false;
  const auto worker = make_full_worker();
  EXPECT_EQ(submit(*worker, {std::string(3 * kLaneBytes, 'x')}), Status::kTaken);
}

TEST_F(StoppingWorker, IsGivenTimeToFindRoomFirst) {
  keeps_refused_ = false;
  const auto worker = make_full_worker();
  const auto waited = stats().waited_us;
  EXPECT_EQ(submit(*worker, {std::string(1000, 'x')}), Status::kTaken);
  EXPECT_GE(stats().waited_us, waited + 45'000);
}

TEST_F(StoppingWorker, KeepsItsOrderThoughItChangedItsLane) {
  keeps_refused_ = false;
  const auto worker = make_full_worker();
  for (int i = 0; i < 150; ++i) {
    ++filled_;
    ASSERT_EQ(submit(*worker, {std::to_string(filled_) + std::string(1000, ' ')}), Status::kTaken);
  }
  action().start();
  action().request_stop();
  action().join();
  const Strings bodies = socket_.bodies();
  ASSERT_EQ(bodies.size(), static_cast<std::size_t>(filled_));
  for (int i = 0; i < filled_; ++i) {
    ASSERT_EQ(std::stoi(bodies[static_cast<std::size_t>(i)]), i + 1);
  }
  EXPECT_EQ(stats().submitted, static_cast<std::uint64_t>(filled_));
  EXPECT_EQ(stats().lane_bytes, 0U);
}

TEST_F(StoppingWorker, DropsWhatItWouldDropAnyway) {
  settings_.handoff_full = WhenFull::kDropNewest;
  keeps_refused_ = false;
  const auto worker = make_worker();
  while (stats().dropped_newest == 0)
    ASSERT_EQ(submit(*worker, {std::string(1000, 'x')}), Status::kTaken);
  host_.stop();
  EXPECT_EQ(submit(*worker, {std::string(1000, 'x')}), Status::kTaken);
  EXPECT_EQ(stats().dropped_newest, 2U);
}

}  // namespace
}  // namespace omzmq
