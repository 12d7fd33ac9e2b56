// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/peers.hpp"
#include "core/settings.hpp"
#include "zmq/connections.hpp"

namespace omzmq {

/// The endpoints that libzmq does not try to connect to any more. After a handshake that broke the
/// protocol - a wrong key, a server without CURVE, one that refuses us - it gives the endpoint up
/// for good; whoever wants to get through once that is mended has to connect anew.
///
/// libzmq names a host in its events by its name first and by its address later. Where a socket has
/// several endpoints, those that have become addresses are not recognised, and stay given up.
///
/// Threads: one.
class GivenUp {
 public:
  /// How long to leave it at most; reconnect.maxInterval at first, and twice as long each time.
  static constexpr Clock::duration kLongestPause = std::chrono::minutes(1);

  explicit GivenUp(const Settings& settings);

  /// Takes in an event of the socket's monitor.
  void note(const MonitorEvent& event, Clock::time_point now) noexcept;

  /// Whether the endpoint had failed the time before, too, of the same kind and for the same
  /// reason. To be asked once for each kFailed and kRefused, after note().
  [[nodiscard]] bool is_repeat(const PeerEvent& event) noexcept;

  /// Once the first of them is due: all that are given up, to be disconnected and then connected to
  /// anew. Together, because libzmq may have put another's new connection where theirs was.
  /// \throws std::bad_alloc
  [[nodiscard]] std::vector<std::string> take_due(Clock::time_point now);

  /// When take_due() has something; Clock::time_point::max(): not before the next note().
  [[nodiscard]] Clock::time_point next_deadline() const noexcept;

 private:
  struct State {
    Clock::duration pause{};                        ///< before the next try
    std::size_t failures = 0;                       ///< since the last success
    PeerEvent::Kind last = PeerEvent::Kind::kCame;  ///< of the failures
    std::size_t last_why = 0;                       ///< its hash
    std::optional<Clock::time_point> due;           ///< empty: libzmq is at it
  };

  [[nodiscard]] State* state_of(std::string_view endpoint) noexcept;

  const Clock::duration first_pause_;
  std::map<std::string, State, std::less<>> states_;  ///< by address, as in the settings
  bool is_only_one_ = false;  ///< the socket has one endpoint, and connects to it
};

/// Marks for a listener what it need not be told again.
class MarkRepeats final : public PeerListener {
 public:
  MarkRepeats(GivenUp& given_up, PeerListener& listener) noexcept
      : given_up_(given_up), listener_(listener) {}

  void note(const PeerEvent& event, Clock::time_point now) noexcept override {
    PeerEvent marked = event;
    marked.is_repeat = given_up_.is_repeat(event);
    listener_.note(marked, now);
  }

 private:
  GivenUp& given_up_;
  PeerListener& listener_;
};

}  // namespace omzmq
