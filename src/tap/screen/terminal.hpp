// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <termios.h>

#include <csignal>
#include <string>
#include <string_view>

#include "tap/screen/screen.hpp"
#include "tap/screen/signal_fd.hpp"

namespace omzmq::tap {

/// What became of a redraw.
enum class [[nodiscard]] DrawResult{
    kDrawn,
    kSkipped,  // in the background, or the terminal has not yet taken all of the last redraw
    kLost,     // the terminal is gone
};

/// The terminal of the user, used as a whole screen: that of standard output or, when a program
/// reads standard output, that of standard error. Keys come from the same terminal, wherever
/// standard input comes from.
///
/// While it is "on the screen" the terminal shows its alternate screen without a cursor and gives
/// each key at once, without echo; Ctrl-C and Ctrl-Z stay signals. Before the program stops at
/// Ctrl-Z the terminal is given back as it was, and so it is at the end, whatever ends the object.
/// A program in the background leaves the terminal alone and takes it once it is in the
/// foreground.
///
/// Nothing here waits for a terminal that does not read, but for kPatience.
///
/// Threads: one, the main thread. Construct it before any other thread starts, as threads inherit
/// the blocked signals: SIGWINCH, SIGTSTP, SIGCONT and SIGHUP. The signals that are blocked after
/// its end are those that were before its start.
class Terminal {
 public:
  static constexpr int kPatienceMs = 20;        // for a redraw
  static constexpr int kLeavePatienceMs = 500;  // for giving the terminal back

  /// Whether there is a terminal to draw on.
  [[nodiscard]] static bool is_available() noexcept;

  /// Takes the terminal. Throws std::system_error.
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Readable when a key was pressed: then call read_keys(). -1 while the program is not on the
  /// screen, so ask before each poll().
  [[nodiscard]] int key_fd() const noexcept { return on_screen_ ? fd_ : -1; }

  /// Readable when a signal came: then call handle_signals(). The same all the time.
  [[nodiscard]] int signal_fd() const noexcept { return signals_.fd(); }

  /// The keys pressed since the last call, without those that send more than one character, such
  /// as arrows. Never waits.
  [[nodiscard]] std::string read_keys();

  /// Handles what came since the last call: stops the program at Ctrl-Z and returns when it goes
  /// on. Never waits otherwise. True: the screen must be drawn anew.
  [[nodiscard]] bool handle_signals();

  /// 80 x 24 for a terminal that does not know.
  [[nodiscard]] ScreenSize size() const noexcept;

  /// Shows `text`, lines separated by LF that fit the size, in place of what is there, with a
  /// single write.
  DrawResult draw(std::string_view text);

  /// True after a hang-up: nobody sees the screen any more.
  [[nodiscard]] bool is_lost() const noexcept { return is_lost_; }

 private:
  bool in_foreground() const noexcept;
  bool enter() noexcept;
  void leave() noexcept;
  void stop_and_go_on() noexcept;
  bool set_raw_mode() const noexcept;
  bool send_waiting(int patience_ms) noexcept;

  int fd_;
  sigset_t blocked_before_;
  SignalFd signals_;
  bool on_screen_ = false;
  bool is_lost_ = false;
  termios saved_{};      // how the terminal was; valid while on_screen_
  std::string waiting_;  // written as soon as the terminal takes it
};

}  // namespace omzmq::tap
