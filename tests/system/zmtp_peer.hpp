// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "wait.hpp"

namespace omzmq::test {

// A peer that speaks ZMTP 3.0 over TCP by itself, without libzmq, so that a test sees and says what
// libzmq hides: commands, heart-beats, silence. Failures throw std::runtime_error.
// Threads: one.
class ZmtpPeer {
 public:
  struct Frame {
    bool command = false;
    bool more = false;
    std::string body;
  };

  // Connects to 127.0.0.1, as soon as somebody listens there, and says nothing yet.
  explicit ZmtpPeer(int port);
  // Connects and completes the handshake as a socket of this type, e.g. "SUB".
  ZmtpPeer(int port, const std::string& socket_type);
  ~ZmtpPeer();
  ZmtpPeer(const ZmtpPeer&) = delete;
  ZmtpPeer& operator=(const ZmtpPeer&) = delete;

  // These bytes as they are.
  void write(std::string_view bytes) const;
  void subscribe(const std::string& prefix);
  void ping();
  // The next frame; nothing when the other side closed or was silent for the bound.
  std::optional<Frame> read(std::chrono::milliseconds bound = default_bound());
  // Reads on until a command of this name comes; its body after the name.
  std::optional<std::string> wait_for_command(std::string_view name);
  // Reads and forgets until the other side closes; false when it did not within the bound.
  bool wait_closed(std::chrono::milliseconds bound = default_bound());

 private:
  void write_command(std::string_view body) const;
  bool read_exactly(std::string& into, std::size_t size,
                    std::chrono::steady_clock::time_point deadline) const;

  int fd_;
};

}  // namespace omzmq::test
