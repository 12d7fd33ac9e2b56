// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/report.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "common/format.hpp"

namespace omzmq::tap {
namespace {

constexpr std::chrono::seconds kSecond{1};
constexpr std::size_t kUnknownRows = 24;

// A pipe or a terminal that poll() calls writable takes so many bytes without blocking.
constexpr std::size_t kNonBlockingBytes = PIPE_BUF;

// Long lines are cut, not wrapped, while a block is drawn: its rows have to be known.
constexpr std::string_view kNoWrap = "\x1b[?7l";
constexpr std::string_view kWrap = "\x1b[?7h";

std::size_t terminal_rows() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1 ? size.ws_row
                                                                         : kUnknownRows;
}

/// Takes off the lines beyond the first `rows`.
std::string first_lines(const std::string& block, std::size_t rows) {
  std::size_t end = 0;
  for (; rows > 0 && end < block.size(); --rows) {
    end = std::min(block.find('\n', end), block.size() - 1) + 1;
  }
  return block.substr(0, end);
}

}  // namespace

Report::Report(Level level) : level_(level), is_terminal_(isatty(STDERR_FILENO) == 1) {
  struct stat status {};
  may_block_ = is_terminal_ || (fstat(STDERR_FILENO, &status) == 0 &&
                                (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode)));
}

Report::~Report() { tick(TimePoint::max()); }

void Report::fail(std::string_view text) { write_line(text); }

void Report::say(std::string_view text) {
  if (level_ != Level::kErrors) {
    write_event(text);
  }
}

void Report::mention(std::string_view text) {
  if (level_ == Level::kVerbose) {
    write_event(text);
  }
}

void Report::print(std::string_view text) { write_line(text); }

void Report::show_block(std::string block) {
  if (level_ != Level::kErrors) {
    block_ = std::move(block);
    write({});
  }
}

void Report::end_block() noexcept {
  block_.clear();
  block_rows_ = 0;
}

void Report::tick(TimePoint now) {
  if (now - kSecond < second_) {
    return;
  }
  if (std::exchange(lines_, 0) >= kLinesPerSecond && left_out_ > 0) {
    write_line(formatted("... and {} more lines like these", std::exchange(left_out_, 0)));
  }
  second_ = now;
}

std::optional<Report::TimePoint> Report::due_at() const noexcept {
  return left_out_ > 0 ? std::optional(second_ + kSecond) : std::nullopt;
}

void Report::write_event(std::string_view text) {
  tick(std::chrono::steady_clock::now());
  if (lines_ >= kLinesPerSecond) {
    ++left_out_;
    return;
  }
  ++lines_;
  write_line(text);
}

void Report::write_line(std::string_view text) { write(formatted("zmqtap: {}\n", text)); }

/// Writes `text`, and the block below it; in one piece, so that nothing flickers.
void Report::write(const std::string& text) {
  std::string all;
  if (is_terminal_) {
    if (block_rows_ > 0) {
      all += formatted("\x1b[{}F\x1b[J", block_rows_);
    }
    const std::string block = first_lines(block_, terminal_rows() - 1);
    block_rows_ = static_cast<std::size_t>(std::count(block.begin(), block.end(), '\n'));
    all += text;
    if (!block.empty()) {
      all.append(kNoWrap).append(block).append(kWrap);
    }
  } else if (text.empty()) {
    all = block_;
  } else {
    all = text;
  }
  write_through(all);
}

void Report::write_through(std::string_view bytes) {
  while (!bytes.empty() && has_room()) {
    const std::size_t chunk = may_block_ ? std::min(bytes.size(), kNonBlockingBytes) : bytes.size();
    const ssize_t written = ::write(STDERR_FILENO, bytes.data(), chunk);
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      return;
    }
  }
}

/// Whether something can be written without standing still for a reader that does not read.
bool Report::has_room() {
  if (!may_block_) {
    return true;
  }
  pollfd watched{STDERR_FILENO, POLLOUT, 0};
  int ready = -1;
  do {
    ready = poll(&watched, 1, is_stuck_ ? 0 : static_cast<int>(kPatience.count()));
  } while (ready < 0 && errno == EINTR);
  is_stuck_ = ready <= 0;
  return !is_stuck_;
}

}  // namespace omzmq::tap
