// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/ack_window.hpp"

#include <algorithm>
#include <utility>

namespace omzmq {

bool AckWindow::add(Frame& frame, Clock::time_point now) {
  Entries fresh(1);
  const auto entry = fresh.begin();
  if (!by_name_.emplace(name_of(frame.awaited), entry).second) return false;
  // Nothing throws from here on.
  bytes_ += frame.body.size();
  messages_ += frame.messages;
  entry->frame = std::move(frame);
  entry->due = now + timeout_;
  in_flight_.splice(in_flight_.end(), fresh);
  return true;
}

Frame AckWindow::extract(Entries::iterator entry) noexcept {
  Frame frame = std::move(entry->frame);
  by_name_.erase(name_of(frame.awaited));
  in_flight_.erase(entry);
  bytes_ -= frame.body.size();
  messages_ -= frame.messages;
  return frame;
}

std::optional<Frame> AckWindow::take(const wire::Ack& ack) noexcept {
  const auto found = by_name_.find(name_of(ack));
  if (found == by_name_.end() || found->second->frame.awaited.count != ack.count) return {};
  return extract(found->second);
}

std::optional<Frame> AckWindow::take_due(Clock::time_point now) noexcept {
  if (next_due() > now) return {};
  return extract(in_flight_.begin());
}

void AckWindow::make_due_by(Clock::time_point when) noexcept {
  for (Entry& entry : in_flight_) entry.due = std::min(entry.due, when);
}

Clock::time_point AckWindow::next_due() const noexcept {
  return in_flight_.empty() ? Clock::time_point::max() : in_flight_.front().due;
}

std::deque<Frame> AckWindow::take_all() {
  std::deque<Frame> all;
  all.resize(in_flight_.size());
  std::size_t n = 0;
  while (!in_flight_.empty()) all[n++] = extract(in_flight_.begin());
  std::sort(all.begin(), all.end(),
            [](const Frame& a, const Frame& b) { return a.serial < b.serial; });
  return all;
}

}  // namespace omzmq
