// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/decoder.hpp"

#include <algorithm>
#include <new>
#include <utility>

#include "common/format.hpp"

namespace omzmq::tap {

Loaded Decoder::load(const Message& message) {
  record_ = Record{};
  record_.topic = message.topic;
  record_.received_ns = message.received_ns;
  fault_.clear();
  is_packed_ = false;
  has_more_ = false;
  is_plain_ = !is_to_be_packed(message);
  if (!is_plain_) return load_packed(message);
  plain_ = message.body;
  rest_ = message.body;
  has_more_ = true;
  return Loaded::kRecords;
}

bool Decoder::is_to_be_packed(const Message& message) const {
  if (options_.format != Format::kAuto) return options_.format == Format::kPacked;
  if (message.body.starts_with(wire::kBatchMagic)) return true;
  return !packed_connections_.empty() && packed_connections_.contains(message.connection);
}

Loaded Decoder::load_packed(const Message& message) {
  if (options_.format == Format::kAuto && !message.body.starts_with(wire::kBatchMagic))
    return corrupt(
        "no packed batch, over a connection that has brought some; if a forwarder mixes both, "
        "--format raw takes every frame as it is");
  wire::Batch batch;
  const wire::Fault fault = wire::read_batch(message.body, options_.max_raw_bytes, batch);
  if (fault == wire::Fault::kTooLarge)
    return corrupt(formatted("{}: a batch may have {} bytes, decompressed", describe(fault),
                             options_.max_raw_bytes));
  if (fault != wire::Fault::kNone) return corrupt(describe(fault));
  std::string_view raw = batch.body;
  if (batch.header.codec != wire::Codec::kNone && !(raw.empty() && batch.header.raw_bytes == 0)) {
    const std::optional<std::string_view> decompressed = decompress(batch);
    if (!decompressed) return Loaded::kCorrupt;
    raw = *decompressed;
  }
  if (const wire::Fault records_fault = check_records(raw, batch.header);
      records_fault != wire::Fault::kNone)
    return corrupt(describe(records_fault));

  if (options_.format == Format::kAuto && message.connection >= 0)
    packed_connections_.insert(message.connection);
  is_packed_ = true;
  header_ = batch.header;
  record_.is_numbered = true;
  record_.epoch = header_.epoch;
  record_.stream = header_.stream;
  record_.sequence = header_.first;
  record_.sent_ns = header_.time_ns;
  packed_rest_ = wire::Records(raw);
  return header_.is_beat ? Loaded::kBeat : Loaded::kRecords;
}

/// The body of `batch` decompressed; nothing, and fault(), when that cannot be done.
std::optional<std::string_view> Decoder::decompress(const wire::Batch& batch) {
  try {
    const auto raw =
        decompressor_.decompress(batch.header.codec, batch.body, batch.header.raw_bytes);
    if (!raw) fault_ = decompressor_.fault();
    return raw;
  } catch (const std::bad_alloc&) {
    // A few bytes can announce much: what one frame asks for must not cost those before it.
    fault_ = formatted("not enough memory for {} bytes", batch.header.raw_bytes);
    return std::nullopt;
  }
}

Loaded Decoder::corrupt(std::string why) {
  fault_ = std::move(why);
  return Loaded::kCorrupt;
}

std::optional<Record> Decoder::next() noexcept {
  if (is_packed_) {
    const std::optional<std::string_view> payload = packed_rest_.next();
    if (!payload) return std::nullopt;
    Record record = record_;
    record.payload = *payload;
    ++record_.sequence;
    return record;
  }
  if (!has_more_) return std::nullopt;
  Record record = record_;
  record.payload = rest_;
  const std::size_t end =
      options_.format == Format::kLines ? rest_.find('\n') : std::string_view::npos;
  if (end != std::string_view::npos) {
    record.payload = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
  } else {
    has_more_ = false;
  }
  return record;
}

std::uint64_t Decoder::count() const noexcept {
  if (is_packed_) return header_.count;
  if (!is_plain_) return 0;
  if (options_.format != Format::kLines) return 1;
  return static_cast<std::uint64_t>(std::count(plain_.begin(), plain_.end(), '\n')) + 1;
}

std::uint64_t Decoder::payload_bytes() const noexcept {
  const std::uint64_t records = count();
  if (is_packed_) return header_.raw_bytes - records * wire::kLengthBytes;
  // One LF between each two lines.
  return records == 0 ? 0 : plain_.size() - (records - 1);
}

}  // namespace omzmq::tap
