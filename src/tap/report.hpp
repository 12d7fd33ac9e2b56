// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace omzmq::tap {

/// All that is said on standard error while the program runs, a line each, behind "zmqtap: ". Of
/// more than kLinesPerSecond events in a second the rest is left out, and how many those were is
/// said: trouble comes in floods, and whoever reads should not have to wait for the terminal.
///
/// A standard error that cannot be written is no reason to end, nor to stand still: what is said is
/// lost then. One that has no room is given kPatience, once until it has room again.
///
/// Threads: one.
class Report {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr unsigned kLinesPerSecond = 10;
  static constexpr std::chrono::milliseconds kPatience{100};

  enum class Level {
    kErrors,   ///< fail() and print()
    kNormal,   ///< say() and show_block(), too
    kVerbose,  ///< and mention()
  };

  explicit Report(Level level);
  ~Report();
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  /// Why the program ends before its time; always said.
  void fail(std::string_view text);

  /// An event that who runs the program wants to know.
  void say(std::string_view text);

  /// An event that -v asks for.
  void mention(std::string_view text);

  /// A line that was asked for and is never left out.
  void print(std::string_view text);

  /// Some lines, each with its LF, that replace those of the last call where standard error is a
  /// terminal, and stay below all other lines. They are cut to the terminal's size.
  void show_block(std::string block);

  /// The block stays as it is, and what comes next is written below it.
  void end_block() noexcept;

  /// To be called at due_at(): tells how many lines were left out.
  void tick(TimePoint now);
  [[nodiscard]] std::optional<TimePoint> due_at() const noexcept;

  void set_level(Level level) noexcept { level_ = level; }

 private:
  void write_event(std::string_view text);
  void write_line(std::string_view text);
  void write(const std::string& text);
  void write_through(std::string_view bytes);
  bool has_room();

  Level level_;
  bool is_terminal_;
  bool may_block_ = false;
  bool is_stuck_ = false;       // it had no room, for all the patience
  std::string block_;           // what show_block() shows now
  std::size_t block_rows_ = 0;  // of it, on the terminal
  TimePoint second_{};          // when the current second began
  unsigned lines_ = 0;          // in it
  std::uint64_t left_out_ = 0;
};

}  // namespace omzmq::tap
