// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "latency_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace omzmq::bench {

void LatencyLog::record(std::uint64_t ns) noexcept {
  constexpr std::uint64_t kMost = (std::uint64_t{1} << log_linear::kValueBits) - 1;
  ++counts_[log_linear::bucket_of(std::min(ns, kMost))];
  ++count_;
  most_ns_ = std::max(most_ns_, ns);
}

std::uint64_t LatencyLog::quantile_ns(double part) const noexcept {
  const auto rank = static_cast<std::uint64_t>(std::ceil(part * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank && seen != 0) return std::min(log_linear::middle_of(bucket), most_ns_);
  }
  return most_ns_;
}

std::string LatencyLog::json_members() const {
  if (count_ == 0) return {};
  const auto us = [](std::uint64_t ns) { return static_cast<double>(ns) / 1000; };
  return fmt::format(R"("p50_us": {:.2f}, "p99_us": {:.2f}, "p999_us": {:.2f}, "max_us": {:.2f})",
                     us(quantile_ns(0.5)), us(quantile_ns(0.99)), us(quantile_ns(0.999)),
                     us(most_ns_));
}

}  // namespace omzmq::bench
