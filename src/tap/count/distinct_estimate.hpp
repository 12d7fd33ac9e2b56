// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace omzmq::tap {

/// Estimates how many different values it was given: HyperLogLog (Flajolet and others, 2007) with
/// the estimator of Ertl (2017). It is linear counting where few registers are used, the harmonic
/// mean where all are, and has no bias between the two, where the first estimator had one.
///
/// 16 KiB whatever is given. The standard error is 0.81 % of the true number: two estimates of
/// three are nearer than that, and 997 of 1000 nearer than three times that. Far below the number
/// of registers it is smaller.
///
/// Threads: one.
class DistinctEstimate {
 public:
  static constexpr int kIndexBits = 14;
  static constexpr std::size_t kRegisters = std::size_t{1} << kIndexBits;
  static constexpr double kErrorPercent = 0.81;  // 1.04 / sqrt(kRegisters)

  /// Another seed makes other errors.
  explicit DistinctEstimate(std::uint64_t seed = 0) noexcept : seed_(seed) {}

  void add(std::string_view value) noexcept;

  /// Rounded; 0 when nothing was added. Reads all registers.
  [[nodiscard]] std::uint64_t estimate() const noexcept;

 private:
  std::uint64_t seed_;
  std::array<std::uint8_t, kRegisters> registers_{};  // the longest run of zero bits, plus one
};

}  // namespace omzmq::tap
