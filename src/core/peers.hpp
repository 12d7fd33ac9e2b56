// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string_view>

#include "core/transaction.hpp"

namespace omzmq {

/// What became of one of a sink's connections. Its texts are the caller's.
/// Threads: a value type.
struct PeerEvent {
  enum class Kind {
    kCame,        ///< its handshake is complete: a peer
    kWent,        ///< a peer's connection has ended
    kFailed,      ///< it ended before its handshake was complete
    kRefused,     ///< authentication failed: we were refused
    kTurnedAway,  ///< authentication failed: we refused it
    kNoAnswer,    ///< an attempt to connect is under way, or came to nothing
    kNoWay,       ///< an attempt to connect came to nothing at once: no address, or no route
    kAnswered     ///< an attempt to connect came through; the handshake follows
  };

  Kind kind;
  std::string_view address;  ///< for people; of kNoAnswer, kNoWay and kAnswered: the endpoint
  std::string_view why;      ///< of kFailed: what is likely wrong
  bool is_repeat = false;    ///< of kFailed and kRefused: the same as the last time that we tried
};

/// Hears of a sink's peers.
///
/// Threads: the sender's.
class PeerListener {
 public:
  PeerListener() = default;
  PeerListener(const PeerListener&) = delete;
  PeerListener& operator=(const PeerListener&) = delete;
  virtual ~PeerListener() = default;

  virtual void note(const PeerEvent& event, Clock::time_point now) noexcept = 0;
};

}  // namespace omzmq
