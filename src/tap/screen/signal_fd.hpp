// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <optional>
#include <vector>

namespace omzmq::tap {

/// Turns signals into a file descriptor that can be read. A signal that is ignored when the program
/// starts, as SIGINT is for what a script runs in the background, stays ignored.
///
/// Threads: construct it before any other thread starts, as threads inherit the blocked signals.
/// The signals stay blocked after its end: whoever asked once is not answered by a kill.
class SignalFd {
 public:
  /// Throws std::system_error.
  explicit SignalFd(const std::vector<int>& signals);
  ~SignalFd();
  SignalFd(const SignalFd&) = delete;
  SignalFd& operator=(const SignalFd&) = delete;

  /// Readable while there is a next().
  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// Takes a signal that came, or nothing. Never waits.
  [[nodiscard]] std::optional<int> next() noexcept;

 private:
  int fd_;
};

}  // namespace omzmq::tap
