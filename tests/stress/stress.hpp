// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>

namespace omzmq::stress {

/// A run of some seconds that can be had again: all its randomness comes from one seed.
class Run {
 public:
  /// Prints the seed.
  Run();

  /// Numbers of their own for each thread.
  [[nodiscard]] std::mt19937 random(std::uint64_t thread) const;

  /// True as long as there is time for more.
  [[nodiscard]] bool goes_on() const noexcept { return std::chrono::steady_clock::now() < end_; }

 private:
  std::uint64_t seed_;
  std::chrono::steady_clock::time_point end_;
};

/// Most often nothing, sometimes a yield, seldom some microseconds: the speed of a thread changes
/// all the time.
void pause_at_random(std::mt19937& random);

/// Fills `to` with bytes that follow from the key, and no others do.
void fill(std::span<std::byte> to, std::uint64_t key) noexcept;

/// Sum over bytes and their places.
[[nodiscard]] std::uint64_t checksum(std::span<const std::byte> bytes) noexcept;

}  // namespace omzmq::stress
