// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/distinct_estimate.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "tap/count/value_hash.hpp"

namespace omzmq::tap {
namespace {

constexpr int kRunBits = 64 - DistinctEstimate::kIndexBits;

/// What the unused registers add to the sum of Ertl's estimator: m * sigma(share of the unused).
/// `share` is below 1; the series then ends as soon as a double cannot hold the next addend.
double unused_term(double share) {
  double sum = share;
  double weight = 1;
  for (double before = -1; sum != before;) {
    share *= share;
    before = sum;
    sum += share * weight;
    weight *= 2;
  }
  return sum * static_cast<double>(DistinctEstimate::kRegisters);
}

}  // namespace

void DistinctEstimate::add(std::string_view value) noexcept {
  const std::uint64_t hash = hash_bytes(value, seed_);
  const std::uint64_t run = hash << kIndexBits;
  const int zeros = std::min(std::countl_zero(run), kRunBits);
  std::uint8_t& longest = registers_[static_cast<std::size_t>(hash >> kRunBits)];
  longest = std::max(longest, static_cast<std::uint8_t>(zeros + 1));
}

std::uint64_t DistinctEstimate::estimate() const noexcept {
  constexpr auto kCount = static_cast<double>(kRegisters);
  std::size_t unused = 0;
  double sum = 0;
  for (const std::uint8_t longest : registers_) {
    if (longest == 0) {
      ++unused;
    } else {
      sum += std::ldexp(1.0, -longest);
    }
  }
  if (unused == kRegisters) {
    return 0;
  }
  // Ertl's third term, for registers that are full, is left out: a value in 2^50 fills one.
  sum += unused_term(static_cast<double>(unused) / kCount);
  return static_cast<std::uint64_t>(std::llround(kCount * kCount / (2 * std::numbers::ln2 * sum)));
}

}  // namespace omzmq::tap
