// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/distinct_estimate.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>

namespace omzmq::tap {
namespace {

constexpr double kThreeErrors = 3 * DistinctEstimate::kErrorPercent / 100;

double estimate_of(std::uint64_t values, std::uint64_t seed) {
  const auto distinct = std::make_unique<DistinctEstimate>(seed);
  std::string value;
  for (std::uint64_t i = 0; i < values; ++i) {
    distinct->add(value.assign("192.0.2.").append(std::to_string(i)));
  }
  return static_cast<double>(distinct->estimate());
}

TEST(DistinctEstimate, OfNothingIsZero) { EXPECT_EQ(DistinctEstimate().estimate(), 0U); }

TEST(DistinctEstimate, FewValuesAreCountedExactly) {
  for (const std::uint64_t values : {1U, 2U, 3U, 10U, 20U}) {
    EXPECT_EQ(estimate_of(values, 1), static_cast<double>(values));
  }
}

TEST(DistinctEstimate, AValueThatComesAgainChangesNothing) {
  DistinctEstimate distinct;
  for (int round = 0; round < 1000; ++round) {
    for (const char* const value : {"a", "b", "", "a\n"}) {
      distinct.add(value);
    }
  }
  EXPECT_EQ(distinct.estimate(), 4U);
}

TEST(DistinctEstimate, ValuesThatDifferInOneByteOrInLengthOnlyAreDifferent) {
  DistinctEstimate distinct;
  std::string zeros;
  for (std::size_t length = 0; length < 40; ++length) {
    distinct.add(zeros);
    zeros += '\0';
  }
  EXPECT_NEAR(static_cast<double>(distinct.estimate()), 40, 1);
  for (std::size_t at = 0; at < zeros.size(); ++at) {
    std::string other = zeros;
    other[at] = '\1';
    distinct.add(other);
  }
  EXPECT_NEAR(static_cast<double>(distinct.estimate()), 80, 1);
}

class DistinctEstimateOf : public testing::TestWithParam<std::uint64_t> {};

TEST_P(DistinctEstimateOf, IsWithinThreeStandardErrors) {
  const auto truth = static_cast<double>(GetParam());
  EXPECT_NEAR(estimate_of(GetParam(), 0), truth, truth * kThreeErrors);
}

INSTANTIATE_TEST_SUITE_P(Values, DistinctEstimateOf,
                         testing::Values(100, 1'000, 10'000, 30'000, 41'000, 60'000, 100'000,
                                         300'000, 1'500'000),
                         testing::PrintToStringParamName());

/// 5/2 registers is where the first HyperLogLog changed its formula, and was off for all seeds.
TEST(DistinctEstimate, HasNoBiasAndTheStatedErrorOverManySeeds) {
  constexpr std::uint64_t kValues = 5 * DistinctEstimate::kRegisters / 2;
  constexpr int kSeeds = 50;
  double sum = 0;
  double sum_of_squares = 0;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const double error = estimate_of(kValues, seed) / static_cast<double>(kValues) - 1;
    sum += error;
    sum_of_squares += error * error;
  }
  constexpr double kStated = DistinctEstimate::kErrorPercent / 100;
  EXPECT_LT(std::abs(sum / kSeeds), 3 * kStated / std::sqrt(kSeeds));
  const double measured = std::sqrt(sum_of_squares / kSeeds);
  EXPECT_LT(measured, kStated * 1.3);
  EXPECT_GT(measured, kStated / 2) << "better than can be: the values are not independent";
}

}  // namespace
}  // namespace omzmq::tap
