// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_set>
#include <vector>

#include "omzmq/wire.hpp"

namespace omzmq::tap {

/// Remembers which batches were taken, by what the sender names them with in an acknowledgement,
/// so that one that is sent again is known for certain: (epoch, stream, first). Only the last
/// `capacity` batches, about 70 bytes each; a sender has up to 65,536 in flight.
///
/// Threads: one.
class BatchMemory {
 public:
  static constexpr std::size_t kCapacity = std::size_t{1} << 18;

  explicit BatchMemory(std::size_t capacity = kCapacity) : capacity_(capacity) {}

  /// Remembers the batch. False: it was here before.
  bool insert(const wire::BatchHeader& header);

 private:
  struct Key {
    std::uint64_t epoch;
    std::uint64_t stream;
    std::uint64_t first;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const noexcept;
  };

  std::size_t capacity_;
  std::size_t oldest_ = 0;  // in order_, once that is full
  std::vector<Key> order_;
  std::unordered_set<Key, KeyHash> keys_;
};

}  // namespace omzmq::tap
