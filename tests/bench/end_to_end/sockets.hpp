// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <zmq.hpp>

namespace omzmq::bench {

/// Where rsyslogd's imptcp listens.
struct Input {
  std::string path;        ///< of a unix socket, or
  std::uint16_t port = 0;  ///< of 127.0.0.1
};

/// \return a descriptor, the caller's \throws std::system_error
[[nodiscard]] int connect_to(const Input& input);

/// Waits as long as it takes. \throws std::system_error
void write_all(int fd, std::string_view bytes);

/// How a receiver's ZeroMQ socket is opened.
struct ReceiverSocket {
  bool is_sub = false;           ///< else PULL
  std::string endpoint;          ///< connected to; empty: bound to a free port of 127.0.0.1
  std::string curve_secret_key;  ///< in Z85, of a CURVE server that lets in everybody; empty: none
  int receive_timeout_ms = 100;
};

/// Queues without a limit: what is lost was lost by the sender. \throws zmq::error_t
[[nodiscard]] zmq::socket_t open_receiver(zmq::context_t& context, const ReceiverSocket& settings);

}  // namespace omzmq::bench
