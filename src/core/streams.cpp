// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/streams.hpp"

#include <utility>

namespace omzmq {

Stream* Streams::find(std::string_view topic) noexcept {
  const auto found = by_topic_.find(topic);
  return found == by_topic_.end() ? nullptr : &found->second->stream;
}

Stream& Streams::open(std::string_view topic, Clock::time_point now) {
  Entries fresh(1);
  const auto entry = fresh.begin();
  entry->stream.topic = topic;
  entry->stream.number = next_number_;
  entry->stream.last_spoken = now;
  Silence place{entry};
  entry->silence = place.begin();
  by_topic_.emplace(entry->stream.topic, entry);
  // Nothing throws from here on.
  by_use_.splice(by_use_.end(), fresh);
  by_silence_.splice(by_silence_.end(), place);
  ++next_number_;
  return entry->stream;
}

void Streams::close_least_used() noexcept {
  const auto entry = by_use_.begin();
  by_topic_.erase(entry->stream.topic);
  by_silence_.erase(entry->silence);
  by_use_.erase(entry);
}

Streams::Entries::iterator Streams::entry_of(const Stream& stream) noexcept {
  return by_topic_.find(stream.topic)->second;
}

void Streams::note_batch(Stream& stream, std::uint32_t count, Clock::time_point now) noexcept {
  const auto entry = entry_of(stream);
  stream.next += count;
  stream.has_said_next = false;
  note_spoken(*entry, now);
  by_use_.splice(by_use_.end(), by_use_, entry);
}

void Streams::note_beat(Stream& stream, Clock::time_point now) noexcept {
  stream.has_said_next = true;
  note_spoken(*entry_of(stream), now);
}

void Streams::note_spoken(Entry& entry, Clock::time_point now) noexcept {
  entry.stream.last_spoken = now;
  by_silence_.splice(by_silence_.end(), by_silence_, entry.silence);
}

}  // namespace omzmq
