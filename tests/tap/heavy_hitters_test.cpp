// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/heavy_hitters.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <vector>

#include "skewed.hpp"

namespace omzmq::tap {
namespace {

using Entry = HeavyHitters::Entry;

void add(HeavyHitters& hitters, std::string_view value, int times) {
  for (int i = 0; i < times; ++i) {
    hitters.add(value);
  }
}

TEST(HeavyHitters, CountsExactlyWhileThereAreSlots) {
  HeavyHitters hitters(3);
  EXPECT_TRUE(hitters.top(10).empty());
  add(hitters, "b", 5);
  add(hitters, "a", 7);
  add(hitters, "", 2);
  add(hitters, "b", 3);
  const auto top = hitters.top(10);
  ASSERT_EQ(top.size(), 3U);
  EXPECT_EQ(top[0].value, "b");
  EXPECT_EQ(top[0].count, 8U);
  EXPECT_EQ(top[1].value, "a");
  EXPECT_EQ(top[1].count, 7U);
  EXPECT_EQ(top[2].value, "");
  EXPECT_EQ(top[2].count, 2U);
  for (const Entry& entry : top) {
    EXPECT_EQ(entry.error, 0U);
  }
  EXPECT_EQ(hitters.max_error(), 0U);
  EXPECT_EQ(hitters.total(), 17U);
}

TEST(HeavyHitters, ANewValueInheritsTheCountOfTheOneThatWaitedLongest) {
  HeavyHitters hitters(2);
  add(hitters, "old", 3);
  add(hitters, "young", 3);
  hitters.add("new");
  const auto top = hitters.top(2);
  EXPECT_EQ(top[0].value, "new");
  EXPECT_EQ(top[0].count, 4U);
  EXPECT_EQ(top[0].error, 3U);
  EXPECT_EQ(top[1].value, "young");
  EXPECT_EQ(top[1].count, 3U);
  EXPECT_EQ(top[1].error, 0U);
  EXPECT_EQ(hitters.max_error(), 3U);
}

TEST(HeavyHitters, EqualCountsComeInTheOrderOfErrorThenValue) {
  HeavyHitters hitters(3);
  add(hitters, "z", 4);
  add(hitters, "a", 4);
  add(hitters, "gone", 3);
  hitters.add("between");  // 4, of which 3 may be those of "gone"
  const auto top = hitters.top(3);
  EXPECT_EQ(top[0].value, "a");
  EXPECT_EQ(top[1].value, "z");
  EXPECT_EQ(top[2].value, "between");
  EXPECT_EQ(hitters.top(1).size(), 1U);
  EXPECT_TRUE(hitters.top(0).empty());
}

TEST(HeavyHitters, WorksWithOneSlot) {
  HeavyHitters hitters(1);
  hitters.add("a");
  hitters.add("b");
  hitters.add("b");
  const auto top = hitters.top(5);
  ASSERT_EQ(top.size(), 1U);
  EXPECT_EQ(top[0].value, "b");
  EXPECT_EQ(top[0].count, 3U);
  EXPECT_EQ(top[0].error, 1U);
}

TEST(HeavyHitters, RefusesACapacityThatIsNone) {
  EXPECT_THROW(HeavyHitters(0), std::invalid_argument);
  EXPECT_THROW(HeavyHitters(HeavyHitters::kMaxCapacity + 1), std::invalid_argument);
}

TEST(HeavyHitters, CutsLongValuesBetweenCharactersAndMarksThem) {
  HeavyHitters hitters(10);
  const std::string beginning(HeavyHitters::kMaxValueBytes - 4, 'x');
  hitters.add(beginning + "ä and so on");  // the mark needs three bytes: no room for both of "ä"
  hitters.add(beginning + "äh, something else");
  hitters.add(std::string(HeavyHitters::kMaxValueBytes, 'y'));  // just fits
  const auto top = hitters.top(10);
  ASSERT_EQ(top.size(), 2U);
  EXPECT_EQ(top[0].value, beginning + "…");
  EXPECT_EQ(top[0].count, 2U);
  EXPECT_EQ(top[1].value, std::string(HeavyHitters::kMaxValueBytes, 'y'));
}

/// All that the class promises, on a million skewed events, for a table that is large enough for
/// all values and for tables that are much too small.
class HeavyHittersOnSkewedEvents : public testing::TestWithParam<std::size_t> {
 protected:
  static constexpr std::uint64_t kEvents = 1'000'000;
  static constexpr std::uint64_t kValues = 50'000;

