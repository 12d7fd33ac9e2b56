// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/given_up.hpp"

#include <zmq.h>

#include <algorithm>
#include <functional>

namespace omzmq {

GivenUp::GivenUp(const Settings& settings)
    : first_pause_(settings.effective_reconnect_max_interval()),
      is_only_one_(settings.endpoints.size() == 1) {
  for (const Endpoint& endpoint : settings.endpoints) {
    if (settings.binds(endpoint)) {
      is_only_one_ = false;
    } else {
      states_[endpoint.address].pause = first_pause_;
    }
  }
}

GivenUp::State* GivenUp::state_of(std::string_view endpoint) noexcept {
  const auto found = is_only_one_ ? states_.begin() : states_.find(endpoint);
  return found == states_.end() ? nullptr : &found->second;
}

void GivenUp::note(const MonitorEvent& event, Clock::time_point now) noexcept {
  State* const state = state_of(event.endpoint);
  if (state == nullptr) return;
  switch (event.kind) {
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      ++state->failures;
      state->due = now + state->pause;
      break;
    case ZMQ_EVENT_CONNECT_RETRIED:
    case ZMQ_EVENT_CONNECT_DELAYED:
    case ZMQ_EVENT_CONNECTED:
      state->due.reset();
      break;
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      state->due.reset();
      state->failures = 0;
      state->pause = first_pause_;
      break;
    default:
      break;
  }
}

bool GivenUp::is_repeat(const PeerEvent& event) noexcept {
  using enum PeerEvent::Kind;
  const auto found = is_only_one_ ? states_.begin() : states_.find(event.address);
  if (found == states_.end() || (event.kind != kFailed && event.kind != kRefused)) return false;
  State& state = found->second;
  const std::size_t why = std::hash<std::string_view>()(event.why);
  const bool is_same = state.last == event.kind && state.last_why == why;
  state.last = event.kind;
  state.last_why = why;
  return state.failures > 1 && is_same;
}

std::vector<std::string> GivenUp::take_due(Clock::time_point now) {
  std::vector<std::string> all;
  if (now < next_deadline()) return all;
  for (const auto& [address, state] : states_) {
    if (state.due) all.push_back(address);
  }
  for (auto& [address, state] : states_) {
    if (!state.due) continue;
    state.pause = std::min(2 * state.pause, std::max(kLongestPause, state.pause));
    state.due = now + state.pause;  // in case that it cannot even be tried
  }
  return all;
}

Clock::time_point GivenUp::next_deadline() const noexcept {
  auto deadline = Clock::time_point::max();
  for (const auto& [address, state] : states_) {
    if (state.due) deadline = std::min(deadline, *state.due);
  }
  return deadline;
}

}  // namespace omzmq
