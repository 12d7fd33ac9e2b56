// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/connections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace omzmq::tap {

Connections::Connections(const SourceOptions& options, Peers& peers, Report& report)
    : peers_(peers), report_(report), is_curve_client_(!options.curve.server_key.empty()) {
  for (const auto& endpoint : options.endpoints) {
    const bool binds = endpoint.attachment == Attachment::kBind;
    has_bound_ = has_bound_ || binds;
    wanted_ += binds ? 0 : 1;
  }
}

std::size_t Connections::handle_events() {
  failed_ = 0;
  while (const std::optional<PeerEvent> event = peers_.next()) {
    handle(*event);
  }
  return failed_;
}

void Connections::handle(const PeerEvent& event) {
  // Not the address as it was given: libzmq has resolved names by now.
  Endpoint& endpoint = endpoints_[event.address];
  switch (event.kind) {
    case PeerEvent::Kind::kOpened:
      endpoint.is_ours = event.is_ours;
      endpoint.closed_at.reset();
      break;
    case PeerEvent::Kind::kConnected:
      if (!std::exchange(had_peer_, true)) {
        first_peer_at_ = std::chrono::steady_clock::now();
      }
      endpoint.cuts = 0;
      endpoint.was_connected = true;
      (endpoint.is_waiting ? report_.say(fmt::format("connected: {}", event.address))
                           : report_.mention(fmt::format("connected: {}", event.address)));
      endpoint.is_waiting = false;
      break;
    case PeerEvent::Kind::kUnreachable:
      endpoint.closed_at.reset();
      if (!std::exchange(endpoint.is_waiting, true)) {
        report_.say(
            fmt::format("{} {}; trying again until somebody answers",
                        endpoint.was_connected ? "lost the connection to" : "nobody answers at",
                        event.address));
      }
      break;
    case PeerEvent::Kind::kWrongPeer:
    case PeerEvent::Kind::kHandshakeCut:
      fail(endpoint, event);
      break;
    case PeerEvent::Kind::kDisconnected:
      closed_.push_back(event.fd);
      if (!std::exchange(endpoint.is_failing, false)) {
        if (endpoint.is_ours) {
          endpoint.closed_at = std::chrono::steady_clock::now();
        }
        report_.mention(fmt::format("disconnected: {}", event.address));
      }
      break;
  }
}

void Connections::fail(Endpoint& endpoint, const PeerEvent& event) {
  ++failed_;
  endpoint.is_failing = true;
  endpoint.why = explain(event);
  const std::string text = fmt::format("handshake failed: {}: {}", event.address, endpoint.why);
  // Many peers come to one bound endpoint; where this end connects, the next try says nothing new.
  const bool is_known = !has_bound_ && std::exchange(endpoint.is_waiting, true);
  is_known ? report_.mention(text) : report_.say(text);
  endpoint.is_hopeless = endpoint.is_hopeless || event.kind == PeerEvent::Kind::kWrongPeer ||
                         ++endpoint.cuts >= kCutsToGiveUp;
}

/// What is known of the reason, with the usual cause where libzmq knows none.
std::string Connections::explain(const PeerEvent& event) const {
  if (has_bound_ || event.kind != PeerEvent::Kind::kHandshakeCut) {
    return event.why;
  }
  return event.why + (is_curve_client_ ? "; --curve-key may not be its public key"
                                       : "; it may want CURVE, or be no ZeroMQ socket");
}

std::vector<int> Connections::take_closed() { return std::exchange(closed_, {}); }

std::vector<std::string> Connections::take_abandoned(TimePoint now) {
  std::vector<std::string> abandoned;
  for (auto& [address, endpoint] : endpoints_) {
    if (endpoint.closed_at && now - *endpoint.closed_at >= kTimeToRetry) {
      endpoint.closed_at.reset();
      abandoned.push_back(address);
      report_.say(fmt::format(
          "{} sent what is no message or larger than --max-message: connecting anew", address));
    }
  }
  return abandoned;
}

std::optional<Connections::TimePoint> Connections::due_at() const noexcept {
  std::optional<TimePoint> due;
  for (const auto& [address, endpoint] : endpoints_) {
    if (endpoint.closed_at) {
      due = std::min(due.value_or(TimePoint::max()), *endpoint.closed_at + kTimeToRetry);
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
        fmt::format("{}cannot connect to {}: {}", text.empty() ? "" : "; ", address, endpoint.why);
  }
  return text;
}

}  // namespace omzmq::tap
