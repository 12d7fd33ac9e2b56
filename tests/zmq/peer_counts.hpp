// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string>

#include "core/peers.hpp"

namespace omzmq::test {

/// Counts what it hears of peers.
class PeerCounts final : public PeerListener {
 public:
  void note(const PeerEvent& event, Clock::time_point /*now*/) noexcept override {
    switch (event.kind) {
      case PeerEvent::Kind::kCame:
        ++came;
        break;
      case PeerEvent::Kind::kWent:
        ++went;
        break;
      case PeerEvent::Kind::kFailed:
        ++failed;
        why = event.why;
        break;
      case PeerEvent::Kind::kRefused:
      case PeerEvent::Kind::kTurnedAway:
        ++refused;
        break;
      case PeerEvent::Kind::kNoAnswer:
      case PeerEvent::Kind::kNoWay:
      case PeerEvent::Kind::kAnswered:
        return;
    }
    address = event.address;
  }

  std::uint64_t came = 0;
  std::uint64_t went = 0;
  std::uint64_t failed = 0;
  std::uint64_t refused = 0;
  std::string address;  ///< of the last one
  std::string why;      ///< of the last one that failed
};

}  // namespace omzmq::test
