// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <limits>
#include <system_error>
#include <utility>

#include "common/format.hpp"

namespace omzmq::tap {
namespace {

constexpr std::chrono::seconds kLookInterval{1};

std::string text_of(int error) { return std::generic_category().message(error); }

std::string cannot_open(const std::string& file, int error) {
  if (error == ENXIO)
    return formatted("cannot open '{}': it is a pipe that nobody reads, or a socket", file);
  return formatted("cannot open '{}': {}", file, text_of(error));
}

}  // namespace

Output::Output(OutputOptions options, int fd, int stop_fd, TimePoint now)
    : options_(std::move(options)),
      fd_(fd),
      max_bytes_(options_.rotate_bytes != 0 ? options_.rotate_bytes
                                            : std::numeric_limits<std::uint64_t>::max()),
      now_(now),
      writer_(fd, stop_fd) {
  if (!is_file()) {
    max_bytes_ = std::numeric_limits<std::uint64_t>::max();
    return;
  }
  fd_ = -1;
  if (!open_file()) throw OutputError(error_);
  if (!is_regular_ && (options_.rotate_bytes != 0 || options_.rotate_every.count() != 0)) {
    close_file();
    throw OutputError(formatted("'{}' is not a regular file and cannot be rotated", options_.file));
  }
}

Output::~Output() {
  if (is_file()) close_file();
}

WriteResult Output::write(std::string_view record, std::string_view end) {
  const std::size_t size = record.size() + end.size();
  if (bytes_ + size > max_bytes_ && bytes_ != 0) {
    if (rotate() != WriteResult::kOk) return state_;
  } else if (!writer_.has_room(size)) {
    // A record that is larger than the buffer is written past flush().
    if (flush() != WriteResult::kOk || !replace_if_removed()) return state_;
  }
  bytes_ += size;
  return check(writer_.write(record, end));
}

WriteResult Output::flush() {
  if (state_ != WriteResult::kOk) return state_;
  // Whoever flushes may tell the sender that the records are safe: not in a file without a name.
  if (writer_.buffered_bytes() != 0 && !replace_if_removed()) return state_;
  if (check(writer_.flush()) == WriteResult::kOk) safe_bytes_ = bytes_;
  return state_;
}

WriteResult Output::tick(TimePoint now) {
  now_ = now;
  if (state_ != WriteResult::kOk || !is_regular_) return state_;
  if (const auto due = due_at(); due && now >= *due) {
    if (bytes_ != 0) return rotate();
    opened_at_ = now;
  }
  if (now - looked_at_ >= kLookInterval) {
    looked_at_ = now;
    replace_if_removed();
  }
  return state_;
}

std::optional<Output::TimePoint> Output::due_at() const noexcept {
  if (!is_regular_ || options_.rotate_every.count() == 0) return std::nullopt;
  return opened_at_ + options_.rotate_every;
}

WriteResult Output::reopen(TimePoint now) {
  now_ = now;
  if (!is_file() || flush() != WriteResult::kOk) return state_;
  close_file();
  open_file();
  return state_;
}

std::string Output::error_text() const {
  const std::string name = is_file() ? formatted("'{}'", options_.file) : "standard output";
  if (state_ == WriteResult::kAbandoned)
    return formatted("the reader of {} stopped reading: the last messages are not written", name);
  if (!error_.empty()) return error_;
  return formatted("cannot write to {}: {}", name, text_of(writer_.error()));
}

WriteResult Output::rotate() {
  if (flush() != WriteResult::kOk) return state_;
  close_file();
  if (shift_names()) open_file();
  return state_;
}

/// FILE.1 becomes FILE.2 and so on, up to the first number that is free or the last one that is
/// kept, and FILE becomes FILE.1.
bool Output::shift_names() {
  if (options_.rotate_keep == 0) {
    if (unlink(options_.file.c_str()) == 0 || errno == ENOENT) return true;
    return fail(formatted("cannot remove '{}': {}", options_.file, text_of(errno)));
  }
  unsigned number = 1;
  while (number < options_.rotate_keep && access(numbered(number).c_str(), F_OK) == 0) ++number;
  for (; number != 0; --number) {
    const std::string from = numbered(number - 1);
    const std::string to = numbered(number);
    // Somebody may have taken a file away in the meantime.
    if (std::rename(from.c_str(), to.c_str()) != 0 && errno != ENOENT)
      return fail(formatted("cannot rename '{}' to '{}': {}", from, to, text_of(errno)));
  }
  return true;
}

/// Opens the file and lets Writer go on with it; false: it failed.
bool Output::open_file() {
  // O_NONBLOCK: a pipe that nobody reads is an error now instead of a wait without end.
  constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
  constexpr mode_t kMode = 0666;  // less the umask, as for a redirection in a shell
  fd_ = ::open(options_.file.c_str(), kFlags, kMode);
  struct stat status {};
  if (fd_ < 0 || fstat(fd_, &status) != 0) return fail(cannot_open(options_.file, errno));
  is_regular_ = S_ISREG(status.st_mode);
  base_bytes_ = is_regular_ ? static_cast<std::uint64_t>(status.st_size) : 0;
  base_written_ = writer_.written_bytes();
  safe_bytes_ = base_bytes_;
  bytes_ = base_bytes_ + writer_.buffered_bytes();
  opened_at_ = now_;
  looked_at_ = now_;
  writer_.use(fd_);
  return true;
}

/// Makes the file again if somebody removed it; what is buffered goes to the new one. False: that
/// failed.
bool Output::replace_if_removed() {
  if (!is_regular_ || !is_removed()) return true;
  close_file();
  return open_file();
}

void Output::close_file() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

WriteResult Output::check(WriteResult result) {
  if (result != WriteResult::kOk && state_ == WriteResult::kOk) {
    state_ = result;
    cut_back();
  }
  return state_;
}

/// Always false.
bool Output::fail(std::string why) {
  error_ = std::move(why);
  state_ = WriteResult::kFailed;
  return false;
}

/// Takes what a failed write left away, unless somebody else wrote to the file too.
void Output::cut_back() const noexcept {
  if (!is_regular_) return;
  const std::uint64_t expected = base_bytes_ + (writer_.written_bytes() - base_written_);
  struct stat status {};
  if (fstat(fd_, &status) != 0 || static_cast<std::uint64_t>(status.st_size) != expected) return;
  // The write's failure is what is told; a second one adds nothing.
  [[maybe_unused]] const int rc = ftruncate(fd_, static_cast<off_t>(safe_bytes_));
}

std::string Output::numbered(unsigned number) const {
  return number == 0 ? options_.file : formatted("{}.{}", options_.file, number);
}

bool Output::is_removed() const noexcept {
  struct stat status {};
  return fstat(fd_, &status) == 0 && status.st_nlink == 0;
}

}  // namespace omzmq::tap
