// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>

#include "core/counter.hpp"
#include "core/latency.hpp"

namespace omzmq {

/// What one worker counts. Written by that worker.
struct LaneStats {
  Counter submitted;       ///< messages that rsyslog was told OK for
  Counter dropped_newest;  ///< messages of transactions that found no room
  Counter dropped_dead;    ///< messages longer than maxMessageSize
  Counter suspended;       ///< transactions handed back to rsyslog
  Counter waited_us;       ///< microseconds spent waiting for room and for confirmation
};

/// What an action's sender thread counts. Written by that thread.
struct SenderStats {
  Counter sent_messages;     ///< messages that ZeroMQ took, each once
  Counter sent_bytes;        ///< bytes of the frames that ZeroMQ took, topics included
  Counter sent_frames;       ///< ZeroMQ messages; a topic and its body are one
  Counter dropped_oldest;    ///< messages discarded to make room for newer ones
  Counter acked;             ///< messages of batches that a receiver acknowledged
  Counter resent;            ///< messages that went out again, each time
  Counter acks_ignored;      ///< acknowledgements that are malformed or fit nothing in flight
  Counter spooled;           ///< messages that were written to the spool file
  Counter replayed;          ///< messages of the spool file that ZeroMQ took
  Counter peers;             ///< a gauge: connects - disconnects
  Counter connects;          ///< handshakes that were completed
  Counter disconnects;       ///< of peers
  Counter handshake_failed;  ///< connections that ended before their handshake was complete
  Counter auth_failed;       ///< connections that ended because authentication failed
  /// A gauge: bytes of frames that are being built, wait for the socket, or for an acknowledgement.
  Counter open_bytes;
  LatencyCounts latency;  ///< of each message once: not of what is sent again or replayed
};

/// The counters of an action at one moment.
struct StatsSnapshot {
  std::uint64_t submitted = 0;
  std::uint64_t sent_messages = 0;
  std::uint64_t sent_bytes = 0;
  std::uint64_t sent_frames = 0;
  std::uint64_t dropped_newest = 0;
  std::uint64_t dropped_oldest = 0;
  std::uint64_t dropped_dead = 0;
  std::uint64_t suspended = 0;
  std::uint64_t waited_us = 0;
  std::uint64_t acked = 0;
  std::uint64_t resent = 0;
  std::uint64_t acks_ignored = 0;
  std::uint64_t spooled = 0;
  std::uint64_t replayed = 0;
  std::uint64_t lane_bytes = 0;
  std::uint64_t lane_peak = 0;
  std::uint64_t peers = 0;
  std::uint64_t connects = 0;
  std::uint64_t disconnects = 0;
  std::uint64_t handshake_failed = 0;
  std::uint64_t auth_failed = 0;
  // Of Action::report() only: in microseconds, of what was sent since the last report.
  std::uint64_t latency_p50_us = 0;
  std::uint64_t latency_p99_us = 0;
  std::uint64_t latency_max_us = 0;
};

}  // namespace omzmq
