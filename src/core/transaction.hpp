// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/omzmq.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
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

/// The payloads of some messages, one after the other, each behind its length: records as the
/// packed format has them. Valid until the lane releases the transaction.
struct RecordRun {
  std::string_view records;
  std::uint32_t messages = 0;
};

/// Reads the messages of a transaction in their order. To peek at some does not take them.
///
/// Threads: one.
class TransactionReader {
 public:
  TransactionReader() = default;
  /// \param body  what write_transaction() wrote, or nothing
  TransactionReader(std::span<const std::byte> body, std::size_t slices_each) noexcept;

  /// Messages that were not taken.
  [[nodiscard]] std::size_t left() const noexcept { return left_; }

  /// Of all its messages.
  [[nodiscard]] Clock::time_point published() const noexcept { return published_; }

  /// The next message. REQUIRES: left() > 0
  void peek(Message& to) const noexcept;

  /// The next messages, as many as have up to `most_bytes` of records.
  /// REQUIRES: one slice for each message
  [[nodiscard]] RecordRun peek_run(std::size_t most_bytes,
                                   std::size_t most_messages) const noexcept;

  /// Takes what peek() showed.
  void take(const Message& message) noexcept;
  /// Takes what peek_run() showed.
  void take(const RecordRun& run) noexcept;

 private:
  const std::byte* size_ = nullptr;   ///< of the next slice
  const std::byte* bytes_ = nullptr;  ///< of the next message: its record, and then its topics
  std::size_t slices_each_ = 1;
  std::size_t left_ = 0;
  Clock::time_point published_;
};

}  // namespace omzmq
