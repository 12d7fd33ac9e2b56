// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/value_hash.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <string>
#include <unordered_set>

namespace omzmq::tap {
namespace {

TEST(ValueHash, ChangesHalfOfItsBitsWithEachBitOfTheValueAndWithTheSeed) {
  for (const std::size_t length : {1U, 7U, 8U, 15U, 16U, 17U, 32U, 33U, 100U}) {
    const std::string value(length, 'v');
    int changed = 0;
    for (std::size_t bit = 0; bit < 8 * length; ++bit) {
      std::string other = value;
      other[bit / 8] = static_cast<char>(other[bit / 8] ^ 1 << bit % 8);
      changed += std::popcount(hash_bytes(value, 1) ^ hash_bytes(other, 1));
    }
    // Each bit is a coin; five standard deviations.
    const double coins = 64.0 * 8 * static_cast<double>(length);
    EXPECT_NEAR(changed, coins / 2, 5 * std::sqrt(coins) / 2) << length << " bytes";
    EXPECT_NEAR(std::popcount(hash_bytes(value, 1) ^ hash_bytes(value, 2)), 32, 20);
  }
}

TEST(ValueHash, NoTwoOfAHundredThousandNumbersHaveOneHash) {
  std::unordered_set<std::uint64_t> hashes;
  for (int i = 0; i < 100'000; ++i) {
    hashes.insert(hash_bytes(std::to_string(i), 0));
  }
  EXPECT_EQ(hashes.size(), 100'000U);
}

// Processors of 32 bits multiply another way.
TEST(ValueHash, IsTheSameOnEachArchitecture) {
  EXPECT_EQ(hash_bytes("", 42), 0x85DF743658F068F4U);
  EXPECT_EQ(hash_bytes("status=404", 42), 0x2000EE392777840CU);
  EXPECT_EQ(hash_bytes(std::string(100, 'v'), 42), 0x35DC670C2F3CB8CEU);
}

}  // namespace
}  // namespace omzmq::tap
