// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/transaction.hpp"

#include <omzmq/wire.hpp>

#include <algorithm>
#include <cassert>
#include <cstring>

// A transaction is: i64 time of publication (ticks of Clock), u64 number of messages, the u32 size
// of each slice of each message, then the messages: each a record of the packed format, which is
// the payload behind its length, and its other slices. So many records go into a frame in one
// piece; and the sizes stand together so that to find where they end does not touch them. But for
// the records it is in host order: it never leaves the process.

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

std::byte* put_bytes(std::byte* to, const omzmq_slice& slice) noexcept {
  if (slice.size != 0) std::memcpy(to, slice.data, slice.size);
  return to + slice.size;
}

// Most batches have one slice for each message. What is compiled for that alone costs a worker a
// fifth less.
constexpr std::size_t kAnyNumber = 0;

template <std::size_t kSlicesEach>
TransactionPlan plan(const Batch& batch, std::size_t max_message_bytes) noexcept {
  const std::size_t slices_each = kSlicesEach == kAnyNumber ? batch.slices_each : kSlicesEach;
  TransactionPlan plan;
  std::size_t bytes = kHeaderBytes;
  for (std::size_t i = 0; i < batch.count; ++i) {
    const omzmq_slice* const message = batch.slices + i * slices_each;
    if (message->size > max_message_bytes) {
      ++plan.dead;
      continue;
    }
    ++plan.messages;
    bytes += wire::kLengthBytes;
    for (std::size_t n = 0; n < slices_each; ++n) {
      bytes += sizeof message[n].size + message[n].size;
    }
  }
  if (plan.messages != 0) plan.bytes = bytes;
  return plan;
}

template <std::size_t kSlicesEach>
std::byte* put_messages(std::byte* to, const Batch& batch, std::size_t messages,
                        std::size_t max_message_bytes) noexcept {
  const std::size_t slices_each = kSlicesEach == kAnyNumber ? batch.slices_each : kSlicesEach;
  std::byte* size = to;
  to += messages * slices_each * sizeof(omzmq_slice::size);
  for (std::size_t i = 0; i < batch.count; ++i) {
    const omzmq_slice* const message = batch.slices + i * slices_each;
    if (message->size > max_message_bytes) continue;
    wire::store(reinterpret_cast<char*>(to), message->size);
    to += wire::kLengthBytes;
    for (std::size_t n = 0; n < slices_each; ++n) {
      size = put(size, message[n].size);
      to = put_bytes(to, message[n]);
    }
  }
  return to;
}

std::string_view view_of(const std::byte* bytes, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace

TransactionPlan plan_transaction(const Batch& batch, std::size_t max_message_bytes) noexcept {
  return batch.slices_each == 1 ? plan<1>(batch, max_message_bytes)
                                : plan<kAnyNumber>(batch, max_message_bytes);
}

void write_transaction(std::byte* to, const Batch& batch, const TransactionPlan& plan,
                       std::size_t max_message_bytes, Clock::time_point published) noexcept {
  [[maybe_unused]] const std::byte* const end = to + plan.bytes;
  to = put(to, static_cast<std::int64_t>(published.time_since_epoch().count()));
  to = put(to, static_cast<std::uint64_t>(plan.messages));
  to = batch.slices_each == 1
           ? put_messages<1>(to, batch, plan.messages, max_message_bytes)
           : put_messages<kAnyNumber>(to, batch, plan.messages, max_message_bytes);
  assert(to == end);
}

TransactionReader::TransactionReader(std::span<const std::byte> body,
                                     std::size_t slices_each) noexcept
    : size_(body.data()), slices_each_(slices_each) {
  if (body.empty()) return;
  published_ = Clock::time_point(Clock::duration(get<std::int64_t>(size_)));
  left_ = static_cast<std::size_t>(get<std::uint64_t>(size_));
  bytes_ = size_ + left_ * slices_each * sizeof(omzmq_slice::size);
}

void TransactionReader::peek(Message& to) const noexcept {
  assert(left_ > 0);
  const std::byte* size = size_;
  to.payload = view_of(bytes_ + wire::kLengthBytes, get<std::uint32_t>(size));
  const char* topic = to.payload.data() + to.payload.size();
  to.topic_count = slices_each_ - 1;
  for (std::size_t i = 0; i < to.topic_count; ++i) {
    to.topics[i] = {topic, get<std::uint32_t>(size)};
    topic += to.topics[i].size();
  }
  to.published = published_;
}

RecordRun TransactionReader::peek_run(std::size_t most_bytes,
                                      std::size_t most_messages) const noexcept {
  assert(slices_each_ == 1);
  const std::byte* size = size_;
  const std::byte* const end = size + std::min(most_messages, left_) * sizeof(omzmq_slice::size);
  std::size_t bytes = 0;
  RecordRun run;
  while (size != end) {
    const std::size_t with_next = bytes + wire::kLengthBytes + get<std::uint32_t>(size);
    if (with_next > most_bytes) break;
    bytes = with_next;
    ++run.messages;
  }
  run.records = view_of(bytes_, bytes);
  return run;
}

void TransactionReader::take(const Message& message) noexcept {
  std::size_t bytes = wire::kLengthBytes + message.payload.size();
  for (std::size_t i = 0; i < message.topic_count; ++i) bytes += message.topics[i].size();
  bytes_ += bytes;
  size_ += slices_each_ * sizeof(omzmq_slice::size);
  --left_;
}

void TransactionReader::take(const RecordRun& run) noexcept {
  bytes_ += run.records.size();
  size_ += run.messages * sizeof(omzmq_slice::size);
  left_ -= run.messages;
}

}  // namespace omzmq
