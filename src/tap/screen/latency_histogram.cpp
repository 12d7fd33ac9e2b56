// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/screen/latency_histogram.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

namespace omzmq::tap {

void LatencyHistogram::record(std::chrono::nanoseconds latency) noexcept {
  if (latency.count() < 0) {
    ++negative_count_;
    most_negative_ = std::min(most_negative_, std::chrono::floor<Microseconds>(latency));
    return;
  }
  const auto whole = std::chrono::duration_cast<Microseconds>(latency);
  ++count_;
  max_ = std::max(max_, whole);
  ++buckets_[log_linear::bucket_of(static_cast<std::uint64_t>(whole.count()))];
}

void LatencyHistogram::merge(const LatencyHistogram& other) noexcept {
  count_ += other.count_;
  negative_count_ += other.negative_count_;
  max_ = std::max(max_, other.max_);
  most_negative_ = std::min(most_negative_, other.most_negative_);
  if (other.count_ != 0) {
    std::transform(buckets_.begin(), buckets_.end(), other.buckets_.begin(), buckets_.begin(),
                   std::plus<>());
  }
}

LatencyHistogram::Microseconds LatencyHistogram::quantile(double fraction) const noexcept {
  const double wanted = std::ceil(std::clamp(fraction, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::max<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1);
  if (rank >= count_) {
    return max_;
  }
  std::uint64_t passed = 0;
  for (std::size_t bucket = 0; bucket < log_linear::kBuckets; ++bucket) {
    passed += buckets_[bucket];
    if (passed >= rank) {
      return std::min(max_,
                      Microseconds(static_cast<Microseconds::rep>(log_linear::middle_of(bucket))));
    }
  }
  return max_;
}

}  // namespace omzmq::tap
