// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "tap/options.hpp"
#include "tap/report.hpp"
#include "tap/sockets/peers.hpp"

namespace omzmq::tap {

/// What the events of the peers mean for the run: reports them, and knows when there is no hope of
/// a connection any more.
///
/// There is none when every endpoint is one that this end connects to, none of them ever had a
/// connection, and each has failed for good: its peer refused us or speaks another way, or cut
/// kCutsToGiveUp handshakes in a row, which is all that a client with the wrong CURVE key sees. A
/// peer of a bound endpoint that fails is that peer's trouble.
///
/// Threads: one.
/// Ownership: options, peers and report stay the caller's and must outlive it.
class Connections {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  static constexpr unsigned kCutsToGiveUp = 3;
  static constexpr std::chrono::milliseconds kTimeToRetry{100};  // libzmq says at once that it will
  static constexpr std::chrono::milliseconds kTimeToRetryFailed{1000};  // after a failed handshake

  Connections(const SourceOptions& options, Peers& peers, Report& report);

  /// Takes all events that came. Returns how many handshakes failed.
  std::size_t handle_events();

  /// The connections that closed since the last call. What they brought may still be in the queue
  /// of the socket, so the question comes after that was found empty.
  [[nodiscard]] std::vector<int> take_closed();

  /// The addresses that this end had connected to, and that libzmq does not try again though it
  /// may: it gives up a peer whose message it does not take, such as one that is too large, and one
  /// whose handshake it does not take.
  [[nodiscard]] std::vector<std::string> take_abandoned(TimePoint now);

  /// When take_abandoned() may have something.
  [[nodiscard]] std::optional<TimePoint> due_at() const noexcept;

  /// Why there is no hope, for people; nothing while there is.
  [[nodiscard]] std::optional<std::string> lost_hope() const;

  /// Whether somebody is or was connected.
  [[nodiscard]] bool had_peer() const noexcept { return had_peer_; }

  /// When somebody was connected for the first time; valid when had_peer().
  [[nodiscard]] TimePoint first_peer_at() const noexcept { return first_peer_at_; }

 private:
  struct Endpoint {
    bool was_connected = false;
    bool is_waiting = false;  // said that nobody answers
    bool is_failing = false;  // of the connection that closes next fail() has told
    bool is_hopeless = false;
    bool is_ours = false;               // this end connects
    bool lost_peer = false;             // the connection that closed last had come about
    std::optional<TimePoint> retry_at;  // unless libzmq tries again before
    unsigned established = 0;           // connections whose handshake is over
    unsigned cuts = 0;                  // handshakes cut in a row
    std::string why;                    // of the last failure
  };

  void handle(const PeerEvent& event);
  void note_resolved(const std::string& address);
  void note_disconnected(Endpoint& endpoint, const PeerEvent& event);
  void fail(Endpoint& endpoint, const PeerEvent& event);
  [[nodiscard]] std::string explain(const Endpoint& endpoint, const PeerEvent& event) const;

  Peers& peers_;
  Report& report_;
  std::size_t wanted_ = 0;  // addresses that this end connects to
  bool is_curve_client_ = false;
  bool may_retry_ = true;                                // -X reconnect_ivl has not forbidden it
  bool has_bound_ = false;                               // others may come by themselves
  std::unordered_map<std::string, Endpoint> endpoints_;  // by the address in the events
  std::vector<int> closed_;
  std::size_t failed_ = 0;
  bool had_peer_ = false;
  TimePoint first_peer_at_{};
};

}  // namespace omzmq::tap
