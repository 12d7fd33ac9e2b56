// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/batch_memory.hpp"

namespace omzmq::tap {

std::size_t BatchMemory::KeyHash::operator()(const Key& key) const noexcept {
  // Multiplication by odd numbers without a pattern spreads what differs in the low bits only.
  std::uint64_t hash = key.epoch;
  hash = (hash ^ key.stream) * 0x9e3779b97f4a7c15U;
  hash = (hash ^ (hash >> 29) ^ key.first) * 0xbf58476d1ce4e5b9U;
  return static_cast<std::size_t>(hash ^ (hash >> 32));
}

bool BatchMemory::insert(const wire::BatchHeader& header) {
  const Key key{header.epoch, header.stream, header.first};
  if (!keys_.insert(key).second) {
    return false;
  }
  if (order_.size() < capacity_) {
    order_.push_back(key);
  } else {
    keys_.erase(order_[oldest_]);
    order_[oldest_] = key;
    oldest_ = (oldest_ + 1) % capacity_;
  }
  return true;
}

}  // namespace omzmq::tap
