// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <zmq.hpp>

namespace omzmq {

/// Counts what becomes of a socket's connections, from the events of libzmq's socket monitor. For
/// sockets of every type.
///
/// libzmq tells the descriptor of a connection that begins or ends, but not of one whose handshake
/// is complete, and of some handshakes that fail it tells nothing. So a connection that ends was a
/// peer if any handshake was completed while it lasted. That misses no peer; one that failed at the
/// same time as another came may be taken for a peer. (With several I/O threads libzmq may report
/// the beginning of a connection late: then its end may be missed.)
///
/// Threads: one, the socket's. Has to be destroyed before the socket is closed.
class PeerMonitor {
 public:
  struct Counts {
    std::uint64_t connects = 0;     ///< handshakes that were completed
    std::uint64_t disconnects = 0;  ///< of these peers
    std::uint64_t losses = 0;       ///< connections that ended and may have been a peer: no peer is
                                    ///< missed here, where a failed handshake may have taken its
                                    ///< place among the disconnects
    std::uint64_t failures = 0;     ///< connections that ended before their handshake was complete;
                                    ///< all of ZMTP 1 and 2, which have none
  };

  /// \param socket  neither bound nor connected yet; outlives this
  /// \param address  an inproc address of its own
  /// \throws zmq::error_t
  PeerMonitor(zmq::context_t& context, zmq::socket_t& socket, const std::string& address);
  ~PeerMonitor();
  PeerMonitor(const PeerMonitor&) = delete;
  PeerMonitor& operator=(const PeerMonitor&) = delete;

  /// Takes in what has happened, a few milliseconds of work at most. Has to be called at least
  /// every second or so: what nobody reads piles up.
  void read() noexcept;

  /// As of the last read().
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

 private:
  void note(const zmq::message_t& event);

  void* const monitored_;
  zmq::socket_t events_;
  Counts counts_;
  /// By descriptor of each connection: Counts::connects when it began.
  std::unordered_map<int, std::uint64_t> connections_;
};

}  // namespace omzmq
