// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/sockets/peers.hpp"

#include <cstdint>
#include <cstring>
#include <system_error>

#include "common/format.hpp"

namespace omzmq::tap {
namespace {

constexpr int kEvents = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |
                        ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

std::string describe_protocol_error(std::uint32_t error) {
  switch (error) {
    case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
      return "wrong CURVE key";
    case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH:
      return "one end uses CURVE (or PLAIN) and the other does not";
    default:
      return formatted("broken ZMTP handshake, error {:#x}", error);
  }
}

PeerEvent make_event(std::uint16_t event, std::uint32_t value, std::string address) {
  using Kind = PeerEvent::Kind;
  const int fd = static_cast<int>(value);
  switch (event) {
    case ZMQ_EVENT_CONNECTED:
    case ZMQ_EVENT_ACCEPTED:
      return {Kind::kOpened, std::move(address), fd, {}, event == ZMQ_EVENT_CONNECTED};
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      return {Kind::kConnected, std::move(address), -1, {}};
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      return {Kind::kWrongPeer, std::move(address), -1, describe_protocol_error(value)};
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return {Kind::kWrongPeer, std::move(address), -1,
              formatted("the key of the client is not among those allowed (status {})", value)};
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
      return {Kind::kHandshakeCut, std::move(address), -1, "the peer ended the handshake"};
    case ZMQ_EVENT_CONNECT_RETRIED:
      return {Kind::kUnreachable, std::move(address), -1, {}};
    default:
      return {Kind::kDisconnected, std::move(address), fd, {}};
  }
}

}  // namespace

Peers::Peers(zmq::context_t& context, zmq::socket_t& socket, const std::string& events)
    : watched_(socket), events_(context, zmq::socket_type::pair) {
  // libzmq's I/O thread waits for room where events are not read: here there always is.
  events_.set(zmq::sockopt::rcvhwm, 0);
  events_.set(zmq::sockopt::linger, 0);
  if (zmq_socket_monitor(watched_.handle(), events.c_str(), kEvents) != 0) {
    throw zmq::error_t();
  }
  events_.connect(events);
}

Peers::~Peers() { zmq_socket_monitor(watched_.handle(), nullptr, 0); }

std::optional<PeerEvent> Peers::next() {
  // As zmq_socket_monitor(3) has it: number and value in one part, the address in the other.
  zmq::message_t what;
  zmq::message_t address;
  if (!events_.recv(what, zmq::recv_flags::dontwait) || !what.more() ||
      !events_.recv(address, zmq::recv_flags::dontwait)) {
    return std::nullopt;
  }
  std::uint16_t event = 0;
  std::uint32_t value = 0;
  if (what.size() != sizeof event + sizeof value) {
    return std::nullopt;
  }
  std::memcpy(&event, what.data(), sizeof event);
  std::memcpy(&value, static_cast<const char*>(what.data()) + sizeof event, sizeof value);
  PeerEvent result = make_event(event, value, address.to_string());
  if (result.kind == PeerEvent::Kind::kOpened) {
    open_.insert(result.fd);
  } else if (result.kind == PeerEvent::Kind::kDisconnected) {
    open_.erase(result.fd);
  }
  return result;
}

}  // namespace omzmq::tap
