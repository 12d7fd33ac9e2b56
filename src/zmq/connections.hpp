// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "core/peers.hpp"

namespace omzmq {

/// An event of libzmq's socket monitor.
struct MonitorEvent {
  std::uint16_t kind = 0;   ///< ZMQ_EVENT_...
  std::uint32_t value = 0;  ///< a descriptor or an error, as `kind` says
  std::string endpoint;     ///< ours where we are bound, else the other end's
  std::string peer;         ///< of ZMQ_EVENT_ACCEPTED: the other end, if it is known
};

/// Works out what became of a socket's connections.
///
/// libzmq tells the descriptor of a connection that begins or ends, but of a handshake that
/// succeeds or fails only the endpoint; and a connection that ends because it breaks the protocol,
/// or because it was turned away, ends without another word. So where several handshakes are under
/// way at one endpoint, it is not known at once whose it was. This narrows it down:
///  - a failure without detail comes right before the end of its connection;
///  - a success belongs to one of the connections of its endpoint that have none yet; if it is the
///    only one, or all of these have succeeded, that is known;
///  - a connection that began after a success is not the one that succeeded.
/// Where that does not tell, a connection that ends is taken for one that was turned away if there
/// was such a one, then for a peer, then for a handshake that failed. In the sum the counts are
/// right as soon as all of these connections have ended.
///
/// With several I/O threads libzmq may report in another order: then no failure is believed to come
/// right before the end, and an end may be missed that is reported before the beginning.
///
/// Threads: one.
class Connections {
 public:
  /// \param in_order  events come from one I/O thread
  /// \param patience  after which libzmq gives up a handshake
  Connections(bool in_order, std::chrono::milliseconds patience) noexcept
      : in_order_(in_order), patience_(patience) {}

  /// Takes in the next event. \throws std::bad_alloc, and the event is lost
  void note(const MonitorEvent& event, Clock::time_point now, PeerListener& listener);

  /// Connections that ended and may have been peers: none that was is missed here, even where a
  /// failed handshake has taken its place in what the listener hears.
  [[nodiscard]] std::uint64_t losses() const noexcept { return losses_; }

 private:
  /// What is known of the handshakes at one endpoint. There as long as it has connections.
  struct Endpoint {
    std::size_t connections = 0;
    std::unordered_set<int> open;    ///< descriptors of those whose success is not known
    std::size_t successes_open = 0;  ///< of one of these, each
    std::size_t refusals_open = 0;   ///< of one that has not ended, each
    std::uint64_t successes = 0;     ///< so far
    std::uint64_t refusals = 0;      ///< so far

    /// Where all have succeeded it is known of each.
    void settle() noexcept {
      if (open.empty() || successes_open < open.size()) return;
      successes_open -= open.size();
      open.clear();
    }
  };

  struct Connection {
    std::string endpoint;
    std::string name;  ///< for people
    Clock::time_point began;
    bool is_ours = false;  ///< we connected
    std::uint64_t successes_before = 0;
    std::uint64_t refusals_before = 0;

    [[nodiscard]] bool is_known() const noexcept { return !endpoint.empty(); }
  };

  enum class Fate { kWasPeer, kFailed, kWasRefused };

  void begin(const MonitorEvent& event, Clock::time_point now);
  void note_success(const MonitorEvent& event, Clock::time_point now, PeerListener& listener);
  void note_refusal(const MonitorEvent& event, Clock::time_point now, PeerListener& listener);
  void note_retry(const MonitorEvent& event, Clock::time_point now, PeerListener& listener);
  void end(const MonitorEvent& event, Clock::time_point now, PeerListener& listener);
  void forget_missed(int fd, const std::string& endpoint);
  [[nodiscard]] Fate fate_of(int fd, const Connection& connection, Endpoint& endpoint);
  [[nodiscard]] std::string candidates(const Endpoint& endpoint) const noexcept;
  [[nodiscard]] std::string reason(const Connection& connection, Clock::time_point now) const;
  [[nodiscard]] Connection take(int fd, const std::string& endpoint);

  const bool in_order_;
  const std::chrono::milliseconds patience_;
  std::unordered_map<int, Connection> connections_;  ///< by descriptor
  std::unordered_map<std::string, Endpoint> endpoints_;
  std::unordered_set<std::string> attempts_;  ///< endpoints that were tried and have not answered
  MonitorEvent failure_;  ///< the last event if it said that a handshake failed; else kind 0
  std::uint64_t losses_ = 0;
};

}  // namespace omzmq
