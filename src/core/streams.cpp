// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/streams.hpp"

namespace omzmq {

Stream* Streams::find(std::string_view topic) noexcept {
  const auto found = by_topic_.find(topic);
  return found == by_topic_.end() ? nullptr : &*found->second;
}

Stream& Streams::open(std::string_view topic, Clock::time_point now) {
  Entries fresh(1);
  const auto entry = fresh.begin();
  entry->topic = topic;
  entry->number = next_number_;
  entry->last_spoken = now;
  Silence place{entry};
  entry->use = entry;
  entry->silence = place.begin();
  by_topic_.emplace(entry->topic, entry);
  // Nothing throws from here on.
  by_use_.splice(by_use_.end(), fresh);
  by_silence_.splice(by_silence_.end(), place);
  topic_bytes_ += topic.size();
  ++next_number_;
  return *entry;
}

void Streams::close_least_used() noexcept {
  const auto entry = by_use_.begin();
  topic_bytes_ -= entry->topic.size();
  by_topic_.erase(entry->topic);
  by_silence_.erase(entry->silence);
  by_use_.erase(entry);
}

void Streams::note_batch(Stream& stream, std::uint32_t count, Clock::time_point now) noexcept {
  stream.next += count;
  stream.has_said_next = false;
  Entry& entry = entry_of(stream);
  note_spoken(entry, now);
  by_use_.splice(by_use_.end(), by_use_, entry.use);
}

void Streams::note_beat(Stream& stream, Clock::time_point now) noexcept {
  stream.has_said_next = true;
  note_spoken(entry_of(stream), now);
}

void Streams::note_spoken(Entry& entry, Clock::time_point now) noexcept {
  entry.last_spoken = now;
  by_silence_.splice(by_silence_.end(), by_silence_, entry.silence);
}

}  // namespace omzmq
