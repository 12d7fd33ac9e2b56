// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include "core/event_fd.hpp"

namespace omzmq {

/// One descriptor to sleep on in place of several.
///
/// Threads: one.
class SleepSet {
 public:
  /// \throws std::system_error when no file descriptor is left
  SleepSet();
  ~SleepSet();
  SleepSet(const SleepSet&) = delete;
  SleepSet& operator=(const SleepSet&) = delete;

  /// \param fd  stays open for as long as this lives, or is closed for good
  /// \throws std::system_error
  void add(int fd);

  /// Readable while one of those that were added is.
  [[nodiscard]] int fd() const noexcept { return epoll_; }

  /// Readable always: for who has something to do that no descriptor tells of.
  [[nodiscard]] int ready_fd() const noexcept { return ready_.fd(); }

 private:
  EventFd ready_;
  int epoll_;
};

}  // namespace omzmq
