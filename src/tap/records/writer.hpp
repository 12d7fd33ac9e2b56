// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace omzmq::tap {

/// What became of a write.
enum class [[nodiscard]] WriteResult{
    kOk,
    kClosed,     ///< the reader of the pipe or socket is gone (EPIPE)
    kAbandoned,  ///< a stop was asked for, and the reader took nothing for the grace period
    kFailed,     ///< any other error: error() has it
};

/// Writes records to a file descriptor through a buffer.
///
/// A reader that does not read must not keep a signal from ending the program: before a write that
/// could block, the writer waits for room or for `stop_fd` to become readable, and from then on for
/// `stop_grace` at most. After any result but kOk the writer is spent: nothing more is written, and
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

  /// Buffers `record` and `end` after it; writes when the buffer is full.
  WriteResult write(std::string_view record, std::string_view end);

  /// Writes what the buffer holds.
  WriteResult flush();

  /// Goes on with another descriptor, which gets what is buffered too. The last result must be kOk.
  void use(int fd);

  /// Whether so many bytes can be buffered without a write.
  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept {
    return bytes <= kCapacity - size_;
  }

  [[nodiscard]] std::size_t buffered_bytes() const noexcept { return size_; }

  /// Bytes that the descriptors took so far.
  [[nodiscard]] std::uint64_t written_bytes() const noexcept { return written_bytes_; }

  /// The errno of what failed.
  [[nodiscard]] int error() const noexcept { return error_; }

  /// Whether the reader of a pipe can vanish while nothing is written: then fd is worth polling.
  [[nodiscard]] bool is_pipe() const noexcept { return is_pipe_; }

 private:
  WriteResult write_large(std::string_view record, std::string_view end);
  void append(std::string_view bytes) noexcept;
  WriteResult write_through(std::string_view bytes);
  WriteResult wait_for_room();

  int fd_ = -1;
  int stop_fd_;
  std::chrono::milliseconds stop_grace_;
  int error_ = 0;
  bool is_pipe_ = false;
  bool may_block_ = false;
  bool stopping_ = false;
  std::chrono::steady_clock::time_point give_up_at_;  // valid while stopping_
  WriteResult state_ = WriteResult::kOk;
  std::uint64_t written_bytes_ = 0;
  std::size_t size_ = 0;
  std::unique_ptr<char[]> buffer_;  // kCapacity bytes, the first size_ of them waiting
};

}  // namespace omzmq::tap