  HeavyHittersOnSkewedEvents() {
    Skewed draw(7, kValues);
    std::string value;
    for (std::uint64_t i = 0; i < kEvents; ++i) {
      const std::size_t number = draw();
      ++exact_[number];
      hitters_.add(value.assign("/page/").append(std::to_string(number)));
    }
  }

  static std::size_t number_of(std::string_view value) {
    return std::stoul(std::string(value.substr(value.rfind('/') + 1)));
  }

  std::vector<std::uint64_t> exact_ = std::vector<std::uint64_t>(kValues + 1);  // by number
  HeavyHitters hitters_{GetParam()};
};

TEST_P(HeavyHittersOnSkewedEvents, EveryCountIsWithinItsBound) {
  EXPECT_EQ(hitters_.total(), kEvents);
  const auto different = static_cast<std::size_t>(
      std::count_if(exact_.begin(), exact_.end(), [](std::uint64_t n) { return n > 0; }));
  EXPECT_EQ(hitters_.max_error() == 0, different <= hitters_.capacity());
  EXPECT_LE(hitters_.max_error(), kEvents / hitters_.capacity());
  const auto entries = hitters_.top(hitters_.capacity());
  EXPECT_EQ(entries.size(), std::min(hitters_.capacity(), different));
  std::unordered_set<std::size_t> found;
  std::uint64_t sum = 0;
  for (const Entry& entry : entries) {
    const std::uint64_t truth = exact_.at(number_of(entry.value));
    ASSERT_LE(truth, entry.count) << entry.value;
    ASSERT_LE(entry.count - entry.error, truth) << entry.value;
    ASSERT_LE(entry.error, hitters_.max_error()) << entry.value;
    ASSERT_TRUE(found.insert(number_of(entry.value)).second) << entry.value << " twice";
    sum += entry.count;
  }
  EXPECT_EQ(sum, kEvents);
  for (std::size_t number = 0; number < exact_.size(); ++number) {
    if (exact_[number] > hitters_.max_error()) {
      ASSERT_EQ(found.count(number), 1U) << number << " was seen " << exact_[number] << " times";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Slots, HeavyHittersOnSkewedEvents, testing::Values(10, 1000, 60'000),
                         testing::PrintToStringParamName());

TEST(HeavyHitters, FindsTheTrueTopTenOfAMillionInTheirOrder) {
  HeavyHitters hitters(10'000);
  Skewed draw(3, 1e9);  // hundreds of thousands of different values
  std::array<std::uint64_t, 11> exact{};
  for (int i = 0; i < 1'000'000; ++i) {
    const std::size_t number = draw();
    if (number < exact.size()) {
      ++exact[number];
    }
    hitters.add(std::to_string(number));
  }
  const auto top = hitters.top(10);
  ASSERT_EQ(top.size(), 10U);
  for (std::size_t i = 0; i < top.size(); ++i) {
    EXPECT_EQ(top[i].value, std::to_string(i + 1));
    EXPECT_EQ(top[i].count, exact[i + 1]);
    EXPECT_EQ(top[i].error, 0U) << "frequent from the beginning, never replaced";
  }
  EXPECT_GT(hitters.max_error(), 0U);
}

TEST(HeavyHitters, MemoryDoesNotGrowWithTheNumberOfValues) {
  HeavyHitters hitters(1000);
  const std::string long_tail(300, '-');
  std::uint64_t next = 0;
  const auto add_different = [&](int values) {
    for (int i = 0; i < values; ++i) {
      hitters.add(std::to_string(next++) + long_tail);
    }
    return mallinfo2().uordblks;  // bytes in use
  };
  const std::size_t before = add_different(10'000);
  const std::size_t after = add_different(500'000);
  EXPECT_EQ(hitters.size(), 1000U);
  EXPECT_LE(after, before + (std::size_t{64} << 10));
}

}  // namespace
}  // namespace omzmq::tap
