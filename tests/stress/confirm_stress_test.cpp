// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "answering_sink.hpp"
#include "core/action.hpp"
#include "core/spool_file.hpp"
#include "core/worker.hpp"
#include "stress.hpp"

// Workers that wait until what they handed over is confirmed, against a sink and receivers that do
// all that can go wrong.

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using stress::Ledger;

constexpr std::size_t kThreads = 4;
constexpr auto kPatience = 60s;  // for what takes moments

struct Way {
  const char* name;
  Confirm confirm;
  Format format;
};

std::atomic<bool> daemon_stops{false};

class ConfirmStress : public testing::TestWithParam<Way> {
 protected:
  ConfirmStress() { daemon_stops = false; }

  ~ConfirmStress() override {
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }

  static Settings make_settings() {
    Settings settings;
    settings.endpoints.push_back(parse_endpoint("tcp://127.0.0.1:1"));  // nobody connects to it
    settings.confirm = GetParam().confirm;
    settings.format = GetParam().format;
    settings.sock_type =
        settings.confirm == Confirm::kAcked ? SocketType::kDealer : SocketType::kPush;
    settings.batch_max_bytes = 4096;
    settings.ack_timeout = 20ms;  // less than validate() cares about, and than some answers take
    settings.ack_window = 8;
    settings.handoff_size = 16 * 1024;
    settings.handoff_timeout = 1ms;
    return settings;
  }

  std::string spool_file() {
    if (directory_.empty()) {
      directory_ = std::filesystem::temp_directory_path() / "omzmq-stress-XXXXXX";
      if (::mkdtemp(directory_.data()) == nullptr) throw std::runtime_error("no directory");
    }
    return directory_ + "/spool";
  }

  std::shared_ptr<Action> start_action(const Settings& settings) {
    const omzmq_host host{[](omzmq_severity, const char*) {}, [] { return daemon_stops.load(); },
                          true};
    auto action = std::make_shared<Action>(settings, host, [=, this](const Settings& s) {
      return std::make_unique<stress::AnsweringSink>(ledger_, is_stuck_, s.confirm, s.format,
                                                     run_.random(99));
    });
    action->start();
    return action;
  }

  // What one worker has been told OK for.
  struct Promise {
    std::uint64_t worker;
    std::uint64_t messages;
  };

  // One worker from its coming to its going.
  void live_once(const std::shared_ptr<Action>& action, std::mt19937& random) {
    Promise promise{workers_++, 0};
    {
      Worker worker(action);
      int stopped = 0;
      for (auto n = random() % 50; n > 0; --n) {
        const auto count = random() % 256 == 0 ? 300 : 1 + random() % 24;
        if (!submit(worker, promise, count, random)) break;
        // The daemon may have stopped while it waited: then the sender answers for the rest.
        if (!ledger_.are_confirmed(promise.worker, promise.messages, count) && !daemon_stops) {
          ADD_FAILURE() << "OK for what is not confirmed";
        }
        promise.messages += count;
        if (daemon_stops && ++stopped == 3) break;  // rsyslog goes on for a while
        stress::pause_at_random(random);
      }
    }
    const std::lock_guard lock(mutex_);
    promises_.push_back(promise);
  }

  // As rsyslog does: what is refused is given again until it is taken, or the daemon stops.
  static bool submit(Worker& worker, const Promise& promise, std::uint64_t count,
                     std::mt19937& random) {
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < count; ++i)
      texts.push_back(Ledger::text(promise.worker, promise.messages + i, random() % 400));
    std::vector<omzmq_slice> slices;
    for (const std::string& text : texts) {
      const auto size = static_cast<std::uint32_t>(text.size());
      slices.push_back({reinterpret_cast<const unsigned char*>(text.data()), size, size});
    }
    const auto end = Clock::now() + kPatience;
    while (worker.submit(slices.data(), slices.size()) == Worker::Status::kSuspended) {
      while (!worker.ready() && Clock::now() < end) std::this_thread::yield();
      if (Clock::now() >= end) {
        ADD_FAILURE() << "a worker was refused for ever";
        return false;
      }
    }
    return true;
  }

  template <typename GoesOn>
  std::vector<std::jthread> start_workers(const std::shared_ptr<Action>& action, GoesOn goes_on) {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([=, this, random = run_.random(i)]() mutable {
        while (goes_on()) live_once(action, random);
      });
    }
    return threads;
  }

  [[nodiscard]] std::uint64_t promised() const {
    std::uint64_t messages = 0;
    for (const Promise& promise : promises_) messages += promise.messages;
    return messages;
  }

  const stress::Run run_;
  Ledger ledger_;
  std::atomic<bool> is_stuck_{false};
  std::atomic<std::uint64_t> workers_{0};
  std::mutex mutex_;
  std::vector<Promise> promises_;  ///< guarded by mutex_ while there are workers
  std::string directory_;
};

