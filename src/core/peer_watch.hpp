// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/log.hpp"
#include "core/log_limit.hpp"
#include "core/peers.hpp"
#include "core/stats.hpp"

namespace omzmq {

/// Counts the peers of an action and tells of them in the log: one line for each change, of which
/// there may be few in an interval (see LogLimit), and two for an endpoint that nobody answers at:
/// when that begins to last and when it is over.
///
/// Threads: one, the sender's. Owns no clock: the time comes with each call.
class PeerWatch final : public PeerListener {
 public:
  /// An endpoint that does not answer for so long is worth a line.
  static constexpr Clock::duration kTellOutageAfter = std::chrono::seconds(5);

  /// An endpoint that fails again in the same way is told of once in this time.
  static constexpr Clock::duration kTellRepeatsAfter = std::chrono::hours(1);

  /// Keeps references to both.
  PeerWatch(SenderStats& stats, const Log& log) noexcept : stats_(stats), log_(log) {}

  void note(const PeerEvent& event, Clock::time_point now) noexcept override;

  /// The socket was closed on our side, and every peer is gone with it.
  void note_closed() noexcept;

  /// Says what only the time brings: that an outage lasts, and what was suppressed.
  void tell_due(Clock::time_point now) noexcept;

  /// When tell_due() has something to say; Clock::time_point::max(): not before the next note().
  [[nodiscard]] Clock::time_point next_deadline() const noexcept;

 private:
  using Say = void (Log::*)(const std::string&) const noexcept;

  /// Lines of one kind.
  struct Lines {
    Say say;
    const char* suppressed;  ///< what there were more of; it follows a number
    LogLimit limit = LogLimit();
  };

  /// An endpoint that nobody answers at.
  struct Outage {
    Clock::time_point since;
    std::uint64_t attempts = 0;
    bool has_way = true;     ///< as of the last attempt
    bool is_noted = false;   ///< it lasts
    bool is_logged = false;  ///< and there was a line that said so
  };

  void tell(const PeerEvent& event, Clock::time_point now);
  void note_unanswered(const PeerEvent& event, Clock::time_point now);
  void note_answered(std::string_view endpoint, Clock::time_point now);
  void tell_outage(const std::string& endpoint, Outage& outage, Clock::time_point now);
  bool say(Lines& lines, const std::string& text, Clock::time_point now);
  void say_failure(Lines& lines, const PeerEvent& event, const std::string& text,
                   Clock::time_point now);

  SenderStats& stats_;
  const Log& log_;
  Lines came_{&Log::info, "peers have come"};
  Lines went_{&Log::info, "peers have gone"};
  Lines failed_{&Log::warning, "handshakes have failed"};
  Lines refused_{&Log::error, "times we were refused"};
  Lines outage_{&Log::warning, "endpoints do not answer"};
  LogLimit repeats_{1, kTellRepeatsAfter};
  std::map<std::string, Outage, std::less<>>
      outages_;  ///< by endpoint: as many as are connected to
};

}  // namespace omzmq
