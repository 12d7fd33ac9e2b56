// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "common/log_linear.hpp"

namespace omzmq::tap {

/// How latencies are spread, in the buckets of common/log_linear.hpp, of microseconds. A quantile
/// is exact to the microsecond below 128 us and within 0.8 % above, for any latency that 64 bits of
/// nanoseconds hold; the maximum is exact to the microsecond. 25 kB, whatever is recorded.
///
/// A negative latency says that the clocks of two hosts differ: it is counted apart and is in no
/// quantile.
///
/// Threads: one.
class LatencyHistogram {
 public:
  using Microseconds = std::chrono::microseconds;

  /// Parts of a microsecond are cut off.
  void record(std::chrono::nanoseconds latency) noexcept;

  /// Adds all that `other` holds.
  void merge(const LatencyHistogram& other) noexcept;

  void clear() noexcept { *this = LatencyHistogram(); }

  /// Latencies recorded, without the negative ones.
  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// The smallest latency that `fraction` (0 to 1) of all do not exceed; 0 when there is none.
  [[nodiscard]] Microseconds quantile(double fraction) const noexcept;

  [[nodiscard]] Microseconds max() const noexcept { return max_; }

  [[nodiscard]] std::uint64_t negative_count() const noexcept { return negative_count_; }

  /// The negative latency farthest from 0, rounded away from it; 0 when there is none.
  [[nodiscard]] Microseconds most_negative() const noexcept { return most_negative_; }

 private:
  std::uint64_t count_ = 0;
  std::uint64_t negative_count_ = 0;
  Microseconds max_{0};
  Microseconds most_negative_{0};
  std::array<std::uint64_t, log_linear::kBuckets> buckets_{};
};

}  // namespace omzmq::tap
