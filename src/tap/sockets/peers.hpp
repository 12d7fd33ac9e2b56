// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <unordered_set>
#include <zmq.hpp>

namespace omzmq::tap {

/// Something that happened to a connection of the receiving socket.
struct PeerEvent {
  enum class Kind {
    kOpened,        // a transport connection is there, its handshake is not yet over; `fd`
    kConnected,     // the handshake is over: messages may come
    kUnreachable,   // nobody answers; libzmq tries again until somebody does
    kWrongPeer,     // the handshake failed for a reason that no further try changes
    kHandshakeCut,  // the peer ended the handshake without a reason
    kDisconnected,  // `fd`
  };
  Kind kind;
  std::string address;  // the endpoint, as it was bound or connected to
  int fd = -1;
  std::string why;       // kWrongPeer and kHandshakeCut: for people
  bool is_ours = false;  // kOpened: this end has connected
};

/// Watches the connections of one socket by libzmq's monitor.
///
/// Threads: one. The socket must outlive it.
class Peers {
 public:
  /// To be made before `socket` is bound or connected. Throws zmq::error_t.
  /// \param events  an inproc endpoint that nobody else has in this context
  Peers(zmq::context_t& context, zmq::socket_t& socket,
        const std::string& events = "inproc://zmqtap-peers");
  ~Peers();
  Peers(const Peers&) = delete;
  Peers& operator=(const Peers&) = delete;

  /// The next thing that happened, or nothing. Never waits.
  [[nodiscard]] std::optional<PeerEvent> next();

  /// Connections that there are now, those in the middle of their handshake included.
  [[nodiscard]] std::size_t count() const noexcept { return open_.size(); }

  /// Can be read when there is a next().
  [[nodiscard]] zmq::socket_t& socket() noexcept { return events_; }

 private:
  zmq::socket_t& watched_;
  zmq::socket_t events_;
  std::unordered_set<int> open_;
};

}  // namespace omzmq::tap
