// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

namespace omzmq::tap {

/// Turns SIGINT and SIGTERM into a readable file descriptor. A signal that is ignored when the
/// program starts, as SIGINT is for what a script runs in the background, stays ignored.
///
/// Threads: construct it before any other thread starts, as threads inherit the blocked signals.
/// The signals stay blocked after its end: whoever asked once is not answered by a kill.
class StopSignals {
 public:
  /// Throws std::system_error.
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  /// Readable from the first signal on; nobody reads it.
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace omzmq::tap
