// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/peer_watch.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include "common/format.hpp"

namespace omzmq {
namespace {

std::int64_t seconds(Clock::duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

}  // namespace

void PeerWatch::note(const PeerEvent& event, Clock::time_point now) noexcept {
  switch (event.kind) {
    case PeerEvent::Kind::kCame:
      stats_.connects.add(1);
      stats_.peers.set(stats_.peers.value() + 1);
      break;
    case PeerEvent::Kind::kWent:
      stats_.disconnects.add(1);
      // One whose coming went unnoticed for want of memory goes all the same.
      if (stats_.peers.value() > 0) stats_.peers.set(stats_.peers.value() - 1);
      break;
    case PeerEvent::Kind::kFailed:
      stats_.handshake_failed.add(1);
      break;
    case PeerEvent::Kind::kRefused:
    case PeerEvent::Kind::kTurnedAway:
      stats_.auth_failed.add(1);
      break;
    case PeerEvent::Kind::kNoAnswer:
    case PeerEvent::Kind::kNoWay:
    case PeerEvent::Kind::kAnswered:
      break;
  }
  try {
    tell(event, now);
  } catch (const std::exception&) {
    // No memory for a line: it is counted all the same.
  }
}

void PeerWatch::tell(const PeerEvent& event, Clock::time_point now) {
  switch (event.kind) {
    case PeerEvent::Kind::kCame:
      say(came_, formatted("a peer has come: {} ({} now)", event.address, stats_.peers.value()),
          now);
      break;
    case PeerEvent::Kind::kWent:
      say(went_, formatted("a peer has gone: {} ({} left)", event.address, stats_.peers.value()),
          now);
      break;
    case PeerEvent::Kind::kFailed:
      say_failure(failed_, event, formatted("no handshake with {}: {}", event.address, event.why),
                  now);
      break;
    case PeerEvent::Kind::kRefused:
      say_failure(
          refused_, event,
          formatted("{} refuses us: is our public key among those it lets in?", event.address),
          now);
      break;
    case PeerEvent::Kind::kTurnedAway:
      break;  // whoever turned it away has the reason, and says it
    case PeerEvent::Kind::kNoAnswer:
    case PeerEvent::Kind::kNoWay:
      note_unanswered(event, now);
      break;
    case PeerEvent::Kind::kAnswered:
      note_answered(event.address, now);
      break;
  }
}

void PeerWatch::note_unanswered(const PeerEvent& event, Clock::time_point now) {
  auto found = outages_.find(event.address);
  if (found == outages_.end()) {
    found = outages_.emplace(event.address, Outage{}).first;
    found->second.since = now;
  }
  ++found->second.attempts;
  found->second.has_way = event.kind == PeerEvent::Kind::kNoAnswer;
}

void PeerWatch::note_answered(std::string_view endpoint, Clock::time_point now) {
  const auto found = outages_.find(endpoint);
  if (found == outages_.end()) return;
  const Outage outage = found->second;
  outages_.erase(found);
  if (!outage.is_logged) return;
  log_.info(formatted("'{}' answers again, after {} s and {} attempts", endpoint,
                      seconds(now - outage.since), outage.attempts));
}

void PeerWatch::note_closed() noexcept {
  stats_.disconnects.add(stats_.peers.value());
  stats_.peers.set(0);
  outages_.clear();
}

void PeerWatch::tell_due(Clock::time_point now) noexcept {
  try {
    for (auto& [endpoint, outage] : outages_) {
      if (!outage.is_noted && now - outage.since >= kTellOutageAfter) {
        tell_outage(endpoint, outage, now);
      }
    }
    for (Lines* const lines : {&came_, &went_, &failed_, &refused_, &outage_}) {
      const std::uint64_t suppressed = lines->limit.take_suppressed(now);
      if (suppressed == 0) continue;
      (log_.*
       lines->say)(formatted("{} more {} and were not logged", suppressed, lines->suppressed));
    }
  } catch (const std::exception&) {
    // No memory for a line.
  }
}

void PeerWatch::tell_outage(const std::string& endpoint, Outage& outage, Clock::time_point now) {
  outage.is_noted = true;
  const auto lasts = seconds(now - outage.since);
  outage.is_logged =
      say(outage_,
          outage.has_way
              ? formatted("nobody answers at '{}' for {} s, trying on", endpoint, lasts)
              : formatted("'{}' cannot be reached for {} s, trying on: its name has no address, "
                          "there is no route to it, or nobody listens there",
                          endpoint, lasts),
          now);
}

/// \return whether it was said
bool PeerWatch::say(Lines& lines, const std::string& text, Clock::time_point now) {
  const auto before = lines.limit.admit(now);
  if (before) (log_.*lines.say)(text + told_suppressed(*before));
  return before.has_value();
}

/// The time until repeats are told of begins with what they repeat.
void PeerWatch::say_failure(Lines& lines, const PeerEvent& event, const std::string& text,
                            Clock::time_point now) {
  if (!event.is_repeat) {
    const auto repeats = repeats_.would_admit(now) ? repeats_.admit(now).value_or(0) : 0;
    say(lines, text + told_suppressed(repeats), now);
  } else if (const auto before = repeats_.admit(now)) {
    (log_.*lines.say)(text + told_suppressed(*before));
  }
}

Clock::time_point PeerWatch::next_deadline() const noexcept {
  auto deadline = Clock::time_point::max();
  for (const Lines* const lines : {&came_, &went_, &failed_, &refused_, &outage_}) {
    deadline = std::min(deadline, lines->limit.next_deadline());
  }
  for (const auto& [endpoint, outage] : outages_) {
    if (!outage.is_noted) deadline = std::min(deadline, outage.since + kTellOutageAfter);
  }
  return deadline;
}

}  // namespace omzmq
