// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/log_linear.hpp"

namespace omzmq::bench {

/// How often something took how long, in the buckets of common/log_linear.hpp, of nanoseconds: what
/// it tells is wrong by 1/128 at most.
///
/// Threads: one.
class LatencyLog {
 public:
  LatencyLog() : counts_(log_linear::kBuckets) {}

  void record(std::uint64_t ns) noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// Members of a JSON object, in microseconds: "p50_us": …, "p99_us": …, "p999_us": …, "max_us":
  /// …; empty when nothing was recorded.
  [[nodiscard]] std::string json_members() const;

 private:
  [[nodiscard]] std::uint64_t quantile_ns(double part) const noexcept;

  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  std::uint64_t most_ns_ = 0;
};

}  // namespace omzmq::bench
