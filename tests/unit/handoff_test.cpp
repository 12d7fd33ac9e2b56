// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/handoff.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <tuple>

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLaneBytes = 1024;
/// The sleeps here ought to end at once; ctest ends one that does not.
constexpr auto kForEver = Clock::time_point::max();

/// What a worker does: a transaction of `ring_bytes`, its length included, and the wake-up.
void publish(Handoff& handoff, Lane& lane, std::size_t ring_bytes) {
  const std::size_t bytes = ring_bytes - Lane::kWord;
  std::byte* const room = lane.try_reserve(bytes);
  ASSERT_NE(room, nullptr);
  std::memset(room, 'x', bytes);
  lane.publish();
  handoff.wake_sender_for(lane.used_bytes());
}

void leave(Handoff& handoff, Lane& lane) {
  lane.retire();
  handoff.wake_sender();
}

std::size_t read_all(Handoff& handoff) {
  std::size_t transactions = 0;
  for (const auto& lane : handoff.lanes()) {
    for (; !lane->front().empty(); lane->release()) ++transactions;
  }
  return transactions;
}

/// A handoff, and whether its sender's next sleep would end at once: its only descriptor is the one
/// that the sender polls.
struct WatchedHandoff {
  // The lowest number that is free is the one the handoff will get.
  const int fd = [] {
    const int lowest = ::dup(STDERR_FILENO);
    ::close(lowest);
    return lowest;
  }();
  Handoff handoff{kLaneBytes};

  [[nodiscard]] bool is_woken() const {
    pollfd ready{fd, POLLIN, 0};
    return ::poll(&ready, 1, 0) == 1;
  }

  /// A lane that the sender knows; the wake-up of its opening is used up.
  std::shared_ptr<Lane> open_known_lane() {
    auto lane = handoff.open_lane();
    handoff.sleep(kForEver, -1);
    static_cast<void>(handoff.lanes());
    return lane;
  }
};

TEST(Handoff, HasNoLanesAtFirst) {
  Handoff handoff(kLaneBytes);
  EXPECT_TRUE(handoff.lanes().empty());
}

TEST(Handoff, ShowsTheSenderEachLaneThatIsOpened) {
  WatchedHandoff watched;
  const auto first = watched.handoff.open_lane();
  ASSERT_EQ(watched.handoff.lanes().size(), 1U);
  EXPECT_EQ(watched.handoff.lanes()[0], first);
  const auto second = watched.handoff.open_lane();
  ASSERT_EQ(watched.handoff.lanes().size(), 2U);
  EXPECT_EQ(watched.handoff.lanes()[1], second);
  EXPECT_TRUE(watched.is_woken());
}

TEST(Handoff, GivesLanesOfTheSizeAskedFor) {
  Handoff handoff(kLaneBytes);
  const auto lane = handoff.open_lane();
  EXPECT_FALSE(lane->is_too_large(kLaneBytes - Lane::kWord));
  EXPECT_TRUE(lane->is_too_large(kLaneBytes - Lane::kWord + 1));
}

TEST(Handoff, DropsALaneThatIsRetiredAndEmpty) {
  Handoff handoff(kLaneBytes);
  const auto lane = handoff.open_lane();
  const auto other = handoff.open_lane();
  ASSERT_EQ(handoff.lanes().size(), 2U);
  leave(handoff, *lane);
  ASSERT_EQ(handoff.lanes().size(), 1U);
  EXPECT_EQ(handoff.lanes()[0], other);
  EXPECT_EQ(lane.use_count(), 1) << "the handoff holds it no more";
}

TEST(Handoff, KeepsARetiredLaneUntilItIsRead) {
  Handoff handoff(kLaneBytes);
  const auto lane = handoff.open_lane();
  publish(handoff, *lane, 64);
  publish(handoff, *lane, 64);
  leave(handoff, *lane);
  ASSERT_EQ(handoff.lanes().size(), 1U);
  lane->release();
  ASSERT_EQ(handoff.lanes().size(), 1U);
  lane->release();
  EXPECT_TRUE(handoff.lanes().empty());
}

