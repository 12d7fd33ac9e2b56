// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/publish_times.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <random>
#include <utility>
#include <vector>

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr Clock::time_point kStart{1000s};

std::vector<std::pair<Clock::duration, std::uint32_t>> listed(const PublishTimes& times) {
  std::vector<std::pair<Clock::duration, std::uint32_t>> list;
  times.visit([&list](Clock::time_point oldest, std::uint32_t messages) {
    list.emplace_back(oldest - kStart, messages);
  });
  return list;
}

PublishTimes of(const std::vector<Clock::duration>& after) {
  PublishTimes times;
  for (const auto one : after) times.add(kStart + one);
  return times;
}

using List = std::vector<std::pair<Clock::duration, std::uint32_t>>;

TEST(PublishTimes, OfATransactionAreOneSegment) {
  EXPECT_EQ(listed(of({})), List());
  EXPECT_EQ(listed(of({5us, 5us, 5us})), (List{{5us, 3}}));
}

TEST(PublishTimes, StandInTheirOrderHoweverTheyCame) {
  EXPECT_EQ(listed(of({5us, 3us, 9us, 3us, 5us, 1us, 9us})),
            (List{{1us, 1}, {3us, 2}, {5us, 2}, {9us, 2}}));
}

TEST(PublishTimes, JoinTheClosestWhenThereIsOneTooManyAndKeepTheOlder) {
  EXPECT_EQ(listed(of({0us, 100us, 200us, 300us, 301us, 400us, 500us, 600us, 700us})),
            (List{{0us, 1},
                  {100us, 1},
                  {200us, 1},
                  {300us, 2},
                  {400us, 1},
                  {500us, 1},
                  {600us, 1},
                  {700us, 1}}));
}

TEST(PublishTimes, CountWhatFallsIntoASegmentThere) {
  PublishTimes times = of({0us, 100us, 200us, 300us, 310us, 400us, 500us, 600us, 700us});
  times.add(kStart + 305us);
  EXPECT_EQ(listed(times)[3], std::pair(Clock::duration(300us), 3U));
  EXPECT_EQ(listed(times).size(), PublishTimes::kMost);
}

TEST(PublishTimes, GiveTheOldestAway) {
  PublishTimes one = of({5us, 5us, 5us});
  EXPECT_EQ(listed(one.take_oldest(2)), (List{{5us, 2U}}));
  EXPECT_EQ(listed(one), (List{{5us, 1U}}));
  PublishTimes times = of({100us, 200us, 200us, 300us});
  EXPECT_EQ(listed(times.take_oldest(0)), List());
  EXPECT_EQ(listed(times.take_oldest(2)), (List{{100us, 1U}, {200us, 1U}}));
  EXPECT_EQ(listed(times), (List{{200us, 1U}, {300us, 1U}}));
  EXPECT_EQ(listed(times.take_oldest(9)), (List{{200us, 1U}, {300us, 1U}}));
  EXPECT_EQ(listed(times), List());
  times.add(kStart + 7us);
  times.add(kStart + 8us);
  EXPECT_EQ(listed(times), (List{{7us, 1U}, {8us, 1U}}));
}

// However they are spread: each message is in a segment that is no younger than it, and no older by
// more than a quarter of the whole range.
TEST(PublishTimes, NeverTakeAMessageForYoungerNorForMuchOlder) {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    std::vector<std::int64_t> truth;
    PublishTimes times;
    const int count = 1 + static_cast<int>(random() % 400);
    std::int64_t now = 0;
    for (int i = 0; i < count; ++i) {
      // Bursts, steps, and now and then one from another lane that is older.
      now += round % 3 == 0 ? 1000 : static_cast<std::int64_t>(random() % (1U << (random() % 20)));
      const std::int64_t at =
          random() % 8 == 0 ? now - static_cast<std::int64_t>(random() % 5000) : now;
      truth.push_back(at);
      times.add(kStart + std::chrono::nanoseconds(at));
    }
    std::sort(truth.begin(), truth.end());
    const std::int64_t range = truth.back() - truth.front();
    std::vector<std::int64_t> shown;
    times.visit([&shown](Clock::time_point oldest, std::uint32_t messages) {
      shown.insert(shown.end(), messages, (oldest - kStart).count());
    });
    ASSERT_EQ(shown.size(), truth.size());
    for (std::size_t i = 0; i < truth.size(); ++i) {
      ASSERT_LE(shown[i], truth[i]) << "round " << round;
      ASSERT_LE(truth[i] - shown[i], range / 4) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace omzmq
