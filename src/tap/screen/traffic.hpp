// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tap/screen/flow_table.hpp"
#include "tap/screen/latency_histogram.hpp"

namespace omzmq::tap {

/// One frame that was received and understood, as Traffic counts it.
struct FrameSeen {
  std::string_view topic;         // empty: none; read during the call only
  bool numbered = false;          // it belongs to `stream` of `epoch`
  std::uint64_t epoch = 0;        // valid when numbered
  std::uint64_t stream = 0;       // valid when numbered
  std::uint64_t messages = 0;     // 0: a beat
  std::uint64_t bytes = 0;        // of the messages, uncompressed
  std::uint64_t frame_bytes = 0;  // as they came over the wire
  std::uint64_t missed = 0;       // messages that should have come before it and did not
  std::optional<std::chrono::nanoseconds> latency;  // from its making to its arrival
};

/// All that zmqtap received, in sums and as it goes: per second, per topic, per stream. Owns no
/// clock: each time comes from the caller, in the order of time.
///
/// Bounded: 4,096 topics and as many streams have a row of their own, some 400 bytes each. When a
/// table is full, what is new is counted in its row of others; the next tick() makes room by
/// folding into that row whatever had no message for a minute. Topics that agree in their first
/// 256 bytes share a row.
///
/// Threads: one.
class Traffic {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kInterval{1};
  static constexpr std::size_t kMaxRows = 4096;
  static constexpr std::size_t kMaxTopicBytes = 256;

  /// What is not about messages or not in a row.
  struct Totals {
    Flow flow;                      // all messages
    RateHistory bytes_history;      // bytes/s of the last minute, as flow.history() has messages/s
    std::uint64_t frames = 0;       // with messages, so without beats
    std::uint64_t frame_bytes = 0;  // of these frames
    double frames_per_second = 0;   // in the last interval
    std::uint64_t gaps = 0;         // frames before which messages were missed
    std::uint64_t duplicates = 0;   // messages
    std::uint64_t corrupt = 0;      // frames
    std::uint64_t restarts = 0;     // of a sender
    std::optional<std::size_t> peers;  // connected now; nothing: not known
  };

  explicit Traffic(TimePoint now);

  /// One frame. Allocates only for a topic or a stream that is new.
  void seen(const FrameSeen& frame);

  void count_corrupt() noexcept { ++totals_.corrupt; }
  void count_duplicates(std::uint64_t messages) noexcept { totals_.duplicates += messages; }
  void count_restart() noexcept { ++totals_.restarts; }
  void set_peers(std::size_t peers) noexcept { totals_.peers = peers; }

  /// Closes the interval if it is over: rates and histories move on. False: nothing has changed.
  bool tick(TimePoint now);

  /// When tick() has something to do.
  [[nodiscard]] TimePoint due_at() const noexcept { return interval_start_ + kInterval; }

  [[nodiscard]] TimePoint started_at() const noexcept { return started_at_; }
  [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
  [[nodiscard]] const TopicTable& topics() const noexcept { return topics_; }
  [[nodiscard]] const StreamTable& streams() const noexcept { return streams_; }

  /// Latencies of frames in the last minute; the oldest ten seconds of it go at once.
  [[nodiscard]] LatencyHistogram recent_latency() const noexcept;

  /// Latencies of frames from the start.
  [[nodiscard]] LatencyHistogram latency_in_all() const noexcept;

 private:
  static constexpr std::chrono::seconds kLatencySlot{10};
  static constexpr std::size_t kLatencySlots = 6;

  void turn_latency_slots(TimePoint now) noexcept;
  [[nodiscard]] LatencyHistogram& current_latency() noexcept {
    return latency_slots_[static_cast<std::size_t>(latency_slot_ % kLatencySlots)];
  }

  TimePoint started_at_;
  TimePoint interval_start_;
  Totals totals_;
  std::uint64_t closed_frames_ = 0;  // totals_.frames at the last tick()
  TopicTable topics_{kMaxRows};
  StreamTable streams_{kMaxRows};
  std::vector<LatencyHistogram> latency_slots_;  // kLatencySlots
  LatencyHistogram older_latency_;               // what has left the slots
  std::uint64_t latency_slot_ = 0;               // kLatencySlot since the start
};

}  // namespace omzmq::tap
