// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/log_linear.hpp"
#include "core/counter.hpp"
#include "core/publish_times.hpp"
#include "core/transaction.hpp"

namespace omzmq {

/// From the publish of a message to the socket having taken the frame that holds it: how many
/// messages took how long, since the start, in the buckets of common/log_linear.hpp, of
/// microseconds. 25 kB, whatever is recorded.
///
/// Threads: record() one; at() any.
class LatencyCounts {
 public:
  /// Parts of a microsecond count as a whole one; less than nothing as nothing.
  void record(Clock::duration latency, std::uint64_t messages) noexcept;

  [[nodiscard]] std::uint64_t at(std::size_t bucket) const noexcept {
    return buckets_[bucket].value();
  }

 private:
  std::array<Counter, log_linear::kBuckets> buckets_;
};

/// Microseconds, over-estimated by 1/64 at most; 0 where no message was sent.
/// Threads: a value type.
struct LatencyQuantiles {
  std::uint64_t p50_us = 0;
  std::uint64_t p99_us = 0;
  std::uint64_t max_us = 0;
};

/// A reader of LatencyCounts, which keeps what it saw last.
///
/// Threads: one.
class LatencyReport {
 public:
  /// Of the messages that were recorded since the last call.
  [[nodiscard]] LatencyQuantiles take(const LatencyCounts& counts) noexcept;

 private:
  std::array<std::uint64_t, log_linear::kBuckets> seen_{};
};

/// Records the latency of frames that were taken. It looks at the clock once for several small
/// frames: for each one, that would be a good part of what sending it costs. So the latency may be
/// over-estimated by the time that it takes to send kMessagesAtOnce messages.
///
/// Threads: one.
class LatencyMeter {
 public:
  static constexpr std::size_t kMessagesAtOnce = 32;

  /// Keeps a reference.
  explicit LatencyMeter(LatencyCounts& counts) noexcept : counts_(counts) {}

  /// A frame was taken, just now.
  void note(const PublishTimes& published) noexcept;

  /// To be called once nothing more is sent for a while, or something else takes time.
  void settle() noexcept {
    if (count_ != 0) record_all();
  }

 private:
  void record_all() noexcept;

  LatencyCounts& counts_;
  struct Waiting {
    Clock::time_point published;
    std::uint32_t messages;
  };
  std::array<Waiting, kMessagesAtOnce + PublishTimes::kMost> waiting_{};
  std::size_t count_ = 0;     ///< of those that are waiting for a look at the clock
  std::size_t messages_ = 0;  ///< in them
};

}  // namespace omzmq
