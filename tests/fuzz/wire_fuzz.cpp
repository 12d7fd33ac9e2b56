// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Any bytes as a batch. The CRC and the raw size would stop nearly all that a fuzzer makes up, so
// an input is tried as it is and once more with each of them made right.

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string_view>
#include <vector>

#include "omzmq/wire.hpp"
#include "property.hpp"

namespace omzmq::fuzz {
namespace {

namespace offset = wire::batch_offset;
using wire::Fault;

constexpr std::uint64_t kUntouched = 0x5555555555555555;
constexpr std::size_t kNoLimit = std::numeric_limits<std::uint32_t>::max();

/// A frame in a block of its own size, so that AddressSanitizer sees the first byte beyond it.
using Bytes = std::vector<char>;

std::string_view view(const Bytes& bytes) { return {bytes.data(), bytes.size()}; }

template <typename Integer>
Integer field(const Bytes& frame, std::size_t at) {
  return wire::load<Integer>(frame.data() + at);
}

/// Where the body begins, or 0 where the frame has none.
std::size_t body_offset(const Bytes& frame) {
  if (frame.size() < wire::kHeaderBytes) return 0;
  const std::size_t at = field<std::uint8_t>(frame, offset::kHeaderSize);
  return at < wire::kHeaderBytes || at > frame.size() ? 0 : at;
}

void repair_crc(Bytes& frame) {
  const std::size_t body = body_offset(frame);
  if (body == 0) return;
  const std::string_view head = view(frame).substr(0, offset::kCrc);
  wire::store(frame.data() + offset::kCrc,
              wire::crc32c(view(frame).substr(body), wire::crc32c(head)));
}

void repair_raw_size(Bytes& frame) {
  const std::size_t body = body_offset(frame);
  if (body == 0) return;
  wire::store(frame.data() + offset::kRawSize, static_cast<std::uint32_t>(frame.size() - body));
}

/// Whether `raw` is `count` records exactly: the format's words in 64 bits, without a Records.
bool is_records(std::string_view raw, std::uint64_t count) {
  std::uint64_t at = 0;
  std::uint64_t found = 0;
  while (at + 4 <= raw.size()) {
    std::uint64_t length = 0;
    for (std::uint64_t i = 4; i-- != 0;)
      length = length << 8 | static_cast<unsigned char>(raw[static_cast<std::size_t>(at + i)]);
    if (at + 4 + length > raw.size()) return false;
    at += 4 + length;
    ++found;
  }
  return at == raw.size() && found == count;
}

void check_records_of(std::string_view raw, wire::BatchHeader header) {
  wire::Records records(raw);
  std::size_t at = 0;
  std::uint64_t count = 0;
  while (const auto record = records.next()) {
    at += wire::kLengthBytes;
    require(record->data() == raw.data() + at, "a record follows the one before");
    require(record->size() <= raw.size() - at, "a record ends inside the body");
    at += record->size();
    ++count;
    require(records.rest().size() == raw.size() - at, "the rest is what was not read");
  }
  require(!records.next(), "the end stays the end");
  header.raw_bytes = static_cast<std::uint32_t>(raw.size());
  for (const std::uint64_t said : {std::uint64_t{header.count}, count, count + 1}) {
    header.count = static_cast<std::uint32_t>(said);
    require((check_records(raw, header) == Fault::kNone) == is_records(raw, said),
            "records are accepted when they fill the body and are as many as said");
  }
  ++header.raw_bytes;
  require(check_records(raw, header) == Fault::kRawSize, "a body of another size is refused");
}

/// What was read must be all that the frame says: written again it is the same frame.
void check_rebuilt(const Bytes& frame, const wire::Batch& batch) {
  Bytes again(wire::kHeaderBytes + batch.body.size());
  std::copy(batch.body.begin(), batch.body.end(), again.begin() + wire::kHeaderBytes);
  write_header(again.data(), again.size(), batch.header);
  Bytes expected(frame.begin(), frame.begin() + wire::kHeaderBytes);
  expected.insert(expected.end(), batch.body.begin(), batch.body.end());
  // A sender of this version has nothing to put there.
  wire::store(expected.data() + offset::kHeaderSize, std::uint8_t{wire::kHeaderBytes});
  wire::store(expected.data() + offset::kReserved, std::uint32_t{0});
  if (expected.size() != frame.size() || field<std::uint32_t>(frame, offset::kReserved) != 0)
    repair_crc(expected);
  require(again == expected, "a batch that was read is written as it was");
}

/// \param bit  any number; names a bit of what the CRC covers
void check_damage(Bytes frame, std::size_t body, std::size_t bit) {
  const std::size_t covered = offset::kCrc + 4 + (frame.size() - body);
  std::size_t at = bit / 8 % covered;
  // One bit of the header size moves the body; a CRC may agree with that by chance.
  if (at == offset::kHeaderSize) return;
  if (at >= wire::kHeaderBytes) at += body - wire::kHeaderBytes;
  frame[at] = static_cast<char>(static_cast<unsigned char>(frame[at]) ^ (1U << bit % 8));
  wire::Batch batch;
  require(read_batch(view(frame), kNoLimit, batch) != Fault::kNone, "a changed bit is seen");
}

void check_accepted(const Bytes& frame, const wire::Batch& batch) {
  const wire::BatchHeader& header = batch.header;
  const std::size_t body = body_offset(frame);
  require(body != 0, "an accepted frame has a header");
  require(batch.body.data() == frame.data() + body && batch.body.size() == frame.size() - body,
          "the body is what follows the header");
  require(std::uint64_t{header.count} * 4 <= header.raw_bytes, "each record has its length");
  require(header.codec != wire::Codec::kNone || header.raw_bytes == batch.body.size(),
          "an uncompressed body is of the raw size");
  require(!header.is_beat || (header.count == 0 && header.raw_bytes == 0 && batch.body.empty()),
          "a beat has no records");
  check_records_of(batch.body, header);
  check_rebuilt(frame, batch);
  check_damage(frame, body, static_cast<std::size_t>(header.time_ns));
}

Fault read(const Bytes& frame, std::size_t max_raw_bytes) {
  wire::Batch batch;
  batch.header.time_ns = kUntouched;
  const Fault fault = read_batch(view(frame), max_raw_bytes, batch);
  if (fault == Fault::kNone) {
    require(batch.header.raw_bytes <= max_raw_bytes, "the limit holds");
    check_accepted(frame, batch);
  } else {
    require(batch.header.time_ns == kUntouched && batch.body.empty(),
            "a refused frame changes nothing");
  }
  return fault;
}

Fault try_frame(const Bytes& frame) {
  const Fault unlimited = read(frame, kNoLimit);
  require(unlimited != Fault::kTooLarge, "nothing is too large without a limit");
  for (const std::size_t limit : {std::size_t{0}, std::size_t{16}}) {
    const Fault limited = read(frame, limit);
    require(limited == unlimited || (limited == Fault::kTooLarge && unlimited == Fault::kNone),
            "a limit refuses sound frames only");
  }
  return unlimited;
}

}  // namespace
}  // namespace omzmq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace omzmq::fuzz;
  Bytes frame(data, data + size);
  static_cast<void>(try_frame(frame));
  repair_crc(frame);
  require(try_frame(frame) != Fault::kCrc, "a right CRC is accepted");
  repair_raw_size(frame);
  repair_crc(frame);
  const Fault fault = try_frame(frame);
  require(fault != Fault::kCrc && fault != Fault::kRawSize, "a right size is accepted");
  // Without an envelope, so that no limit of the header stands in the way.
  check_records_of(view(frame), {});
  return 0;
}
