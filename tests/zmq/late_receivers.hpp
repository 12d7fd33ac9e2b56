// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "peer_counts.hpp"
#include "support/wait.hpp"
#include "zmq/peer_monitor.hpp"

// Receivers that read late, of messages that begin with their number.

namespace omzmq::test {

inline std::string numbered(std::size_t number, std::size_t bytes) {
  std::string text = std::to_string(number) + ' ';
  text.resize(std::max(text.size(), bytes), 'x');
  return text;
}
inline std::size_t number_of(std::string_view text) { return std::stoul(std::string(text)); }

/// A receiver with small queues, which reads when it is asked to.
class Receiver {
 public:
  explicit Receiver(zmq::socket_type type = zmq::socket_type::pull) : socket_(context_, type) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvhwm, 2);
    socket_.set(zmq::sockopt::rcvbuf, 4096);
    if (type == zmq::socket_type::sub) socket_.set(zmq::sockopt::subscribe, "");
    monitor_.emplace(context_, socket_, "inproc://monitor");
  }
  ~Receiver() { monitor_.reset(); }

  void bind(const std::string& endpoint) { socket_.bind(endpoint); }
  std::string bind_somewhere() {
    bind("tcp://127.0.0.1:*");
    return socket_.get(zmq::sockopt::last_endpoint);
  }

  /// A SUB that is bound subscribes with the next call after a publisher has come.
  void subscribe() { static_cast<void>(socket_.get(zmq::sockopt::events)); }

  /// Reads all there is, until the sender has closed and nothing more is there.
  std::vector<std::size_t> read_to_the_end() {
    std::vector<std::size_t> numbers;
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    bool is_over = false;
    zmq::message_t message;
    socket_.set(zmq::sockopt::rcvtimeo, 50);
    while (std::chrono::steady_clock::now() < deadline) {
      if (socket_.recv(message)) {
        if (!message.more() && !message.empty()) numbers.push_back(number_of(message.to_string()));
        continue;
      }
      if (std::exchange(is_over, peers_.went != 0)) return numbers;
      monitor_->read(peers_, Clock::now());
    }
    ADD_FAILURE() << "the sender's connection has not ended";
    return numbers;
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
  PeerCounts peers_;
  std::optional<PeerMonitor> monitor_;
};

/// A receiver that speaks ZMTP by itself, and reads nothing but the handshake until the sender has
/// closed.
class RawReceiver {
 public:
  explicit RawReceiver(const std::string& path)
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 1) != 0)
      throw std::runtime_error("listen failed");
  }
  ~RawReceiver() {
    ::close(listener_);
    ::close(fd_);
  }
  void shake_hands() {
    fd_ = ::accept(listener_, nullptr, nullptr);
    std::string greeting("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
    greeting.resize(64, '\0');
    send(greeting);
    static_cast<void>(read(64));
    send(std::string_view("\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PULL", 28));
    static_cast<void>(read_frame());  // their READY
  }
  std::vector<std::size_t> read_to_the_end() const {
    std::vector<std::size_t> numbers;
    while (const auto frame = read_frame()) numbers.push_back(number_of(*frame));
    return numbers;
  }

 private:
  void send(std::string_view bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("send failed");
  }
  // Fewer when the connection ends.
  std::string read(std::size_t bytes) const {
    std::string text(bytes, '\0');
    const ssize_t got = ::recv(fd_, text.data(), bytes, MSG_WAITALL);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  std::optional<std::string> read_frame() const {
    const std::string flags = read(1);
    const std::size_t length_bytes = !flags.empty() && (flags[0] & 2) != 0 ? 8 : 1;
    const std::string length = read(length_bytes);
    if (length.size() != length_bytes) return std::nullopt;
    std::size_t bytes = 0;
    for (const char c : length) bytes = bytes << 8 | static_cast<unsigned char>(c);
    std::string body = read(bytes);
    return body.size() == bytes ? std::optional(body) : std::nullopt;
  }

  int listener_;
  int fd_ = -1;
};

}  // namespace omzmq::test
