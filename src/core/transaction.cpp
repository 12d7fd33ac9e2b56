// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/transaction.hpp"

#include <cassert>
#include <cstring>

// A transaction is: i64 time of publication (ticks of Clock), u64 number of messages, the u32 size
// of each slice of each message, then the bytes of the slices. The sizes stand together so that the
// bytes of equal slices keep an alignment, and passing over messages does not touch them. It never
// leaves the process, so it is in host order.

namespace omzmq {
namespace {

constexpr std::size_t kHeaderBytes = 2 * sizeof(std::uint64_t);

template <typename T>
std::byte* put(std::byte* to, T value) noexcept {
  std::memcpy(to, &value, sizeof value);
  return to + sizeof value;
}

template <typename T>
T get(const std::byte*& from) noexcept {
  T value;
  std::memcpy(&value, from, sizeof value);
  from += sizeof value;
  return value;
}

}  // namespace

TransactionPlan plan_transaction(const Batch& batch, std::size_t max_message_bytes) noexcept {
  TransactionPlan plan;
  std::size_t bytes = kHeaderBytes;
  for (std::size_t i = 0; i < batch.count; ++i) {
    const auto message = batch.message(i);
    if (message.front().size > max_message_bytes) {
      ++plan.dead;
      continue;
    }
    ++plan.messages;
    for (const omzmq_slice& slice : message) bytes += sizeof slice.size + slice.size;
  }
  if (plan.messages != 0) plan.bytes = bytes;
  return plan;
}

void write_transaction(std::byte* to, const Batch& batch, const TransactionPlan& plan,
                       std::size_t max_message_bytes, Clock::time_point published) noexcept {
  [[maybe_unused]] const std::byte* const end = to + plan.bytes;
  to = put(to, static_cast<std::int64_t>(published.time_since_epoch().count()));
  to = put(to, static_cast<std::uint64_t>(plan.messages));
  std::byte* size = to;
  to += plan.messages * batch.slices_each * sizeof(omzmq_slice::size);
  for (std::size_t i = 0; i < batch.count; ++i) {
    const auto message = batch.message(i);
    if (message.front().size > max_message_bytes) continue;
    for (const omzmq_slice& slice : message) {
      size = put(size, slice.size);
      if (slice.size != 0) std::memcpy(to, slice.data, slice.size);
      to += slice.size;
    }
  }
  assert(to == end);
}

TransactionReader::TransactionReader(std::span<const std::byte> body,
                                     std::size_t slices_each) noexcept
    : size_(body.data()), slices_each_(slices_each) {
  if (body.empty()) return;
  published_ = Clock::time_point(Clock::duration(get<std::int64_t>(size_)));
  left_ = get<std::uint64_t>(size_);
  bytes_ = size_ + left_ * slices_each * sizeof(omzmq_slice::size);
}

}  // namespace omzmq
