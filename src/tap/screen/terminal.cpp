// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/screen/terminal.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <optional>
#include <system_error>

namespace omzmq::tap {
namespace {

// Alternate screen, no cursor, no wrapping of lines that are wider than expected.
constexpr std::string_view kEnter = "\033[?1049h\033[?25l\033[?7l";
// Cleared before it is left: some terminals move lines of an alternate screen that was resized into
// the history of the other one.
constexpr std::string_view kLeave = "\033[0m\033[H\033[J\033[?7h\033[?25h\033[?1049l";
// Terminals that know synchronised updates show all between these two at once; others ignore them.
constexpr std::string_view kBeginUpdate = "\033[?2026h\033[H";
constexpr std::string_view kEndUpdate = "\033[?2026l";
constexpr std::string_view kClearLine = "\033[K";
constexpr std::string_view kClearBelow = "\033[J";
// Ends an escape sequence of which only a part was sent.
constexpr std::string_view kCancel = "\030";

/// The name of the terminal to draw on; empty: there is none.
std::string terminal_name() noexcept {
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
    if (std::array<char, 256> name{}; ttyname_r(fd, name.data(), name.size()) == 0) {
      return name.data();
    }
    if (isatty(fd) == 1) {
      return "/dev/tty";  // of a name space that cannot see where the terminal is
    }
  }
  return {};
}

/// With an open file description of its own: the terminal of the shell must not stop blocking.
int open_terminal() {
  const std::string name = terminal_name();
  const int fd = name.empty() ? -1 : open(name.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) {
    throw std::system_error(name.empty() ? ENOTTY : errno, std::generic_category(),
                            "cannot open the terminal " + name);
  }
  return fd;
}

/// The keys without those that send an escape and more, all in one piece: ESC [ ... letter,
/// ESC O letter, ESC letter.
std::string single_keys(std::string_view pressed) {
  constexpr char kEscape = '\033';
  std::string keys;
  for (std::size_t i = 0; i < pressed.size(); ++i) {
    if (pressed[i] != kEscape) {
      keys += pressed[i];
      continue;
    }
    ++i;
    const char kind = i < pressed.size() ? pressed[i] : '\0';
    if (kind == 'O') {
      ++i;
    } else if (kind == '[') {
      do {
        ++i;
      } while (i < pressed.size() && (pressed[i] < '@' || pressed[i] > '~'));
    }
  }
  return keys;
}

/// The signals that this thread blocks now.
sigset_t blocked_signals() noexcept {
  sigset_t blocked;
  sigemptyset(&blocked);
  pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return blocked;
}

}  // namespace

bool Terminal::is_available() noexcept {
  return isatty(STDOUT_FILENO) == 1 || isatty(STDERR_FILENO) == 1;
}

Terminal::Terminal()
    : fd_(open_terminal()),
      blocked_before_(blocked_signals()),
      signals_({SIGWINCH, SIGTSTP, SIGCONT, SIGHUP}) {
  enter();
}

Terminal::~Terminal() {
  leave();
  close(fd_);
  // A hang-up that is still waiting must not kill a program that is about to end in order.
  while (signals_.next()) {
  }
  pthread_sigmask(SIG_SETMASK, &blocked_before_, nullptr);
}

std::string Terminal::read_keys() {
  std::string keys;
  std::array<char, 64> bytes{};
  while (on_screen_) {
    const ssize_t size = read(fd_, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) {
      continue;
    }
    if (size == 0 || (size < 0 && errno != EAGAIN)) {
      is_lost_ = true;
    }
    if (size <= 0) {
      break;
    }
    keys += single_keys({bytes.data(), static_cast<std::size_t>(size)});
  }
  return keys;
}

bool Terminal::handle_signals() {
  bool redraw = false;
  while (const std::optional<int> signal = signals_.next()) {
    redraw = true;
    if (signal == SIGTSTP) {
      stop_and_go_on();
    } else if (signal == SIGHUP) {
      is_lost_ = true;
    } else if (signal == SIGCONT) {
      // After a SIGSTOP the shell has changed the terminal without a word.
      if (on_screen_ && in_foreground() && set_raw_mode()) {
        waiting_ = std::string(kCancel).append(kEnter);
      } else {
        on_screen_ = false;
        enter();
      }
    }
  }
  return redraw;
}

