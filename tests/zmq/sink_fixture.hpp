// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <gtest/gtest.h>
#include <poll.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "core/encoder.hpp"
#include "peer_counts.hpp"
#include "support/wait.hpp"
#include "zmq/zmq_sink.hpp"

namespace omzmq::test {

/// A frame without topics that holds one message.
inline Frame frame_of(std::string_view text) {
  Frame frame;
  frame.body.append(text);
  frame.messages = 1;
  frame.held = 1;
  frame.seal();
  return frame;
}

/// A run of these messages.
inline Frame run_of(const std::vector<std::string>& texts) {
  Frame frame;
  frame.is_run = true;
  for (const std::string& text : texts) append_record(frame.body, text);
  frame.messages = frame.held = static_cast<std::uint32_t>(texts.size());
  frame.seal();
  return frame;
}

/// Whether the descriptor becomes readable in due time.
inline bool wakes(int fd) {
  pollfd item{fd, POLLIN, 0};
  return ::poll(&item, 1, static_cast<int>(std::chrono::milliseconds(kPatience).count())) == 1;
}

/// A socket in a context of its own: when it is destroyed, its connections are closed.
class Remote {
 public:
  explicit Remote(zmq::socket_type type) : socket(context_, type) {
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::rcvtimeo, 30000);
    socket.set(zmq::sockopt::reconnect_ivl, 5);
  }
  std::string next() {
    zmq::message_t message;
    return socket.recv(message) ? message.to_string() : "(nothing)";
  }
  /// Binds at a port that is free. \return the address
  std::string bind_somewhere() {
    socket.bind("tcp://127.0.0.1:*");
    return socket.get(zmq::sockopt::last_endpoint);
  }

 private:
  zmq::context_t context_;

 public:
  zmq::socket_t socket;
};

/// A sink, not open yet, and a directory for sockets.
class SinkTest : public testing::Test {
 protected:
  SinkTest() : sink_(settings_, [this] { return context_; }) {
    std::string name = std::filesystem::temp_directory_path() / "omzmq-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    directory_ = name;
    settings_.sock_type = SocketType::kPush;
    settings_.reconnect_interval = Settings::Ms(5);
  }
  ~SinkTest() override {
    sink_.close(std::chrono::milliseconds(0));
    std::filesystem::remove_all(directory_);
  }

  std::string ipc_address() const { return "ipc://" + (directory_ / "socket").string(); }
  void open(const std::string& endpoint) {
    settings_.endpoints = {parse_endpoint(endpoint)};
    sink_.open();
  }
  /// Sends within due time.
  bool send(Frame& frame) {
    return eventually([&] { return sink_.send(frame) == SendResult::kSent; });
  }
  bool send(std::string_view text) {
    Frame frame = frame_of(text);
    return send(frame);
  }

  /// So many have come and gone, and so many handshakes failed, in due time.
  bool comes_to(std::uint64_t came, std::uint64_t went, std::uint64_t failed) {
    return eventually([&] {
      watch();
      return peers_.came == came && peers_.went == went && peers_.failed == failed;
    });
  }
  void watch() { sink_.watch_peers(peers_, Clock::now()); }

  std::shared_ptr<ZmqContext> context_ = std::make_shared<ZmqContext>(1);
  std::filesystem::path directory_;
  Settings settings_;
  ZmqSink sink_;
  PeerCounts peers_;
};

}  // namespace omzmq::test
