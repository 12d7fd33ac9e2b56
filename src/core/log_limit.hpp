// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "core/transaction.hpp"

namespace omzmq {

/// Keeps the log lines of one kind few. The first ones are said at once; what comes after them, in
/// the interval that began with the first, is only counted. The number is said with the next line,
/// or by itself once the interval is over and take_suppressed() is asked.
///
///     if (const auto before = limit_.admit(now)) {
///       log_.info(formatted("{} came{}", peer, told_suppressed(*before)));
///     }
///
/// Threads: one; where there are several, their caller holds a lock. Owns no clock: the time comes
/// with each call.
class LogLimit {
 public:
  static constexpr std::uint64_t kAtOnce = 5;
  static constexpr Clock::duration kInterval = std::chrono::seconds(30);

  /// \param at_once  lines that an interval has; at least 1
  explicit LogLimit(std::uint64_t at_once = kAtOnce, Clock::duration interval = kInterval) noexcept
      : at_once_(at_once), interval_(interval) {}

  /// There is a line to be said. \return how many were suppressed before it, if it may be said now;
  /// nothing, and it is counted, if not
  [[nodiscard]] std::optional<std::uint64_t> admit(Clock::time_point now) noexcept;

  /// Whether admit() would let a line be said now.
  [[nodiscard]] bool would_admit(Clock::time_point now) const noexcept {
    return now >= ends_ || said_ < at_once_;
  }

  /// Lines that were not said, and that nobody was told of yet.
  [[nodiscard]] std::uint64_t suppressed() const noexcept { return suppressed_; }

  /// How many were suppressed in an interval that is over: to be said in a line of its own, because
  /// none has come since. 0: there is nothing to say.
  [[nodiscard]] std::uint64_t take_suppressed(Clock::time_point now) noexcept;

  /// When take_suppressed() has something to say; Clock::time_point::max(): not before the next
  /// line.
  [[nodiscard]] Clock::time_point next_deadline() const noexcept;

 private:
  const std::uint64_t at_once_;
  const Clock::duration interval_;
  Clock::time_point ends_ = Clock::time_point::min();  ///< of the interval
  std::uint64_t said_ = 0;                             ///< in the interval
  std::uint64_t suppressed_ = 0;
};

/// What follows the text of a line before which `count` were suppressed: nothing for 0.
[[nodiscard]] std::string told_suppressed(std::uint64_t count);

}  // namespace omzmq
