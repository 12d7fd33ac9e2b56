// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace omzmq::demo {

/// A TCP connection to 127.0.0.1 that takes lines, each ended by LF.
///
/// Threads: one.
class LineSender {
 public:
  /// Connects. Throws std::system_error.
  explicit LineSender(std::uint16_t port);
  ~LineSender();
  LineSender(const LineSender&) = delete;
  LineSender& operator=(const LineSender&) = delete;

  /// Sends whole lines and waits while the other side takes nothing; once `stop_fd` is readable,
  /// for `grace` at most. Returns how many lines went out whole, which is all of them unless the
  /// grace ran out. Throws std::system_error when the connection breaks; lines_sent() still holds.
  std::uint64_t send(std::string_view lines, int stop_fd, std::chrono::milliseconds grace);

  /// Lines that were given to the kernel whole since the beginning.
  [[nodiscard]] std::uint64_t lines_sent() const noexcept { return lines_sent_; }

 private:
  bool wait_for_room(int stop_fd, std::chrono::milliseconds grace) const;

  int fd_;
  std::uint64_t lines_sent_ = 0;
};

}  // namespace omzmq::demo
