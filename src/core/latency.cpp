// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/latency.hpp"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace omzmq {
namespace {

using Buckets = std::array<std::uint64_t, log_linear::kBuckets>;

constexpr std::uint64_t kLongest = (std::uint64_t{1} << log_linear::kValueBits) - 1;

/// What `percent` of all that is counted do not exceed. REQUIRES: total != 0
std::uint64_t quantile(const Buckets& counts, std::uint64_t total, std::uint64_t percent) noexcept {
  const std::uint64_t rank = total - total * (100 - percent) / 100;
  std::uint64_t passed = 0;
  std::size_t bucket = 0;
  while ((passed += counts[bucket]) < rank) ++bucket;
  return log_linear::highest_of(bucket);
}

}  // namespace

void LatencyCounts::record(Clock::duration latency, std::uint64_t messages) noexcept {
  const auto us = std::chrono::ceil<std::chrono::microseconds>(latency).count();
  const auto value = us > 0 ? std::min(static_cast<std::uint64_t>(us), kLongest) : 0;
  buckets_[log_linear::bucket_of(value)].add(messages);
}

LatencyQuantiles LatencyReport::take(const LatencyCounts& counts) noexcept {
  Buckets news;
  for (std::size_t bucket = 0; bucket < news.size(); ++bucket) {
    const std::uint64_t now = counts.at(bucket);
    news[bucket] = now - seen_[bucket];
    seen_[bucket] = now;
  }
  const auto total = std::accumulate(news.begin(), news.end(), std::uint64_t{0});
  if (total == 0) return {};
  return {quantile(news, total, 50), quantile(news, total, 99), quantile(news, total, 100)};
}

void LatencyMeter::note(const PublishTimes& published) noexcept {
  published.visit([this](Clock::time_point oldest, std::uint32_t messages) {
    // Small frames of one transaction.
    if (count_ != 0 && waiting_[count_ - 1].published == oldest) {
      waiting_[count_ - 1].messages += messages;
    } else {
      waiting_[count_++] = {oldest, messages};
    }
    messages_ += messages;
  });
  if (messages_ >= kMessagesAtOnce) record_all();
}

void LatencyMeter::record_all() noexcept {
  const auto now = Clock::now();
  for (std::size_t i = 0; i < count_; ++i) {
    counts_.record(now - waiting_[i].published, waiting_[i].messages);
  }
  count_ = 0;
  messages_ = 0;
}

}  // namespace omzmq
