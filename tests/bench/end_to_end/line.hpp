// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

// The lines of the load, and what a receiver finds in them:
//
//   <13>Nov 22 10:00:00 host bench: 0000000042 0000000123456789012 request host=web refused
//
// A number that counts from 0, and the time when the line was handed to rsyslogd's socket. `%msg%`
// is what follows the colon, the blank included: the payload.

namespace omzmq::bench {

inline constexpr std::string_view kHead = "<13>Nov 22 10:00:00 host bench:";
inline constexpr std::size_t kNumberDigits = 10;
inline constexpr std::size_t kTimeDigits = 19;
inline constexpr std::size_t kNumberAt = 1;  ///< in the payload
inline constexpr std::size_t kTimeAt = kNumberAt + kNumberDigits + 1;
inline constexpr std::size_t kShortestPayload = kTimeAt + kTimeDigits;
inline constexpr std::size_t kShortestLine = kHead.size() + kShortestPayload;

/// The number of a line that only tells a receiver that the way to it is open.
inline constexpr std::uint64_t kProbe = 9999999999;

/// Nanoseconds of CLOCK_MONOTONIC, which all processes of the machine share.
[[nodiscard]] inline std::uint64_t now_ns() noexcept {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

/// Lines of one length, one behind the other, each with its LF. Made once; then only the numbers
/// and times are written, so that a load costs little.
///
/// Threads: one.
class LineBlock {
 public:
  /// REQUIRES: line_bytes >= kShortestLine, lines >= 1
  /// \param line_bytes  without the LF
  LineBlock(std::size_t lines, std::size_t line_bytes);

  [[nodiscard]] std::size_t lines() const noexcept { return lines_; }

  /// Numbers the first `count` lines from `first` on, and writes the time into each.
  /// REQUIRES: count <= lines()
  /// \return them, with their LFs; valid until the next call
  [[nodiscard]] std::string_view stamp(std::uint64_t first, std::size_t count,
                                       std::uint64_t time_ns) noexcept;

 private:
  const std::size_t lines_;
  const std::size_t stride_;
  std::string text_;
};

/// What stands in a payload; nothing when it is none of these lines.
[[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view payload) noexcept;
[[nodiscard]] std::optional<std::uint64_t> time_of(std::string_view payload) noexcept;

}  // namespace omzmq::bench
