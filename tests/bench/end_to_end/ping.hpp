// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <string>
#include <zmq.hpp>

#include "payloads.hpp"
#include "sockets.hpp"

namespace omzmq::bench {

struct PingSettings {
  Input input;
  ReceiverSocket socket;
  Framing framing = Framing::kRaw;
  std::uint64_t messages = 0;
  std::size_t line_bytes = 256;
};

/// One message at a time, from rsyslogd's socket to ZeroMQ's, both in this thread: the next goes
/// out once the last has come back.
///
/// Threads: one.
class Ping {
 public:
  /// Opens the ZeroMQ socket only: rsyslogd may be started now. \throws zmq::error_t
  explicit Ping(const PingSettings& settings);

  /// JSON: "endpoints".
  [[nodiscard]] std::string description() const;

  /// \return JSON: "sent", "lost" (did not come within two seconds) and the latency
  /// \throws std::system_error, zmq::error_t, std::runtime_error when no message comes at all
  [[nodiscard]] std::string run(const volatile std::sig_atomic_t& stop);

 private:
  [[nodiscard]] bool wait_for(std::uint64_t number);
  void wait_for_way(int input, const volatile std::sig_atomic_t& stop);

  const PingSettings settings_;
  Payloads payloads_;
  zmq::context_t context_;
  zmq::socket_t socket_;
  zmq::message_t message_;
};

}  // namespace omzmq::bench
