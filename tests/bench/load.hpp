// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
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
  Load(std::size_t messages, std::size_t bytes) : text_(bytes, 'p') {
    slices_.resize(messages, {reinterpret_cast<const unsigned char*>(text_.data()), 0,
                              static_cast<std::uint32_t>(bytes)});
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  [[nodiscard]] Batch batch() const noexcept { return {slices_.data(), slices_.size(), 1}; }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

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
  const std::string text_;
  std::vector<omzmq_slice> slices_;
};

}  // namespace omzmq::bench
