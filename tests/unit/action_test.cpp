// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/action.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/worker.hpp"
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

class ActionTest : public testing::Test {
 protected:
  ActionTest() {
    settings_.sock_type = SocketType::kPush;
    settings_.endpoints = {parse_endpoint("tcp://127.0.0.1:5555")};
    settings_.handoff_size = 64 * 1024;
    settings_.close_timeout = 0ms;
  }

  std::shared_ptr<Action> make_action() {
    auto action = std::make_shared<Action>(settings_, host_.host(), [this](const Settings&) {
      ++sinks_;
      return std::make_unique<test::FakeSink>(socket_);
    });
    action->prepare();
    return action;
  }

  static bool submit(Worker& worker, const BatchBuilder& batch) {
    return worker.submit(batch.slices(), batch.count()) == Worker::Status::kTaken;
  }

  static auto soon() { return Clock::now() + test::kPatience; }

  test::RecordingHost host_;
  test::FakeSocket socket_;
  std::atomic<int> sinks_{0};
  Settings settings_;
};

TEST_F(ActionTest, TellsItsNameAndItsTemplates) {
  settings_.sock_type = SocketType::kPub;
  settings_.topics = {"t1", "t2"};
  settings_.dyna_topic = true;
  settings_.action_name = "to hub";
  const auto action = make_action();
  EXPECT_EQ(action->name(), "to hub");
  EXPECT_EQ(action->slices_each(), 3U);
  EXPECT_EQ(action->templates(), (std::vector<std::string>{"RSYSLOG_ForwardFormat", "t1", "t2"}));
}

TEST_F(ActionTest, MakesNoSinkBeforeItStarts) {
  const auto action = make_action();
  Worker worker(action);
  EXPECT_TRUE(submit(worker, {"1"}));
  EXPECT_EQ(sinks_, 0);
}

TEST_F(ActionTest, HasTriedToOpenOnceItSaysSo) {
  const auto action = make_action();
  action->start();
  action->wait_until_opened(soon());
  EXPECT_EQ(socket_.tries(), 1U);
  EXPECT_TRUE(socket_.is_open());
}

TEST_F(ActionTest, HasTriedToOpenThoughItFailed) {
  socket_.fail_to_open(1000000);
  const auto action = make_action();
  action->start();
  action->wait_until_opened(soon());
  EXPECT_GE(socket_.tries(), 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "cannot bind"), 1U);
}

TEST_F(ActionTest, WaitsNoLongerThanTheDeadlineForAnActionThatWasNotStarted) {
  const auto action = make_action();
  action->wait_until_opened(Clock::now() + 1ms);
}

TEST_F(ActionTest, StartsOnce) {
  const auto action = make_action();
  action->start();
  action->start();
  action->wait_until_opened(soon());
  action->request_stop();
  action->join();
  EXPECT_EQ(sinks_, 1);
}

TEST_F(ActionTest, StaysStoppedWhenItWasStoppedBeforeItStarted) {
  const auto action = make_action();
  action->request_stop();
  action->start();
  action->request_stop();
  action->join();
  EXPECT_EQ(socket_.opens(), 0U) << "nobody has this action any more";
}

TEST_F(ActionTest, SendsWhatWorkersGive) {
  settings_.action_name = "to hub";
  const auto action = make_action();
  action->start();
  constexpr std::size_t kWorkers = 3;
  constexpr std::size_t kEach = 1000;
  settings_.handoff_timeout = 60000ms;
  {
    std::vector<std::jthread> threads;
    for (std::size_t w = 0; w < kWorkers; ++w) {
      threads.emplace_back([&, w] {
        Worker worker(action);
        for (std::size_t i = 0; i < kEach;) {
          const BatchBuilder batch{std::to_string(w) + ' ' + std::to_string(i)};
          if (submit(worker, batch)) ++i;
        }
      });
    }
  }
  EXPECT_TRUE(eventually([&] { return action->stats().sent_messages == kWorkers * kEach; }));
  std::vector<std::size_t> next(kWorkers, 0);
  for (const std::string& body : socket_.bodies()) {
    const auto worker = static_cast<std::size_t>(body.front() - '0');
    EXPECT_EQ(body, std::to_string(worker) + ' ' + std::to_string(next[worker]++));
  }
  const auto stats = action->stats();
  EXPECT_EQ(stats.submitted, kWorkers * kEach) << "also of workers that left";
  EXPECT_EQ(stats.sent_frames, kWorkers * kEach);
  EXPECT_EQ(stats.lane_bytes, 0U);
  EXPECT_GT(stats.lane_peak, 0U);
}

