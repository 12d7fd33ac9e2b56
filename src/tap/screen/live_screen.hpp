// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tap/screen/screen.hpp"
#include "tap/screen/terminal.hpp"
#include "tap/screen/traffic.hpp"

namespace omzmq::tap {

/// The live screen of --top: shows a Traffic on the terminal, redrawn in place, and obeys keys (q
/// quits, p or space pauses the display, t and s put topics or streams first).
///
/// How to drive it from a poll loop:
///   if (!LiveScreen::is_possible()) refuse with LiveScreen::kNeedsTerminal
///   the SignalFd of SIGINT and SIGTERM, then LiveScreen, then whatever starts threads
///   each turn:
///     count what came:               traffic.seen(frame) ...
///     const bool ticked = traffic.tick(now);
///     if (screen.wants_redraw(ticked)) screen.redraw(traffic, now, extra_lines);
///     if (screen.wants_quit()) end as at SIGINT
///     poll key_fd() (asked anew each time: -1 at times) and signal_fd() for POLLIN, until
///       traffic.due_at() at the latest
///     if one of them has any event: screen.handle_input()
/// Nothing else may write to the terminal as long as it lives: reports come after its end.
///
/// Threads: one, the main thread; construct it before other threads start (see Terminal).
class LiveScreen {
 public:
  static constexpr std::string_view kNeedsTerminal =
      "--top needs a terminal; --stats writes plain lines";

  /// Whether standard output or standard error is a terminal.
  [[nodiscard]] static bool is_possible() noexcept { return Terminal::is_available(); }

  /// Takes the terminal. `endpoints` is for the header, such as "pull tcp://*:5555". Throws
  /// std::system_error.
  explicit LiveScreen(std::string endpoints)
      : endpoints_(std::move(endpoints)), style_(ScreenStyle::from_environment()) {}

  [[nodiscard]] int key_fd() const noexcept { return terminal_.key_fd(); }
  [[nodiscard]] int signal_fd() const noexcept { return terminal_.signal_fd(); }

  /// Takes keys and signals, if there are any. Never waits, but that Ctrl-Z stops the program in
  /// it.
  void handle_input();

  /// `ticked`: what Traffic::tick() has just returned. True at first, when the numbers moved and
  /// the display is not paused, after a resize, and after a key that changes the screen.
  [[nodiscard]] bool wants_redraw(bool ticked) const noexcept {
    return is_outdated_ || (ticked && !is_paused_);
  }

  /// Draws what the traffic has. A terminal that does not read in time is left out once.
  void redraw(const Traffic& traffic, Traffic::TimePoint now,
              const std::vector<std::string>& extra_lines);

  /// After q, and when the terminal is gone.
  [[nodiscard]] bool wants_quit() const noexcept { return wants_quit_ || terminal_.is_lost(); }

 private:
  void press(char key) noexcept;

  std::string endpoints_;
  ScreenStyle style_;
  bool is_outdated_ = true;
  bool is_paused_ = false;
  bool streams_first_ = false;
  bool wants_quit_ = false;
  Terminal terminal_;
};

}  // namespace omzmq::tap
