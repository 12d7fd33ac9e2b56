// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <zmq.hpp>

#include "core/subscriber_table.hpp"

namespace omzmq {

/// The subscribers of an XPUB socket with ZMQ_XPUB_VERBOSER, counted until there are enough.
///
/// A subscriber is a connection that has a subscription, however many it has. One that subscribed
/// twice to the same prefix and took it back counts until it leaves: libzmq passes the first on
/// twice and the second once. A peer that speaks an
/// older protocol than ZMTP 3 is not counted: libzmq makes up its subscription, and takes a port
/// scanner's rubbish for such a peer.
///
/// Holds some bytes for each connection and no prefixes, so that a peer cannot make it grow.
///
/// Threads: one, the socket's.
class Subscribers {
 public:
  /// Messages from peers that one read() takes at most: a few milliseconds of work.
  static constexpr std::size_t kMostAtOnce = 4096;

  /// \param wanted  how many are enough; at least 1
  explicit Subscribers(std::size_t wanted) noexcept : wanted_(wanted) {}

  /// Takes what peers have sent off the socket. Has to go on for as long as the socket lives, or
  /// that piles up in memory. Never waits.
  /// \throws zmq::error_t, std::bad_alloc; may be called again after that
  void read(zmq::socket_t& socket);

  /// True once `wanted` subscribers were there at one time, and from then on, whoever leaves.
  [[nodiscard]] bool are_enough() const noexcept { return are_enough_; }

 private:
  void note(zmq::message_t& message);

  const std::size_t wanted_;
  bool are_enough_ = false;
  SubscriberTable peers_;  ///< empty once they are enough
};

}  // namespace omzmq
