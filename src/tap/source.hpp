// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "omzmq/wire.hpp"
#include "tap/options.hpp"
#include "tap/records/message.hpp"
#include "tap/sockets/attach.hpp"
#include "tap/sockets/curve_clients.hpp"
#include "tap/sockets/peers.hpp"

namespace omzmq::tap {

/// The ZeroMQ socket that messages come from.
///
/// Threads: one.
class Source {
 public:
  /// Binds or connects every endpoint of `options`. Throws SourceError, CertificateError,
  /// SocketOptionError.
  explicit Source(const SourceOptions& options);

  /// The next message that has arrived; nothing when none has. Never waits. The views hold until
  /// the next call. Its time of arrival is not set, and its connection only once there was a
  /// packed frame: it costs a look-up, and nobody asks where all is raw.
  [[nodiscard]] std::optional<Message> try_receive();

  /// kRouter: remembers that the peer who sent the last message shall be told that the batch is
  /// where it should be. A beat is not answered.
  void acknowledge_later(const wire::BatchHeader& header);

  [[nodiscard]] bool has_unanswered() const noexcept { return !unanswered_.empty(); }

  /// Sends what acknowledge_later() gathered. Never waits: a peer that is gone, or does not take
  /// its answers, goes without and sends again.
  void send_acknowledgements();

  /// Connects to an address that libzmq has given up. Throws SourceError.
  void connect_again(const std::string& address);

  /// Takes no new connection any more. Those that there are stay, and so does what they brought.
  void stop_accepting();

  /// The events of its connections.
  [[nodiscard]] Peers& peers() noexcept { return peers_; }

  /// Who may connect; nothing when that is not asked for.
  [[nodiscard]] CurveClients* clients() noexcept { return clients_ ? &*clients_ : nullptr; }

  [[nodiscard]] zmq::socket_t& socket() noexcept { return socket_; }

  /// The endpoints that are bound, each with the port or path that it really has.
  [[nodiscard]] const std::vector<std::string>& bound() const noexcept { return bound_; }

 private:
  void set_options(const SourceOptions& options);
  void set_curve(const CurveOptions& curve);
  void attach(const Endpoint& endpoint);
  bool receive_part(zmq::message_t& part);

  zmq::context_t context_;
  zmq::socket_t socket_;
  std::optional<CurveClients> clients_;
  Peers peers_;
  bool is_router_;
  bool keeps_ipv6_ = false;       // -X ipv6 has decided
  bool asks_connection_ = false;  // there was a packed frame
  zmq::message_t peer_;           // kRouter: the identity of who sent the last message
  zmq::message_t topic_;
  zmq::message_t body_;
  std::vector<std::pair<std::string, wire::Ack>> unanswered_;
  std::vector<std::string> bound_;
};

}  // namespace omzmq::tap
