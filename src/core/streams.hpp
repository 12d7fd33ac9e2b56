// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "core/transaction.hpp"

namespace omzmq {

/// A numbered sequence of records: those of one topic, or of an action without topics.
struct Stream {
  std::string topic;
  std::uint64_t number = 0;       ///< its name within the epoch; never used again
  std::uint64_t next = 0;         ///< the number that its next record gets
  Clock::time_point last_spoken;  ///< when its last batch or beat was made
  bool has_said_next = true;  ///< no batch since the last beat: a receiver of the beat knows all
};

/// The streams of an action. Their number and the bytes of their topics are bounded: who needs one
/// more closes the one that has had no batch for the longest time, and a topic that comes back
/// begins a new stream.
///
/// Threads: one. Ownership: a Stream& holds until its stream is closed.
class Streams {
 public:
  static constexpr std::size_t kMost = 16384;
  static constexpr std::size_t kMostTopicBytes = std::size_t{8} << 20;  ///< of all but the last one

  /// \param most  streams at a time
  explicit Streams(std::size_t most = kMost) : most_(most) {}

  /// The stream of the topic, or nullptr.
  [[nodiscard]] Stream* find(std::string_view topic) noexcept;

  /// Begins a stream at number 0. REQUIRES: there is none of this topic, and room for one.
  /// \throws std::bad_alloc, and nothing has changed
  Stream& open(std::string_view topic, Clock::time_point now);

  [[nodiscard]] bool is_full() const noexcept {
    return by_use_.size() >= most_ || topic_bytes_ >= kMostTopicBytes;
  }
  [[nodiscard]] bool is_empty() const noexcept { return by_use_.empty(); }

  /// Had no batch for the longest time. REQUIRES: not empty
  [[nodiscard]] Stream& least_used() noexcept { return by_use_.front(); }

  /// Was silent for the longest time. REQUIRES: not empty
  [[nodiscard]] Stream& most_silent() noexcept { return *by_silence_.front(); }
  [[nodiscard]] const Stream& most_silent() const noexcept { return *by_silence_.front(); }

  /// Calls `visit(Stream&)` for each, the most recently used first, until it returns false.
  template <typename Visit>
  void visit_recent(Visit&& visit) {
    for (auto entry = by_use_.rbegin(); entry != by_use_.rend(); ++entry) {
      if (!visit(*entry)) return;
    }
  }

  /// REQUIRES: not empty
  void close_least_used() noexcept;

  /// A batch of `count` records is made.
  void note_batch(Stream& stream, std::uint32_t count, Clock::time_point now) noexcept;

  /// A beat is made.
  void note_beat(Stream& stream, Clock::time_point now) noexcept;

 private:
  struct Entry;
  using Entries = std::list<Entry>;
  using Silence = std::list<Entries::iterator>;
  struct Entry : Stream {
    Entries::iterator use;      ///< its place in by_use_
    Silence::iterator silence;  ///< its place in by_silence_
  };

  /// Every stream that is given out is an Entry. REQUIRES: this has opened it
  [[nodiscard]] static Entry& entry_of(Stream& stream) noexcept {
    return static_cast<Entry&>(stream);
  }
  void note_spoken(Entry& entry, Clock::time_point now) noexcept;

  const std::size_t most_;
  std::size_t topic_bytes_ = 0;
  std::uint64_t next_number_ = 0;
  Entries by_use_;      ///< the least recently used first
  Silence by_silence_;  ///< the one that spoke longest ago first
  std::unordered_map<std::string_view, Entries::iterator> by_topic_;  ///< keys live in by_use_
};

}  // namespace omzmq
