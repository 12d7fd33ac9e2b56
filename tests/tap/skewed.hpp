// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>

namespace omzmq::tap {

/// Draws numbers from 1 to `most` by Zipf's law, nearly: n comes 1/n times as often as 1 does. The
/// same seed draws the same numbers everywhere.
///
/// Threads: one.
class Skewed {
 public:
  Skewed(std::uint64_t seed, double most) : random_(seed), log_most_(std::log(most)) {}

  std::size_t operator()() {
    // Not a distribution of the standard library: what those draw is each library's own affair.
    const double even = static_cast<double>(random_() >> 11) * 0x1p-53;
    return static_cast<std::size_t>(std::exp(even * log_most_));
  }

 private:
  std::mt19937_64 random_;
  double log_most_;
};

}  // namespace omzmq::tap
