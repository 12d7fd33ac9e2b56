// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/omzmq.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "core/lane.hpp"
#include "core/transaction.hpp"

namespace omzmq::test {

/// The slices of a transaction, and the bytes behind them.
class BatchBuilder {
 public:
  /// One message for each payload.
  BatchBuilder(std::initializer_list<std::string> payloads) {
    for (const std::string& payload : payloads) add({payload});
  }
  BatchBuilder() = default;
  BatchBuilder(const BatchBuilder&) = delete;
  BatchBuilder& operator=(const BatchBuilder&) = delete;

  /// A message: the payload, then its topics. All messages have the same number of slices.
  BatchBuilder& add(std::vector<std::string> slices) {
    slices_each_ = slices.size();
    ++count_;
    for (std::string& slice : slices) {
      const std::string& kept = bytes_.emplace_back(std::move(slice));
      const auto* const data = reinterpret_cast<const unsigned char*>(kept.data());
      slices_.push_back(
          {kept.empty() ? nullptr : data, 0, static_cast<std::uint32_t>(kept.size())});
    }
    return *this;
  }

  [[nodiscard]] const omzmq_slice* slices() const noexcept { return slices_.data(); }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }
  [[nodiscard]] Batch batch() const noexcept { return {slices_.data(), count_, slices_each_}; }

 private:
  std::deque<std::string> bytes_;  // a deque: its elements stay where they are
  std::vector<omzmq_slice> slices_;
  std::size_t count_ = 0;
  std::size_t slices_each_ = 1;
};

inline constexpr std::size_t kAnySize = SIZE_MAX;

/// Publishes the batch in the lane, as a worker does. \return false when there is no room
[[nodiscard]] inline bool publish(Lane& lane, const BatchBuilder& builder,
                                  Clock::time_point published) {
  const auto plan = plan_transaction(builder.batch(), kAnySize);
  std::byte* const room = lane.try_reserve(plan.bytes);
  if (room == nullptr) return false;
  write_transaction(room, builder.batch(), plan, kAnySize, published);
  lane.publish();
  return true;
}

}  // namespace omzmq::test