TEST_P(ConfirmStress, NoWorkerIsToldOkBeforeItsMessagesAreConfirmed) {
  const auto action = start_action(make_settings());
  start_workers(action, [this] { return run_.goes_on(); }).clear();
  action->request_stop();
  action->join();
  const auto stats = action->stats();
  for (const Promise& promise : promises_)
    EXPECT_TRUE(ledger_.are_confirmed(promise.worker, 0, promise.messages));
  EXPECT_EQ(stats.submitted, promised());
  EXPECT_EQ(stats.sent_messages, promised());
  EXPECT_EQ(stats.lane_bytes, 0U);
  if (GetParam().confirm == Confirm::kAcked) {
    EXPECT_EQ(stats.acked, promised());
  } else {
    EXPECT_EQ(ledger_.repeated(), 0U);
    EXPECT_EQ(stats.resent + stats.acked + stats.acks_ignored, 0U);
  }
  std::printf("%llu messages of %llu workers; resent %llu, acks ignored %llu\n",
              static_cast<unsigned long long>(stats.submitted),
              static_cast<unsigned long long>(workers_.load()),
              static_cast<unsigned long long>(stats.resent),
              static_cast<unsigned long long>(stats.acks_ignored));
}

TEST_P(ConfirmStress, WhatIsNotConfirmedAtTheStopIsInTheSpoolFile) {
  Settings settings = make_settings();
  settings.spool_file = spool_file();
  std::uint64_t spooled = 0;
  for (std::uint64_t round = 0; run_.goes_on(); ++round) {
    daemon_stops = false;
    is_stuck_ = false;
    settings.close_timeout = round % 2 == 0 ? 0ms : 3ms;
    const auto action = start_action(settings);
    auto random = run_.random(1000 + round);
    std::atomic<bool> goes_on{true};
    auto threads = start_workers(action, [&goes_on] { return goes_on.load(); });
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 20'000));
    is_stuck_ = round % 3 != 0;
    stress::pause_at_random(random);
    daemon_stops = true;
    goes_on = false;
    threads.clear();
    action->request_stop();
    action->join();
    spooled += action->stats().spooled;
    // The next round sends what is in the file; what is in it now is as good as confirmed.
    if (std::filesystem::exists(settings.spool_file)) {
      SpoolReader reader(settings.spool_file);
      while (const auto frame = reader.next())
        ledger_.confirm_frame(frame->body.view(), settings.format);
      EXPECT_FALSE(reader.damage().any());
    }
    for (const Promise& promise : promises_) {
      ASSERT_TRUE(ledger_.are_confirmed(promise.worker, 0, promise.messages))
          << "lost: some of " << promise.messages << " in round " << round;
    }
    promises_.clear();
  }
  std::printf("%llu workers; spooled %llu\n", static_cast<unsigned long long>(workers_.load()),
              static_cast<unsigned long long>(spooled));
}

std::string name_of(const testing::TestParamInfo<Way>& tested) { return tested.param.name; }

INSTANTIATE_TEST_SUITE_P(EachWay, ConfirmStress,
                         testing::Values(Way{"SentRaw", Confirm::kSent, Format::kRaw},
                                         Way{"SentPacked", Confirm::kSent, Format::kPacked},
                                         Way{"AckedPacked", Confirm::kAcked, Format::kPacked}),
                         name_of);

}  // namespace
}  // namespace omzmq
