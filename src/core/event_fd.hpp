// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

namespace omzmq {

/// Wakes one thread that sleeps in poll(). Notifications are not counted: one that comes while
/// nobody waits makes the next wait return at once.
///
/// Threads: notify() from any; wait() and clear() from the thread that sleeps.
class EventFd {
 public:
  /// \throws std::system_error when no file descriptor is left
  EventFd();
  ~EventFd();
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;

  void notify() noexcept;

  /// Forgets the notifications so far.
  void clear() noexcept;

  /// Sleeps until notified, `timeout_ms` is over, or a signal came; then clear().
  void wait(int timeout_ms) noexcept;

  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

}  // namespace omzmq
