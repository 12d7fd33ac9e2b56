// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <string>
#include <zmq.hpp>

#include "common/curve_key.hpp"

namespace omzmq::tap {

/// Decides which CURVE clients may connect to this end: the handler of ZeroMQ's authentication
/// protocol (ZAP) for the sockets of one context. libzmq asks for each handshake, and the peer
/// waits for the answer, so serve() has to be called whenever socket() can be read.
///
/// Threads: one.
class CurveClients {
 public:
  /// `path` is a directory of public certificates (files that end in "_secret" are passed over),
  /// one public certificate, or a file of keys in Z85, one a line, '#' before a comment.
  /// To be made before a socket of `context` is bound or connected. Throws CertificateError.
  CurveClients(zmq::context_t& context, std::string path);

  /// Reads the path again. On CertificateError the keys stay as they were.
  void reload();

  /// Answers the handshakes that wait.
  void serve();

  [[nodiscard]] zmq::socket_t& socket() noexcept { return socket_; }
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

 private:
  bool answer_one();
  bool is_allowed(const zmq::message_t& key) const;

  std::string path_;
  CurveKeys keys_;
  zmq::socket_t socket_;
};

}  // namespace omzmq::tap
