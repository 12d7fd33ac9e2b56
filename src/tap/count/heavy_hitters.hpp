// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "tap/count/value_hash.hpp"

namespace omzmq::tap {

/// Counts the most frequent values of a stream in bounded memory: Space-Saving (Metwally, Agrawal,
/// El Abbadi, 2005). While there are no more different values than slots, each count is exact.
/// From then on a new value takes the slot of a least frequent one and inherits its count, as it
/// may have been seen as often before; that is the error of its entry:
///
///   count - error <= true count <= count,  error <= max_error() <= total() / capacity,
///
/// and a value without a slot has been seen max_error() times at most. So each value that is seen
/// more often than that is among the entries. The counts of all entries add up to total().
///
/// One add() is O(1), and allocates nothing for a value that has a slot. Memory is bounded by
/// capacity, whatever the values are: of one longer than kMaxValueBytes only the beginning is kept
/// (whole UTF-8 characters), with "…" at its end, and values that are cut to the same text are
/// counted as one.
///
/// Threads: one.
class HeavyHitters {
 public:
  static constexpr std::size_t kMaxValueBytes = 256;  // with the mark of a cut value
  static constexpr std::size_t kMaxCapacity = 10'000'000;

  struct Entry {
    std::string_view value;   // valid until the next add()
    std::uint64_t count = 0;  // never too small
    std::uint64_t error = 0;  // never too large by more than this
  };

  /// `capacity`: the slots, 1 to kMaxCapacity; else throws std::invalid_argument.
  explicit HeavyHitters(std::size_t capacity);

  void add(std::string_view value);

  /// The `most` entries with the highest counts, the highest first; of equal ones the one with the
  /// smaller error, then the smaller value, first.
  [[nodiscard]] std::vector<Entry> top(std::size_t most) const;

  /// How often add() was called.
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

  /// No entry's error is larger; 0 while all counts are exact.
  [[nodiscard]] std::uint64_t max_error() const noexcept;

  /// Entries in use.
  [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }

  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  using Index = std::uint32_t;
  static constexpr Index kNone = ~Index{0};

  /// The slots with the same count, in a ring; the groups themselves are in the order of counts.
  struct Group {
    std::uint64_t count = 0;
    Index first = kNone;  // a slot
    Index lower = kNone;  // groups
    Index higher = kNone;
  };
  struct Slot {
    std::string value;
    std::uint64_t error = 0;
    Index group = kNone;
    Index previous = kNone;  // slots of the ring
    Index next = kNone;
  };
  struct Hash {
    std::uint64_t seed;
    // Not noexcept: the map then stores each hash, instead of computing those of neighbours again.
    std::size_t operator()(std::string_view value) const {
      return static_cast<std::size_t>(hash_bytes(value, seed));
    }
  };

  [[nodiscard]] std::string_view kept(std::string_view value);
  Index take_slot(std::string_view value);
  Index add_slot(std::string_view value);
  Index replace_slot(std::string_view value);
  void increment(Index slot);
  Index group_above(Index group, std::uint64_t count);
  void link_slot(Index slot, Index group);
  void unlink_slot(Index slot);
  void unlink_group(Index group);

  std::size_t capacity_;
  std::uint64_t total_ = 0;
  bool exact_ = true;
  std::vector<Slot> slots_;    // reserved: neither slots nor their values ever move
  std::vector<Group> groups_;  // unused ones, too
  std::vector<Index> unused_groups_;
  Index lowest_ = kNone;  // groups
  Index highest_ = kNone;
  std::unordered_map<std::string_view, Index, Hash> slot_of_;  // the keys are the slots' values
  std::string cut_;                                            // the last value that was cut
};

}  // namespace omzmq::tap
