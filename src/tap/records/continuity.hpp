// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "omzmq/wire.hpp"

namespace omzmq::tap {

/// How a packed batch or beat continues its stream.
enum class Arrival {
  kFirst,            ///< of this stream: it begins here, whatever its number
  kInOrder,          ///< exactly what was expected; a beat that is behind is that too
  kGap,              ///< records between what was expected and this are missing
  kLate,             ///< nothing of it was here before, and records with higher numbers were
  kDuplicate,        ///< all of it was here before
  kPartlyDuplicate,  ///< some of it was here before
};

/// What Continuity says about a batch. The numbers are records; `missed`, `recovered` and
/// `duplicated` may be added up over all batches: missed - recovered records are missing.
struct Verdict {
  Arrival arrival = Arrival::kInOrder;
  std::uint64_t missed = 0;      ///< found to be missing now
  std::uint64_t recovered = 0;   ///< of this batch, counted in `missed` of an earlier verdict
  std::uint64_t duplicated = 0;  ///< of this batch, here before
  bool new_epoch = false;        ///< the first frame of a sender's start
  bool restart = false;          ///< and it replaces a start that was seen before
};

/// Knows for each stream which number is next, and so what is missing or came twice. Never a false
/// gap: a stream that is seen for the first time begins with the number it is first seen with, and
/// numbers below that are never judged.
///
/// A duplicate does not move the next number back. Records that were found missing and come after
/// all (sent again after a lost connection, or over another path) are recovered, not duplicated;
/// each stream remembers kMaxHoles runs of missing numbers, the latest ones.
///
/// A restart is an epoch that was never seen before, and comes over the same connection as an
/// earlier one, or after the connection of an earlier one was closed. A new epoch beside others
/// that are connected is one more sender.
///
/// Memory is bounded: of more than `max_streams` streams the one that was silent for the longest
/// time is forgotten, and begins anew when it comes back; so it is with kMaxEpochs epochs.
///
/// Threads: one.
class Continuity {
 public:
  static constexpr std::size_t kMaxStreams = 65536;
  static constexpr std::size_t kMaxEpochs = 1024;
  static constexpr std::size_t kMaxHoles = 16;

  explicit Continuity(std::size_t max_streams = kMaxStreams) : max_streams_(max_streams) {}

  /// Judges a sound batch or beat, in the order of arrival. `connection` tells peers apart; -1:
  /// unknown.
  [[nodiscard]] Verdict seen(const wire::BatchHeader& header, int connection);

  /// A connection is closed: what it brought may be followed by a restart, and its number may come
  /// back as another peer's.
  void connection_closed(int connection);

  /// Whether a frame of this epoch was seen, as far as is remembered.
  [[nodiscard]] bool knows(std::uint64_t epoch) const noexcept;

  /// Streams remembered now.
  [[nodiscard]] std::size_t streams() const noexcept { return by_key_.size(); }

  /// Streams forgotten so far because there were too many.
  [[nodiscard]] std::uint64_t forgotten() const noexcept { return forgotten_; }

 private:
  struct Key {
    std::uint64_t epoch;
    std::uint64_t stream;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };
  /// Numbers from `begin` to before `end`.
  struct Range {
    std::uint64_t begin;
    std::uint64_t end;
  };
  struct Stream {
    Key key;
    std::uint64_t begin;       // of what is judged
    std::uint64_t next;        // expected
    std::vector<Range> holes;  // missing between begin and next; disjoint, the oldest first
  };
  struct Epoch {
    std::uint64_t id;
    int connection;            // that the last frame came over; -1: unknown
    bool is_connected = true;  // as far as is known
    bool is_replaced = false;  // a restart followed it
  };

  Stream* find(const Key& key);
  void begin_stream(const Key& key, Range batch);
  void note_epoch(const wire::BatchHeader& header, int connection, Verdict& verdict);
  bool replaces_another(int connection);
  static void judge(Stream& stream, Range batch, Verdict& verdict);
  static std::uint64_t fill_holes(Stream& stream, Range arrived);

  std::size_t max_streams_;
  std::uint64_t forgotten_ = 0;
  std::list<Stream> streams_;  // the one heard last in front
  std::unordered_map<Key, std::list<Stream>::iterator, KeyHash> by_key_;
  std::list<Epoch> epochs_;  // the one heard last in front
};

}  // namespace omzmq::tap