TEST(Handoff, GivesAWorkerThatComesTheLaneThatAnotherLeftFull) {
  Handoff handoff(kLaneBytes);
  const auto lane = handoff.open_lane();
  publish(handoff, *lane, 64);
  leave(handoff, *lane);
  EXPECT_NE(handoff.open_empty_lane(), lane);
  EXPECT_EQ(handoff.open_lane(), lane);
  EXPECT_NE(handoff.open_lane(), lane) << "one writer each";
  EXPECT_FALSE(lane->is_retired());
  publish(handoff, *lane, 64);
  EXPECT_EQ(read_all(handoff), 2U);
  EXPECT_EQ(handoff.lanes().size(), 3U);
}

TEST(Handoff, SeesALaneThatCameAndWentUnseen) {
  Handoff handoff(kLaneBytes);
  static_cast<void>(handoff.lanes());
  auto lane = handoff.open_lane();
  publish(handoff, *lane, 64);
  leave(handoff, *lane);
  lane.reset();
  EXPECT_EQ(read_all(handoff), 1U);
  EXPECT_TRUE(handoff.lanes().empty());
}

void count(Lane& lane, std::uint64_t n) {
  lane.stats.submitted.add(n);
  lane.stats.dropped_newest.add(2 * n);
  lane.stats.dropped_dead.add(3 * n);
  lane.stats.suspended.add(4 * n);
  lane.stats.waited_us.add(5 * n);
}

void expect_counts(const Handoff& handoff, std::uint64_t n) {
  StatsSnapshot stats;
  handoff.collect(stats);
  EXPECT_EQ(stats.submitted, n);
  EXPECT_EQ(stats.dropped_newest, 2 * n);
  EXPECT_EQ(stats.dropped_dead, 3 * n);
  EXPECT_EQ(stats.suspended, 4 * n);
  EXPECT_EQ(stats.waited_us, 5 * n);
}

TEST(Handoff, KeepsTheCountsOfLanesThatLeft) {
  Handoff handoff(kLaneBytes);
  auto first = handoff.open_lane();
  const auto second = handoff.open_lane();
  count(*first, 100);
  count(*second, 10);
  expect_counts(handoff, 110);
  ASSERT_EQ(handoff.lanes().size(), 2U);
  leave(handoff, *first);
  first.reset();
  expect_counts(handoff, 110);
  ASSERT_EQ(handoff.lanes().size(), 1U);
  expect_counts(handoff, 110);
  count(*second, 1);
  expect_counts(handoff, 111);
  leave(handoff, *second);
  ASSERT_TRUE(handoff.lanes().empty());
  expect_counts(handoff, 111);
}

TEST(Handoff, CollectsWhatLanesHoldAndTheHighestPeakOfAnyLane) {
  Handoff handoff(kLaneBytes);
  const auto first = handoff.open_lane();
  const auto second = handoff.open_lane();
  publish(handoff, *first, 108);
  publish(handoff, *second, 58);
  StatsSnapshot stats;
  stats.lane_bytes = 12345;  // is replaced
  handoff.collect(stats);
  EXPECT_EQ(stats.lane_bytes, 150U);
  EXPECT_EQ(stats.lane_peak, 100U);
  leave(handoff, *first);
  EXPECT_EQ(read_all(handoff), 2U);
  ASSERT_EQ(handoff.lanes().size(), 1U);
  handoff.collect(stats);
  EXPECT_EQ(stats.lane_bytes, 0U);
  EXPECT_EQ(stats.lane_peak, 100U) << "of a lane that left";
}

TEST(Handoff, WakesNobodyWhoIsAwake) {
  WatchedHandoff watched;
  const auto lane = watched.open_known_lane();
  publish(watched.handoff, *lane, 512);
  EXPECT_FALSE(watched.is_woken());
}

TEST(Handoff, WakesTheSenderAtItsThresholdAndNotBelow) {
  WatchedHandoff watched;
  const auto lane = watched.open_known_lane();
  ASSERT_TRUE(watched.handoff.begin_sleep(256));
  publish(watched.handoff, *lane, 128);
  publish(watched.handoff, *lane, 120);
  EXPECT_FALSE(watched.is_woken()) << "248 of 256 bytes";
  publish(watched.handoff, *lane, 16);
  EXPECT_TRUE(watched.is_woken()) << "264 of 256 bytes";
  watched.handoff.sleep(kForEver, -1);
  EXPECT_EQ(read_all(watched.handoff), 3U);
}

