// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/action.hpp"
#include "core/worker.hpp"
#include "counting_sink.hpp"
#include "stress.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kThreads = 4;
constexpr auto kPatience = 60s;  // for what takes moments
constexpr std::size_t kMaxMessage = 600;

/// What the workers did, all of them together.
struct Submissions {
  std::atomic<std::uint64_t> workers{0};
  std::atomic<std::uint64_t> messages{0};  ///< that rsyslog would have been told OK for
  std::atomic<std::uint64_t> dead{0};      ///< of these, longer than maxMessageSize
};

Settings make_settings(WhenFull when_full, Format format) {
  Settings settings;
  settings.endpoints.push_back(parse_endpoint("tcp://127.0.0.1:1"));  // nobody connects to it
  settings.sock_type = SocketType::kPush;
  settings.format = format;
  settings.batch_max_bytes = 4096;
  settings.handoff_size = 16 * 1024;
  settings.handoff_timeout = 1ms;
  settings.handoff_full = when_full;
  settings.max_message_size = kMaxMessage;
  return settings;
}

class ActionStress : public testing::TestWithParam<std::tuple<WhenFull, Format>> {
 protected:
  static void log(omzmq_severity /*severity*/, const char* /*text*/) {}
  static bool stopping() { return false; }

  std::shared_ptr<Action> start_action(const Settings& settings) {
    const omzmq_host host{log, stopping, true};
    auto action = std::make_shared<Action>(settings, host, [=, this](const Settings& s) {
      return std::make_unique<stress::CountingSink>(arrivals_, s.format, run_.random(99));
    });
    action->start();
    return action;
  }

  /// One worker from its coming to its going. Messages that are too long get no number: they are
  /// not to arrive.
  void live_once(const std::shared_ptr<Action>& action, std::mt19937& random) {
    Worker worker(action);
    const std::uint64_t id = submissions_.workers++;
    std::uint64_t number = 0;
    for (auto n = random() % 200; n > 0; --n) {
      std::vector<std::string> payloads;
      std::uint64_t dead = 0;
      const auto count = random() % 256 == 0 ? 300 : 1 + random() % 24;
      for (std::uint64_t i = 0; i < count; ++i) {
        if (random() % 64 == 0) {
          payloads.emplace_back(kMaxMessage + 1, 'x');
          ++dead;
        } else {
          payloads.push_back(stress::make_payload(id, number++, random() % 400));
        }
      }
      submit(worker, payloads);
      submissions_.messages += payloads.size();
      submissions_.dead += dead;
      stress::pause_at_random(random);
    }
  }

  /// As rsyslog does: what is refused is given again until it is taken.
  static void submit(Worker& worker, const std::vector<std::string>& payloads) {
    std::vector<omzmq_slice> slices;
    for (const std::string& payload : payloads) {
      const auto size = static_cast<std::uint32_t>(payload.size());
      slices.push_back({reinterpret_cast<const unsigned char*>(payload.data()), size, size});
    }
    const auto end = Clock::now() + kPatience;
    while (worker.submit(slices.data(), slices.size()) == Worker::Status::kSuspended) {
      while (!worker.ready() && Clock::now() < end) std::this_thread::yield();
      ASSERT_LT(Clock::now(), end) << "a worker was refused for ever";
    }
  }

  const stress::Run run_;
  Submissions submissions_;
  stress::Arrivals arrivals_;  // before what writes it
};

TEST_P(ActionStress, EveryMessageIsSentOnceAndInOrderOrCountedAsDropped) {
  const auto [when_full, format] = GetParam();
  const auto action = start_action(make_settings(when_full, format));
  std::atomic<bool> done{false};
  std::jthread observer([&, random = run_.random(98)]() mutable {
    std::uint64_t submitted = 0;
    while (!done) {
      const auto stats = action->stats();
      EXPECT_GE(stats.submitted, submitted) << "a counter went back";
      submitted = stats.submitted;
      stress::pause_at_random(random);
    }
  });
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, random = run_.random(i)]() mutable {
        while (run_.goes_on()) live_once(action, random);
      });
    }
  }
  done = true;
  observer.join();
  const auto settled = [](const StatsSnapshot& s) {
    return s.sent_messages + s.dropped_newest + s.dropped_oldest + s.dropped_dead;
  };
  const auto end = Clock::now() + kPatience;
  while (settled(action->stats()) != submissions_.messages && Clock::now() < end) {
    std::this_thread::sleep_for(1ms);
  }
  action->request_stop();
  action->join();
  const auto stats = action->stats();
  EXPECT_EQ(stats.submitted, submissions_.messages);
  EXPECT_EQ(settled(stats), stats.submitted);
  EXPECT_EQ(stats.dropped_dead, submissions_.dead);
  EXPECT_EQ(stats.sent_messages, arrivals_.messages);
  EXPECT_EQ(stats.sent_frames, arrivals_.frames);
  EXPECT_EQ(stats.sent_bytes, arrivals_.bytes);
  EXPECT_EQ(stats.lane_bytes, 0U);
  EXPECT_LE(arrivals_.skipped, stats.dropped_newest + stats.dropped_oldest);
  if (when_full == WhenFull::kSuspend) {
    EXPECT_EQ(stats.dropped_newest + stats.dropped_oldest, 0U);
    EXPECT_EQ(arrivals_.skipped, 0U);
  }
  if (when_full != WhenFull::kDropOldest) {
    EXPECT_EQ(stats.dropped_oldest, 0U);
  }
  std::printf("%llu messages of %llu workers; dropped newest %llu, oldest %llu; suspended %llu\n",
              static_cast<unsigned long long>(stats.submitted),
              static_cast<unsigned long long>(submissions_.workers.load()),
              static_cast<unsigned long long>(stats.dropped_newest),
              static_cast<unsigned long long>(stats.dropped_oldest),
              static_cast<unsigned long long>(stats.suspended));
}

std::string name_of(const testing::TestParamInfo<std::tuple<WhenFull, Format>>& test) {
  std::string name;
  switch (std::get<WhenFull>(test.param)) {
    case WhenFull::kSuspend:
      name = "Suspend";
      break;
    case WhenFull::kDropNewest:
      name = "DropNewest";
      break;
    case WhenFull::kDropOldest:
      name = "DropOldest";
      break;
  }
  return name + (std::get<Format>(test.param) == Format::kRaw ? "Raw" : "Lines");
}

INSTANTIATE_TEST_SUITE_P(EachPolicy, ActionStress,
                         testing::Combine(testing::Values(WhenFull::kSuspend, WhenFull::kDropNewest,
                                                          WhenFull::kDropOldest),
                                          testing::Values(Format::kRaw, Format::kLines)),
                         name_of);

}  // namespace
}  // namespace omzmq
