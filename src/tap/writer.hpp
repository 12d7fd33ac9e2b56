// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>

namespace omzmq::tap {

/// What became of a write.
enum class [[nodiscard]] WriteResult{
    Ok,
    Closed,     // the reader of the pipe or socket is gone (EPIPE)
    Abandoned,  // a stop was asked for, and the reader took nothing for the grace period
    Failed,     // any other error: Writer::error() has it
};

/// Writes messages to a file descriptor through a buffer, each followed by LF.
///
/// A reader that does not read must not keep a signal from ending the program: before a write that
/// could block, the writer waits for room or for `stop_fd` to become readable, and from then on for
/// `stop_grace` at most. After any result but Ok the writer is spent: nothing more is written, and
/// the same result comes back.
///
/// Threads: one.
/// Ownership: both descriptors stay the caller's. SIGPIPE must be ignored.
class Writer {
 public:
  static constexpr std::size_t kCapacity = std::size_t{256} << 10;  // bytes
  static constexpr std::chrono::milliseconds kStopGrace{2000};

  /// `stop_fd` -1: nothing ends a wait but the reader.
  explicit Writer(int fd, int stop_fd = -1, std::chrono::milliseconds stop_grace = kStopGrace);

  /// Buffers one message; writes when the buffer is full.
  WriteResult write(std::string_view message);

  /// Writes what the buffer holds.
  WriteResult flush();

  /// The errno of what Failed.
  [[nodiscard]] int error() const noexcept { return error_; }

  /// Whether the reader of a pipe can vanish while nothing is written: then fd is worth polling.
  [[nodiscard]] bool is_pipe() const noexcept { return is_pipe_; }

 private:
  WriteResult write_through(std::string_view bytes);
  WriteResult wait_for_room();

  int fd_;
  int stop_fd_;
  std::chrono::milliseconds stop_grace_;
  int error_ = 0;
  bool is_pipe_ = false;
  bool may_block_ = false;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point give_up_at_;  // valid while stopping_
  WriteResult state_ = WriteResult::Ok;
  std::size_t size_ = 0;
  std::unique_ptr<char[]> buffer_;  // kCapacity bytes, the first size_ of them waiting
};

}  // namespace omzmq::tap
