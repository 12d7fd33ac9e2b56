// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "core/peers.hpp"
#include "zmq/connections.hpp"
#include "zmq/given_up.hpp"

namespace omzmq {

/// Reads libzmq's socket monitor of a socket, of any type, and tells a listener what becomes of its
/// connections (see Connections, which works that out).
///
/// The address of a peer that connected to us is asked from the kernel when its connection begins,
/// and believed only if that had not ended by then: of a connection that is over at once it stays
/// unknown.
///
/// Threads: one, the socket's. Has to be destroyed before the socket is closed.
class PeerMonitor {
 public:
  /// \param socket  neither bound nor connected yet; its options are set; outlives this
  /// \param address  an inproc address of its own
  /// \throws zmq::error_t
  PeerMonitor(zmq::context_t& context, zmq::socket_t& socket, const std::string& address);
  ~PeerMonitor();
  PeerMonitor(const PeerMonitor&) = delete;
  PeerMonitor& operator=(const PeerMonitor&) = delete;

  /// From now on `given_up`, which outlives this, gets each event before the listener hears of it.
  void tell(GivenUp& given_up) noexcept { given_up_ = &given_up; }

  /// Takes in what has happened, some milliseconds of work at most. Has to be called at least every
  /// second or so: what nobody reads piles up.
  void read(PeerListener& listener, Clock::time_point now) noexcept;

  /// The last read() has left something, because there was more than it takes at once. Then fd()
  /// does not tell of it.
  [[nodiscard]] bool has_more() const noexcept { return has_more_; }

  /// Becomes readable when there is something to read().
  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// See Connections::losses(); as of the last read().
  [[nodiscard]] std::uint64_t losses() const noexcept { return connections_.losses(); }

 private:
  void fetch();
  void fetch_new();
  void name_from(std::size_t from);
  void forget_names_of_ended(std::size_t from, std::size_t to);
  void forget_names(std::size_t from) noexcept;

  void* const monitored_;
  zmq::socket_t events_;
  int fd_ = -1;
  Connections connections_;
  GivenUp* given_up_ = nullptr;
  zmq::message_t header_;
  zmq::message_t endpoint_;
  bool has_message_ = false;           ///< the two hold an event that there was no memory for yet
  std::vector<MonitorEvent> fetched_;  ///< by the read() that is under way
  bool has_more_ = false;
};

}  // namespace omzmq
