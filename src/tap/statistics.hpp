// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "tap/troubles.hpp"

namespace omzmq::tap {

/// Counts what was received and words it. Owns no clock: each time comes from the caller, in the
/// order of time. Bytes are those of the messages, without what zmqtap writes between them; a MB is
/// 1,000,000 bytes.
///
/// Threads: one.
class Statistics {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kInterval{1};

  explicit Statistics(TimePoint now) noexcept : line_at_(now) {}

  /// What was taken out of one frame. A beat is no frame here.
  void count(std::uint64_t messages, std::uint64_t bytes) noexcept {
    messages_ += messages;
    bytes_ += bytes;
    ++frames_;
  }

  /// After messages were counted: remembers when, for the average in summary().
  void mark_received(TimePoint now) noexcept;

  /// The line about the time since the last one, or nothing while an interval is not over.
  [[nodiscard]] std::optional<std::string> line_if_due(TimePoint now, const Troubles& troubles);

  /// When line_if_due() has the next line.
  [[nodiscard]] TimePoint due_at() const noexcept { return line_at_ + kInterval; }

  /// The totals, and the average from the first message to the last.
  [[nodiscard]] std::string summary() const;

  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }

 private:
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t frames_ = 0;
  std::uint64_t line_messages_ = 0;  // these three at the last line
  std::uint64_t line_bytes_ = 0;
  std::uint64_t line_frames_ = 0;
  TimePoint line_at_;
  std::optional<TimePoint> first_at_;
  TimePoint last_at_;  // valid when first_at_ is set
};

}  // namespace omzmq::tap
