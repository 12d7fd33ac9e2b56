// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/connections.hpp"

#include <algorithm>
#include <unordered_set>
#include <utility>

#include "common/format.hpp"

namespace omzmq::tap {
namespace {

constexpr std::string_view kOtherType =
    "be of another type: --sub is for PUB, --pull for PUSH, --router for DEALER";

/// -X reconnect_ivl=-1: a connection that is lost stays lost.
bool allows_retries(const std::vector<SocketOption>& options) {
  bool allows = true;
  for (const SocketOption& option : options) {
    if (option.name == "reconnect_ivl") {
      allows = option.value != "-1";
    }
  }
  return allows;
}

}  // namespace

Connections::Connections(const SourceOptions& options, Peers& peers, Report& report)
    : peers_(peers),
      report_(report),
      is_curve_client_(!options.curve.server_key.empty()),
      may_retry_(allows_retries(options.socket_options)) {
  std::unordered_set<std::string_view> addresses;
  for (const auto& endpoint : options.endpoints) {
    const bool binds = endpoint.attachment == Attachment::kBind;
    has_bound_ = has_bound_ || binds;
    if (!binds) {
      addresses.insert(endpoint.address);
    }
  }
  wanted_ = addresses.size();
}

std::size_t Connections::handle_events() {
  failed_ = 0;
  while (const std::optional<PeerEvent> event = peers_.next()) {
    handle(*event);
  }
  return failed_;
}

void Connections::handle(const PeerEvent& event) {
  if (event.kind == PeerEvent::Kind::kUnreachable) {
    note_resolved(event.address);
  }
  Endpoint& endpoint = endpoints_[event.address];
  switch (event.kind) {
    case PeerEvent::Kind::kOpened:
      endpoint.is_ours = event.is_ours;
      endpoint.retry_at.reset();
      break;
    case PeerEvent::Kind::kConnected:
      if (!std::exchange(had_peer_, true)) {
        first_peer_at_ = std::chrono::steady_clock::now();
      }
      endpoint.cuts = 0;
      ++endpoint.established;
      endpoint.was_connected = true;
      (endpoint.is_waiting ? report_.say(formatted("connected: {}", event.address))
                           : report_.mention(formatted("connected: {}", event.address)));
      endpoint.is_waiting = false;
      break;
    case PeerEvent::Kind::kUnreachable:
      endpoint.retry_at.reset();
      if (!std::exchange(endpoint.is_waiting, true)) {
        report_.say(
            formatted("{} {}; trying again until somebody answers",
                      endpoint.was_connected ? "lost the connection to" : "nobody answers at",
                      event.address));
      }
      break;
    case PeerEvent::Kind::kWrongPeer:
    case PeerEvent::Kind::kHandshakeCut:
      endpoint.is_failing = true;
      fail(endpoint, event);
      break;
    case PeerEvent::Kind::kDisconnected:
      closed_.push_back(event.fd);
      note_disconnected(endpoint, event);
      break;
  }
}

/// libzmq calls a host by the name that it was given until the connection is lost, and by its
/// number from the next try on.
void Connections::note_resolved(const std::string& address) {
  const auto known = endpoints_.find(address);
  if (known != endpoints_.end() && known->second.retry_at) {
    return;
  }
  const std::string_view port = std::string_view(address).substr(address.rfind(':'));
  const auto lost = std::find_if(endpoints_.begin(), endpoints_.end(), [&](const auto& entry) {
    return entry.second.retry_at && std::string_view(entry.first).ends_with(port);
  });
  if (lost == endpoints_.end()) {
    return;
  }
  auto renamed = endpoints_.extract(lost);
  renamed.key() = address;
  // Another name of the same address was given, too.
  wanted_ -= endpoints_.insert(std::move(renamed)).inserted ? 0 : 1;
}

void Connections::note_disconnected(Endpoint& endpoint, const PeerEvent& event) {
  endpoint.lost_peer = false;
  if (std::exchange(endpoint.is_failing, false)) {
    // fail() has told it.
  } else if (endpoint.established > 0 || !endpoint.is_ours) {
    endpoint.lost_peer = endpoint.established > 0;
    endpoint.established -= endpoint.lost_peer ? 1 : 0;
    const std::string text = formatted("disconnected: {}", event.address);
    endpoint.is_ours && !may_retry_
        ? report_.say(text + "; not tried again, as -X reconnect_ivl=-1 says")
        : report_.mention(text);
  } else {
    // libzmq ends a handshake without a word only when it cannot go on with this peer.
    fail(endpoint, {PeerEvent::Kind::kWrongPeer, event.address, -1,
                    formatted("the peer may be no ZeroMQ socket, or {}", kOtherType)});
  }
  if (endpoint.is_ours && may_retry_) {
    endpoint.retry_at =
        std::chrono::steady_clock::now() + (endpoint.lost_peer ? kTimeToRetry : kTimeToRetryFailed);
  }
}

void Connections::fail(Endpoint& endpoint, const PeerEvent& event) {
  ++failed_;
  endpoint.why = explain(endpoint, event);
  const std::string text = formatted("handshake failed: {}: {}", event.address, endpoint.why);
  // Many peers come to one bound endpoint; where this end connects, the next try says nothing new.
  const bool is_known = endpoint.is_ours && std::exchange(endpoint.is_waiting, true);
  is_known ? report_.mention(text) : report_.say(text);
  endpoint.is_hopeless = endpoint.is_hopeless || event.kind == PeerEvent::Kind::kWrongPeer ||
                         ++endpoint.cuts >= kCutsToGiveUp;
}

/// What is known of the reason, with the usual cause where libzmq knows none.
std::string Connections::explain(const Endpoint& endpoint, const PeerEvent& event) const {
  if (!endpoint.is_ours || event.kind != PeerEvent::Kind::kHandshakeCut) {
    return event.why;
  }
  return formatted("{}; {}{}", event.why,
                   is_curve_client_ ? "--curve-key may not be its public key, or it may "
                                    : "it may want CURVE, be no ZeroMQ socket, or ",
                   kOtherType);
}

std::vector<int> Connections::take_closed() { return std::exchange(closed_, {}); }

std::vector<std::string> Connections::take_abandoned(TimePoint now) {
  std::vector<std::string> abandoned;
  for (auto& [address, endpoint] : endpoints_) {
    if (!endpoint.retry_at || now < *endpoint.retry_at) {
      continue;
    }
    endpoint.retry_at.reset();
    abandoned.push_back(address);
    if (endpoint.lost_peer) {
      report_.say(formatted(
          "{} sent what is no message or larger than --max-message: connecting anew", address));
    }
  }
  return abandoned;
}

std::optional<Connections::TimePoint> Connections::due_at() const noexcept {
  std::optional<TimePoint> due;
  for (const auto& [address, endpoint] : endpoints_) {
    if (endpoint.retry_at) {
      due = std::min(due.value_or(TimePoint::max()), *endpoint.retry_at);
    }
  }
  return due;
}

std::optional<std::string> Connections::lost_hope() const {
  const auto hopeless = [](const auto& entry) { return entry.second.is_hopeless; };
  const auto lost = std::count_if(endpoints_.begin(), endpoints_.end(), hopeless);
  if (had_peer_ || has_bound_ || static_cast<std::size_t>(lost) < wanted_) {
    return std::nullopt;
  }
  std::string text;
  for (const auto& [address, endpoint] : endpoints_) {
    text +=
        formatted("{}cannot connect to {}: {}", text.empty() ? "" : "; ", address, endpoint.why);
  }
  return text;
}

}  // namespace omzmq::tap