TEST(Handoff, WakesAtExactlyTheThreshold) {
  WatchedHandoff watched;
  const auto lane = watched.open_known_lane();
  ASSERT_TRUE(watched.handoff.begin_sleep(256));
  publish(watched.handoff, *lane, 256);
  EXPECT_TRUE(watched.is_woken());
}

TEST(Handoff, CountsEachLaneAloneAgainstTheThreshold) {
  WatchedHandoff watched;
  const auto first = watched.open_known_lane();
  const auto second = watched.open_known_lane();
  ASSERT_TRUE(watched.handoff.begin_sleep(256));
  publish(watched.handoff, *first, 248);
  publish(watched.handoff, *second, 248);
  EXPECT_FALSE(watched.is_woken());
}

TEST(Handoff, MakesOneSystemCallForOneSleep) {
  WatchedHandoff watched;
  const auto lane = watched.open_known_lane();
  ASSERT_TRUE(watched.handoff.begin_sleep(1));
  publish(watched.handoff, *lane, 64);
  ASSERT_TRUE(watched.is_woken());
  std::uint64_t notified = 0;
  publish(watched.handoff, *lane, 64);
  publish(watched.handoff, *lane, 64);
  ASSERT_EQ(::read(watched.fd, &notified, sizeof notified), ssize_t{sizeof notified});
  EXPECT_EQ(notified, 1U);
}

TEST(Handoff, IsNotWokenByPublishingWhenTheThresholdIsNever) {
  WatchedHandoff watched;
  const auto lane = watched.open_known_lane();
  publish(watched.handoff, *lane, 512);
  ASSERT_TRUE(watched.handoff.begin_sleep(Handoff::kNever));
  publish(watched.handoff, *lane, 512);
  EXPECT_FALSE(watched.is_woken());
  watched.handoff.wake_sender();
  EXPECT_TRUE(watched.is_woken());
  watched.handoff.sleep(kForEver, -1);
}

TEST(Handoff, IsAwakeAgainWhenASleepEndedOrWasGivenUp) {
  WatchedHandoff watched;
  const auto lane = watched.open_known_lane();
  ASSERT_TRUE(watched.handoff.begin_sleep(1));
  watched.handoff.end_sleep();
  publish(watched.handoff, *lane, 64);
  EXPECT_FALSE(watched.is_woken()) << "given up by end_sleep()";
  ASSERT_FALSE(watched.handoff.begin_sleep(64));
  publish(watched.handoff, *lane, 64);
  EXPECT_FALSE(watched.is_woken()) << "refused by begin_sleep()";
  ASSERT_EQ(read_all(watched.handoff), 2U);
  ASSERT_TRUE(watched.handoff.begin_sleep(1));
  watched.handoff.sleep(Clock::now(), -1);
  publish(watched.handoff, *lane, 64);
  EXPECT_FALSE(watched.is_woken()) << "ended by its deadline";
}

TEST(Handoff, SleepsNotBeyondItsDeadline) {
  Handoff handoff(kLaneBytes);
  const auto deadline = Clock::now() + 2ms;
  ASSERT_TRUE(handoff.begin_sleep(1));
  handoff.sleep(deadline, -1);
  EXPECT_GE(Clock::now(), deadline) << "nobody woke it earlier";
}

TEST(Handoff, SleepsNotWhileTheDescriptorIsReadable) {
  Handoff handoff(kLaneBytes);
  EventFd socket;
  socket.notify();
  ASSERT_TRUE(handoff.begin_sleep(1));
  handoff.sleep(kForEver, socket.fd());
  SUCCEED();
}

TEST(Handoff, TakesALateWakeUpForNoMoreThanALook) {
  WatchedHandoff watched;
  const auto lane = watched.open_known_lane();
  ASSERT_TRUE(watched.handoff.begin_sleep(1));
  publish(watched.handoff, *lane, 64);
  // The sender woke for another reason and has read everything; the wake-up is still there.
  watched.handoff.end_sleep();
  EXPECT_EQ(read_all(watched.handoff), 1U);
  ASSERT_TRUE(watched.handoff.begin_sleep(1));
  watched.handoff.sleep(kForEver, -1);
  EXPECT_EQ(read_all(watched.handoff), 0U);
  EXPECT_FALSE(watched.is_woken());
}