TEST_F(ActionTest, SendsOnWhileItStops) {
  settings_.close_timeout = 60000ms;
  socket_.answer(SendResult::kWouldBlock);
  const auto action = make_action();
  Worker worker(action);
  action->start();
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(submit(worker, {"m"}));
  action->request_stop();
  socket_.answer(SendResult::kSent);
  action->join();
  EXPECT_EQ(socket_.sent().size(), 20U);
  EXPECT_FALSE(socket_.is_open());
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR), 0U);
}

TEST_F(ActionTest, SendsOnNoLongerThanCloseTimeoutWhileItStops) {
  settings_.close_timeout = 1ms;
  socket_.on_send([] { std::this_thread::sleep_for(50us); });  // takes everything, slowly
  const auto action = make_action();
  Worker worker(action);
  constexpr std::size_t kMessages = 20000;
  BatchBuilder batch;
  for (std::size_t i = 0; i < kMessages; ++i) batch.add({"m"});
  EXPECT_TRUE(submit(worker, batch));
  action->start();
  action->request_stop();
  action->join();
  EXPECT_LT(socket_.sent().size(), kMessages) << "that took a second at least";
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "messages unsent"), 1U);
}

TEST_F(ActionTest, SaysInOneLineWhatItLeaves) {
  settings_.action_name = "to hub";
  socket_.answer(SendResult::kWouldBlock);
  const auto action = make_action();
  Worker worker(action);
  EXPECT_TRUE(submit(worker, {"1", "2", "3"}));
  action->start();
  action->request_stop();
  action->join();
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "omzmq[to hub]: stopped with 3 messages unsent"), 1U);
  EXPECT_EQ(host_.lines().size(), 1U);
}

TEST_F(ActionTest, StopsWhileItsSocketCannotBeOpened) {
  socket_.fail_to_open(1000000);
  const auto action = make_action();
  action->start();
  action->wait_until_opened(soon());
  action->request_stop();
  action->join();
  EXPECT_EQ(socket_.opens(), 0U);
}

TEST_F(ActionTest, IsOutlivedByItsWorkers) {
  auto action = make_action();
  const std::weak_ptr<Action> watched = action;
  auto worker = std::make_unique<Worker>(action);
  action->start();
  action->request_stop();
  action->join();
  action.reset();
  EXPECT_FALSE(watched.expired());
  EXPECT_TRUE(submit(*worker, {"late"}));
  EXPECT_TRUE(worker->ready());
  worker.reset();
  EXPECT_TRUE(watched.expired());
}

TEST_F(ActionTest, StopsWhenItsLastHandleGoes) {
  auto action = make_action();
  action->start();
  action->wait_until_opened(soon());
  action.reset();
  EXPECT_FALSE(socket_.is_open());
  EXPECT_EQ(socket_.closes(), 1U);
}

TEST_F(ActionTest, DoesNotStartWithoutASink) {
  Action action(settings_, host_.host(), [](const Settings&) -> std::unique_ptr<FrameSink> {
    throw std::runtime_error("no memory left");
  });
  EXPECT_THROW(action.start(), std::runtime_error);
  action.wait_until_opened(soon());
  action.request_stop();
  action.join();
}

TEST_F(ActionTest, HasNoLanesBeforeItStarts) {
  // What is opened while the configuration is read is closed when the daemon forks.
  const auto action = std::make_shared<Action>(settings_, host_.host(), [this](const Settings&) {
    return std::make_unique<test::FakeSink>(socket_);
  });
  EXPECT_THROW(Worker worker(action), std::logic_error);
  EXPECT_EQ(action->stats().submitted, 0U);
}

TEST_F(ActionTest, OpensItsFilesAnew) {
  const test::TemporaryDirectory directory;
  settings_.dead_letter_file = directory.file("dead.json");
  settings_.max_message_size = 1024;
  const auto action = make_action();
  Worker worker(action);
  EXPECT_TRUE(submit(worker, {std::string(1025, 'd')}));
  std::filesystem::rename(settings_.dead_letter_file, directory.file("old.json"));
  action->reopen_files();
  EXPECT_TRUE(submit(worker, {std::string(1025, 'd')}));
  EXPECT_TRUE(std::filesystem::exists(settings_.dead_letter_file));
}

}  // namespace
}  // namespace omzmq
