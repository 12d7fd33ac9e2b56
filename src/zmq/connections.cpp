// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/connections.hpp"

#include <zmq.h>
#include <cerrno>
#include <new>
#include <utility>

#include "common/format.hpp"

namespace omzmq {
namespace {

/// Of an end of a ZMTP 3 connection that libzmq gave a reason for.
std::string protocol_error(std::uint32_t code) {
  switch (code) {
    case ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH:
      return "one of the two ends uses CURVE and the other does not";
    case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
    case ZMQ_PROTOCOL_ERROR_ZMTP_KEY_EXCHANGE:
      return "its keys do not fit ours; does the client have the server's public key?";
    case ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA:
      return "its socket type does not go with ours";
    default:
      return formatted("it breaks the protocol (libzmq's error {:#x})", code);
  }
}

bool is_failure(std::uint16_t kind) noexcept {
  return kind == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL ||
         kind == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
}

/// Of a failure: libzmq also says "failed handshake" of what breaks the encryption later on.
bool is_before_success(const MonitorEvent& failure) noexcept {
  if (failure.kind == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) return true;
  if (failure.kind != ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) return false;
  switch (failure.value) {
    case ZMQ_PROTOCOL_ERROR_ZMTP_UNSPECIFIED:
    case ZMQ_PROTOCOL_ERROR_ZMTP_UNEXPECTED_COMMAND:
    case ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_SEQUENCE:
    case ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC:
    case ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_UNSPECIFIED:
    case ZMQ_PROTOCOL_ERROR_ZMTP_MALFORMED_COMMAND_MESSAGE:
      return false;
    default:
      return true;
  }
}

}  // namespace

void Connections::note(const MonitorEvent& event, Clock::time_point now, PeerListener& listener) {
  switch (event.kind) {
    case ZMQ_EVENT_CONNECTED:
      attempts_.erase(event.endpoint);
      listener.note({PeerEvent::Kind::kAnswered, event.endpoint, {}}, now);
      begin(event, now);
      break;
    case ZMQ_EVENT_ACCEPTED:
      begin(event, now);
      break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      note_success(event, now, listener);
      break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      note_refusal(event, now, listener);
      break;
    case ZMQ_EVENT_DISCONNECTED:
      end(event, now, listener);
      break;
    case ZMQ_EVENT_CONNECT_DELAYED:
      listener.note({PeerEvent::Kind::kNoAnswer, event.endpoint, {}}, now);
      attempts_.insert(event.endpoint);
      break;
    case ZMQ_EVENT_CONNECT_RETRIED:
      note_retry(event, now, listener);
      break;
    default:
      break;
  }
  failure_ = is_failure(event.kind) ? event : MonitorEvent();
}

/// An attempt that libzmq has begun was told of then. One that it gave up at once was not.
void Connections::note_retry(const MonitorEvent& event, Clock::time_point now,
                             PeerListener& listener) {
  if (attempts_.erase(event.endpoint) != 0) return;
  listener.note({PeerEvent::Kind::kNoWay, event.endpoint, {}}, now);
}

void Connections::begin(const MonitorEvent& event, Clock::time_point now) {
  const int fd = static_cast<int>(event.value);
  forget_missed(fd, {});
  Endpoint& endpoint = endpoints_[event.endpoint];
  const bool is_ours = event.kind == ZMQ_EVENT_CONNECTED;
  Connection fresh{.endpoint = event.endpoint,
                   .name = is_ours              ? event.endpoint
                           : event.peer.empty() ? "an unknown address"
                                                : event.peer,
                   .began = now,
                   .is_ours = is_ours,
                   .successes_before = endpoint.successes,
                   .refusals_before = endpoint.refusals};
  endpoint.open.insert(fd);
  connections_.insert_or_assign(fd, std::move(fresh));
  ++endpoint.connections;
}

void Connections::note_success(const MonitorEvent& event, Clock::time_point now,
                               PeerListener& listener) {
  Endpoint& endpoint = endpoints_[event.endpoint];
  ++endpoint.successes;
  ++endpoint.successes_open;
  const std::string name = candidates(endpoint);
  endpoint.settle();
  listener.note({PeerEvent::Kind::kCame, name, {}}, now);
}

/// Whose the success at this endpoint may be. Without memory nothing is lost but the name.
std::string Connections::candidates(const Endpoint& endpoint) const noexcept {
  constexpr std::size_t kMostNames = 3;
  try {
    std::string names;
    for (const int fd : endpoint.open) {
      const auto found = connections_.find(fd);
      if (found == connections_.end() || endpoint.open.size() > kMostNames) break;
      names += (names.empty() ? "" : " or ") + found->second.name;
    }
    return names.empty() ? "an unknown address" : names;
  } catch (const std::bad_alloc&) {
    return {};
  }
}

void Connections::note_refusal(const MonitorEvent& event, Clock::time_point now,
                               PeerListener& listener) {
  Endpoint& endpoint = endpoints_[event.endpoint];
  ++endpoint.refusals;
  ++endpoint.refusals_open;
  const auto one =
      endpoint.open.empty() ? connections_.end() : connections_.find(*endpoint.open.begin());
  const bool is_ours = one != connections_.end() && one->second.is_ours;
  listener.note(
      {is_ours ? PeerEvent::Kind::kRefused : PeerEvent::Kind::kTurnedAway, event.endpoint, {}},
      now);
}

void Connections::end(const MonitorEvent& event, Clock::time_point now, PeerListener& listener) {
  const int fd = static_cast<int>(event.value);
  forget_missed(fd, event.endpoint);
  if (failure_.endpoint != event.endpoint) failure_ = {};
  const auto found = connections_.find(fd);
  const Connection unknown;
  const Fate fate = fate_of(fd, found == connections_.end() ? unknown : found->second,
                            endpoints_[event.endpoint]);
  const Connection connection = take(fd, event.endpoint);
  if (fate == Fate::kWasPeer) {
    listener.note({PeerEvent::Kind::kWent, connection.name, {}}, now);
  } else if (fate == Fate::kFailed) {
    const std::string why = reason(connection, now);
    listener.note({PeerEvent::Kind::kFailed, connection.name, why}, now);
  }
}

Connections::Fate Connections::fate_of(int fd, const Connection& connection, Endpoint& endpoint) {
  if (connection.is_known() && !endpoint.open.contains(fd)) {
    ++losses_;
    return Fate::kWasPeer;
  }
  const bool may_be_peer = !(in_order_ && is_before_success(failure_)) &&
                           endpoint.successes > connection.successes_before;
  if (may_be_peer) ++losses_;
  if (endpoint.refusals_open != 0 && endpoint.refusals > connection.refusals_before) {
    --endpoint.refusals_open;
    return Fate::kWasRefused;
  }
  if (may_be_peer && endpoint.successes_open != 0) {
    --endpoint.successes_open;
    return Fate::kWasPeer;
  }
  return Fate::kFailed;
}

/// A connection that is known under this descriptor, at another endpoint, has ended unheard.
void Connections::forget_missed(int fd, const std::string& endpoint) {
  const auto found = connections_.find(fd);
  if (found == connections_.end() || found->second.endpoint == endpoint) return;
  static_cast<void>(take(fd, std::string(found->second.endpoint)));
}

/// What is known of the connection, which is over.
Connections::Connection Connections::take(int fd, const std::string& endpoint_name) {
  Connection connection;
  connection.name = "an unknown address";
  if (auto node = connections_.extract(fd)) connection = std::move(node.mapped());
  const auto endpoint = endpoints_.find(endpoint_name);
  if (endpoint == endpoints_.end()) return connection;
  if (connection.is_known()) --endpoint->second.connections;
  endpoint->second.open.erase(fd);
  endpoint->second.settle();
  if (endpoint->second.connections == 0) endpoints_.erase(endpoint);
  return connection;
}

std::string Connections::reason(const Connection& connection, Clock::time_point now) const {
  if (failure_.kind == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) return protocol_error(failure_.value);
  if (failure_.kind == 0) {
    return "it is no ZeroMQ socket (ZMTP 3), or its type does not go with ours";
  }
  // What libzmq then gives as the error is that of another call.
  const bool is_late = patience_.count() != 0 && connection.is_known() &&
                       now - connection.began >= patience_ - patience_ / 8;
  if (is_late) return "it did not complete the handshake within handshakeTimeout";
  return connection.is_ours
             ? "it closed the connection; does its type go with ours, and curve.serverKey fit?"
             : "it closed the connection: a port scan, or a type or key that does not fit?";
}

}  // namespace omzmq