ScreenSize Terminal::size() const noexcept {
  winsize size{};
  if (ioctl(fd_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) {
    return {};
  }
  return {size.ws_col, size.ws_row};
}

DrawResult Terminal::draw(std::string_view text) {
  if (!is_lost_ && (on_screen_ || enter())) {
    if (!waiting_.empty() && waiting_.find(kEndUpdate) != std::string::npos &&
        !send_waiting(kPatienceMs)) {
      return is_lost_ ? DrawResult::kLost : DrawResult::kSkipped;
    }
    waiting_ += kBeginUpdate;
    for (bool is_first = true; is_first || !text.empty(); is_first = false) {
      const std::size_t end = text.find('\n');
      waiting_.append(is_first ? "" : "\r\n").append(text.substr(0, end)).append(kClearLine);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    waiting_.append(kClearBelow).append(kEndUpdate);
    send_waiting(kPatienceMs);
  }
  return is_lost_ ? DrawResult::kLost : on_screen_ ? DrawResult::kDrawn : DrawResult::kSkipped;
}

bool Terminal::in_foreground() const noexcept {
  const pid_t group = tcgetpgrp(fd_);
  // A terminal that does not control this session knows no background.
  return group < 0 ? errno == ENOTTY : group == getpgrp();
}

bool Terminal::enter() noexcept {
  if (!in_foreground() || tcgetattr(fd_, &saved_) != 0 || !set_raw_mode()) {
    return false;
  }
  on_screen_ = true;
  waiting_ = kEnter;
  return true;
}

bool Terminal::set_raw_mode() const noexcept {
  termios raw = saved_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO | IEXTEN);
  raw.c_lflag |= ISIG;
  raw.c_iflag &= ~static_cast<tcflag_t>(IXON | ICRNL);  // Ctrl-S must not stop the output
  raw.c_cc[VMIN] = 1;
  raw.c_cc[VTIME] = 0;
  raw.c_cc[VQUIT] = _POSIX_VDISABLE;  // a core dump does not give the terminal back
  return tcsetattr(fd_, TCSANOW, &raw) == 0;
}

void Terminal::leave() noexcept {
  if (!on_screen_) {
    return;
  }
  on_screen_ = false;
  // From the background it would change the terminal of the shell.
  if (!in_foreground()) {
    return;
  }
  waiting_ = waiting_.empty() ? std::string(kLeave) : std::string(kCancel).append(kLeave);
  send_waiting(kLeavePatienceMs);
  tcsetattr(fd_, TCSANOW, &saved_);
}

void Terminal::stop_and_go_on() noexcept {
  leave();
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTSTP);
  // The default action stops the program here, unless there is no shell that could continue it.
  if (raise(SIGTSTP) == 0) {
    pthread_sigmask(SIG_UNBLOCK, &stop, nullptr);
    pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  }
  enter();
}

/// False: a part is left, or the terminal is lost.
bool Terminal::send_waiting(int patience_ms) noexcept {
  using Clock = std::chrono::steady_clock;
  const auto give_up_at = Clock::now() + std::chrono::milliseconds(patience_ms);
  while (!waiting_.empty()) {
    const ssize_t size = write(fd_, waiting_.data(), waiting_.size());
    if (size > 0) {
      waiting_.erase(0, static_cast<std::size_t>(size));
    } else if (errno == EAGAIN) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(give_up_at - Clock::now()).count();
      pollfd room{fd_, POLLOUT, 0};
      if (left <= 0 || poll(&room, 1, static_cast<int>(left)) == 0) {
        return false;
      }
    } else if (errno != EINTR) {
      is_lost_ = true;
      return false;
    }
  }
  return true;
}

}  // namespace omzmq::tap
