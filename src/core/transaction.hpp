// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/omzmq.h>

#include <array>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace omzmq {

/// Monotonic: setting the system's clock changes no deadline.
using Clock = std::chrono::steady_clock;

/// rsyslog renders five templates for an action at most: the payload and this many topics.
inline constexpr std::size_t kMaxDynamicTopics = 4;

class Lane;

/// One log message in a transaction: views into the lane, valid until the lane releases it.
struct Message {
  std::string_view payload;
  std::array<std::string_view, kMaxDynamicTopics> topics;  ///< the first `topic_count` are set
  std::size_t topic_count = 0;
  Clock::time_point published;  ///< when the worker handed the transaction over
  Lane* awaited_by = nullptr;   ///< the lane whose worker waits for the message's fate, if one does
};

/// What a worker gives in one call: `count` messages of `slices_each` slices, payload first.
struct Batch {
  const omzmq_slice* slices;
  std::size_t count;
  std::size_t slices_each;

  [[nodiscard]] std::span<const omzmq_slice> message(std::size_t i) const noexcept {
    return {slices + i * slices_each, slices_each};
  }
};

/// What a batch comes to once the messages that can never be sent are left out.
struct TransactionPlan {
  std::size_t bytes = 0;     ///< of the transaction's body; 0 when no message remains
  std::size_t messages = 0;  ///< that go into it
  std::size_t dead = 0;      ///< whose payload is longer than allowed
};

/// \param max_message_bytes  payloads longer than this are dead
[[nodiscard]] TransactionPlan plan_transaction(const Batch& batch,
                                               std::size_t max_message_bytes) noexcept;

/// Writes the batch, its dead messages left out, to the plan.bytes bytes at `to`.
void write_transaction(std::byte* to, const Batch& batch, const TransactionPlan& plan,
                       std::size_t max_message_bytes, Clock::time_point published) noexcept;

/// Reads the messages of a transaction in their order.
class TransactionReader {
 public:
  TransactionReader() = default;
  /// \param body  what write_transaction() wrote, or nothing
  TransactionReader(std::span<const std::byte> body, std::size_t slices_each) noexcept;

  /// Messages that next() has not given yet.
  [[nodiscard]] std::size_t left() const noexcept { return left_; }

  /// Writes all of `to` but what is only the sender's, and topics beyond topic_count.
  /// REQUIRES: left() > 0
  void read_next(Message& to) noexcept {
    assert(left_ > 0);
    --left_;
    to.payload = next_slice();
    to.topic_count = slices_each_ - 1;
    for (std::size_t i = 0; i < to.topic_count; ++i) to.topics[i] = next_slice();
    to.published = published_;
  }

 private:
  [[nodiscard]] std::string_view next_slice() noexcept {
    std::uint32_t size = 0;
    std::memcpy(&size, size_, sizeof size);
    size_ += sizeof size;
    const std::string_view slice(reinterpret_cast<const char*>(bytes_), size);
    bytes_ += size;
    return slice;
  }

  const std::byte* size_ = nullptr;   ///< of the next slice
  const std::byte* bytes_ = nullptr;  ///< of the next slice
  std::size_t slices_each_ = 1;
  std::size_t left_ = 0;
  Clock::time_point published_;
};

}  // namespace omzmq