// The sender goes to sleep in steps: it looks at lanes(), begins to sleep, sleeps. Whatever happens
// while it is parked between two of these, or asleep, it must look at the lanes once more. A sender
// that does not hangs here, because nothing else ends its sleep.

enum class Step { kBeforeLook, kAfterLook, kBeforeSleep, kAsleep };
enum class Event { kPublish, kPublishInNewLane, kPublishAndLeave, kPublishBlock };

std::string name_of_step(Step step) {
  switch (step) {
    case Step::kBeforeLook:
      return "BeforeTheLook";
    case Step::kAfterLook:
      return "AfterTheLook";
    case Step::kBeforeSleep:
      return "BeforeTheSleep";
    case Step::kAsleep:
      return "Asleep";
  }
  return "";
}

std::string name_of_event(Event event) {
  switch (event) {
    case Event::kPublish:
      return "Publish";
    case Event::kPublishInNewLane:
      return "PublishInNewLane";
    case Event::kPublishAndLeave:
      return "PublishAndLeave";
    case Event::kPublishBlock:
      return "PublishBlock";
  }
  return "";
}

class ParkedSender : public testing::TestWithParam<std::tuple<Step, Event>> {
 protected:
  void happens() {
    switch (std::get<Event>(GetParam())) {
      case Event::kPublish:
        return publish(watched_.handoff, *lane_, 64);
      case Event::kPublishInNewLane:
        new_lane_ = watched_.handoff.open_lane();
        return publish(watched_.handoff, *new_lane_, 64);
      case Event::kPublishAndLeave:
        publish(watched_.handoff, *lane_, 64);
        return leave(watched_.handoff, *lane_);
      case Event::kPublishBlock: {
        std::unique_ptr<std::byte[]> block(new std::byte[2 * kLaneBytes]);
        ASSERT_TRUE(lane_->publish_block(block, 2 * kLaneBytes));
        return watched_.handoff.wake_sender_for(lane_->used_bytes());
      }
    }
  }

  void happens_at(Step step) {
    if (step == std::get<Step>(GetParam())) happens();
  }

  WatchedHandoff watched_;
  std::shared_ptr<Lane> lane_ = watched_.open_known_lane();
  std::shared_ptr<Lane> new_lane_;
};

TEST_P(ParkedSender, LooksOnceMore) {
  std::size_t transactions = 0;
  happens_at(Step::kBeforeLook);
  transactions += read_all(watched_.handoff);
  happens_at(Step::kAfterLook);
  if (transactions == 0 && watched_.handoff.begin_sleep(1)) {
    happens_at(Step::kBeforeSleep);
    std::jthread worker;
    if (std::get<Step>(GetParam()) == Step::kAsleep) {
      worker = std::jthread([this] {
        std::this_thread::sleep_for(5ms);  // most likely it sleeps by then; if not, all the same
        happens();
      });
    }
    watched_.handoff.sleep(kForEver, -1);
    // A new lane wakes the sender when it is opened and again when it is published in: it may take
    // two looks.
    while ((transactions += read_all(watched_.handoff)) == 0) std::this_thread::yield();
  } else if (transactions == 0) {
    transactions += read_all(watched_.handoff);
  }
  EXPECT_EQ(transactions, 1U);
}

INSTANTIATE_TEST_SUITE_P(Handoff, ParkedSender,
                         testing::Combine(testing::Values(Step::kBeforeLook, Step::kAfterLook,
                                                          Step::kBeforeSleep, Step::kAsleep),
                                          testing::Values(Event::kPublish, Event::kPublishInNewLane,
                                                          Event::kPublishAndLeave,
                                                          Event::kPublishBlock)),
                         [](const auto& test) {
                           return name_of_step(std::get<Step>(test.param)) +
                                  name_of_event(std::get<Event>(test.param));
                         });

}  // namespace
}  // namespace omzmq
