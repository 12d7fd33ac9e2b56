// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/stats.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <thread>

namespace omzmq {
namespace {

TEST(Counter, BeginsAtZeroAndAddsUp) {
  Counter counter;
  EXPECT_EQ(counter.value(), 0U);
  counter.add(3);
  counter.add(0);
  counter.add(4);
  EXPECT_EQ(counter.value(), 7U);
}

TEST(Counter, HoldsSixtyFourBits) {
  Counter counter;
  counter.set(std::numeric_limits<std::uint64_t>::max() - 1);
  counter.add(1);
  EXPECT_EQ(counter.value(), std::numeric_limits<std::uint64_t>::max());
}

TEST(Counter, IsRaisedButNotLowered) {
  Counter counter;
  counter.raise_to(5);
  counter.raise_to(3);
  EXPECT_EQ(counter.value(), 5U);
  counter.raise_to(6);
  EXPECT_EQ(counter.value(), 6U);
}

TEST(Counter, NeverGoesBackForAReaderInAnotherThread) {
  Counter counter;
  constexpr std::uint64_t kLast = 100000;
  std::uint64_t seen = 0;
  std::thread reader([&] {
    while (seen < kLast) {
      const std::uint64_t now = counter.value();
      ASSERT_GE(now, seen);
      seen = now;
    }
  });
  for (std::uint64_t i = 0; i < kLast; ++i) counter.add(1);
  reader.join();
  EXPECT_EQ(seen, kLast);
}

}  // namespace
}  // namespace omzmq
