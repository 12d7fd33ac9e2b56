// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/lane.hpp"
#include "core/transaction.hpp"

namespace omzmq::bench {

/// One transaction of equal messages, as a worker is given it.
///
/// Threads: const after construction; publish() is the lane's writer.
class Load {
 public:
  /// \param messages  of a transaction
  /// \param bytes  of a message
  /// \param topics  that its messages have by turns; 0: none
  Load(std::size_t messages, std::size_t bytes, std::size_t topics = 0)
      : text_(bytes, 'p'), slices_each_(topics == 0 ? 1 : 2) {
    for (std::size_t i = 0; i < topics; ++i) topics_.push_back("host." + std::to_string(i));
    for (std::size_t i = 0; i < messages; ++i) {
      slices_.push_back(slice_of(text_));
      if (topics != 0) slices_.push_back(slice_of(topics_[i % topics]));
    }
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  [[nodiscard]] Batch batch() const noexcept {
    return {slices_.data(), slices_.size() / slices_each_, slices_each_};
  }

  /// \return false when the lane has no room for it
  [[nodiscard]] bool publish(Lane& lane, Clock::time_point published) const noexcept {
    const auto plan = plan_transaction(batch(), text_.size());
    std::byte* const room = lane.try_reserve(plan.bytes);
    if (room == nullptr) return false;
    write_transaction(room, batch(), plan, text_.size(), published);
    lane.publish();
    return true;
  }

 private:
  static omzmq_slice slice_of(std::string_view text) noexcept {
    return {reinterpret_cast<const unsigned char*>(text.data()), 0,
            static_cast<std::uint32_t>(text.size())};
  }

  const std::string text_;
  const std::size_t slices_each_;
  std::vector<std::string> topics_;
  std::vector<omzmq_slice> slices_;
};

}  // namespace omzmq::bench
