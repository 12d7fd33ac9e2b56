// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/screen/latency_histogram.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <vector>

namespace omzmq::tap {
namespace {

using std::chrono::microseconds;
using std::chrono::nanoseconds;

TEST(LatencyHistogram, IsZeroWhenNothingWasRecorded) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.quantile(0.5), microseconds{0});
  EXPECT_EQ(histogram.max(), microseconds{0});
  EXPECT_EQ(histogram.negative_count(), 0U);
}

TEST(LatencyHistogram, IsExactBelow128Microseconds) {
  LatencyHistogram histogram;
  for (int i = 1; i <= 100; ++i) {
    histogram.record(microseconds{i});
  }
  EXPECT_EQ(histogram.quantile(0), microseconds{1});
  EXPECT_EQ(histogram.quantile(0.5), microseconds{50});
  EXPECT_EQ(histogram.quantile(0.99), microseconds{99});
  EXPECT_EQ(histogram.quantile(1), microseconds{100});
}

TEST(LatencyHistogram, CutsOffPartsOfAMicrosecond) {
  LatencyHistogram histogram;
  histogram.record(nanoseconds{999});
  histogram.record(nanoseconds{2999});
  EXPECT_EQ(histogram.quantile(0), microseconds{0});
  EXPECT_EQ(histogram.max(), microseconds{2});
}

TEST(LatencyHistogram, IsWithinItsErrorForEveryMagnitude) {
  // A second, larger value keeps the maximum from correcting the answer.
  constexpr double kError = 0.008;
  std::mt19937_64 random(7);
  for (int bits = 7; bits < 53; ++bits) {
    for (int i = 0; i < 200; ++i) {
      const std::uint64_t value = (std::uint64_t{1} << bits) + (random() >> (64 - bits));
      LatencyHistogram histogram;
      histogram.record(microseconds{static_cast<std::int64_t>(value)});
      histogram.record(nanoseconds::max());
      const auto found = static_cast<double>(histogram.quantile(0.5).count());
      ASSERT_LE(std::abs(found / static_cast<double>(value) - 1), kError) << value;
    }
  }
}

TEST(LatencyHistogram, AgreesWithSortedLatencies) {
  std::mt19937_64 random(11);
  std::lognormal_distribution<double> latency(7, 1.5);
  LatencyHistogram histogram;
  std::vector<double> exact;
  for (int i = 0; i < 20'000; ++i) {
    const double value = std::floor(latency(random));
    exact.push_back(value);
    histogram.record(microseconds{static_cast<std::int64_t>(value)});
  }
  std::sort(exact.begin(), exact.end());
  EXPECT_EQ(histogram.count(), exact.size());
  for (const double fraction : {0.01, 0.5, 0.9, 0.99, 0.999}) {
    const double wanted = exact[static_cast<std::size_t>(std::ceil(fraction * 20'000)) - 1];
    EXPECT_NEAR(static_cast<double>(histogram.quantile(fraction).count()), wanted, wanted * 0.008)
        << fraction;
  }
  EXPECT_EQ(static_cast<double>(histogram.max().count()), exact.back());
}

TEST(LatencyHistogram, NoQuantileIsAboveTheMaximum) {
  LatencyHistogram histogram;
  histogram.record(microseconds{1024});  // the middle of its bucket is above
  histogram.record(microseconds{1024});
  EXPECT_EQ(histogram.quantile(0.5), microseconds{1024});
}

TEST(LatencyHistogram, HoldsTheLargestLatencyThereIs) {
  LatencyHistogram histogram;
  histogram.record(nanoseconds::max());
  EXPECT_EQ(histogram.max(), std::chrono::duration_cast<microseconds>(nanoseconds::max()));
  EXPECT_EQ(histogram.quantile(0.99), histogram.max());
}

TEST(LatencyHistogram, CountsNegativeLatenciesApart) {
  LatencyHistogram histogram;
  histogram.record(microseconds{10});
  histogram.record(nanoseconds{-1});
  histogram.record(microseconds{-3000});
  EXPECT_EQ(histogram.count(), 1U);
  EXPECT_EQ(histogram.quantile(0), microseconds{10});
  EXPECT_EQ(histogram.negative_count(), 2U);
  EXPECT_EQ(histogram.most_negative(), microseconds{-3000});
  histogram.record(nanoseconds::min());
  EXPECT_EQ(histogram.negative_count(), 3U);
  EXPECT_LT(histogram.most_negative(), microseconds{-3000});
}

TEST(LatencyHistogram, MergesAllThatTheOtherHolds) {
  LatencyHistogram a;
  LatencyHistogram b;
  a.record(microseconds{10});
  b.record(microseconds{20});
  b.record(microseconds{30});
  b.record(microseconds{-5});
  a.merge(b);
  EXPECT_EQ(a.count(), 3U);
  EXPECT_EQ(a.quantile(0.5), microseconds{20});
  EXPECT_EQ(a.max(), microseconds{30});
  EXPECT_EQ(a.negative_count(), 1U);
  EXPECT_EQ(a.most_negative(), microseconds{-5});
  a.clear();
  EXPECT_EQ(a.count() + a.negative_count(), 0U);
  EXPECT_EQ(a.max(), microseconds{0});
}

}  // namespace
}  // namespace omzmq::tap
