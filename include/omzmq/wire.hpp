// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "omzmq/crc32c.hpp"

// The packed format: the layout of its frames, a decoder for receivers and what a sender writes
// them with. docs/wire-format.md explains the format. Header-only; needs nothing but the standard
// library. Decompression is the receiver's: zstd and lz4 have good libraries.
//
// A receiver, for each ZeroMQ message whose last part is `frame`:
//
//   omzmq::wire::Batch batch;
//   if (read_batch(frame, kMaxRawBytes, batch) != omzmq::wire::Fault::kNone) …corrupt: count it…
//   std::string_view raw = batch.body;
//   if (batch.header.codec != omzmq::wire::Codec::kNone) raw = …decompressed to raw_bytes…
//   if (check_records(raw, batch.header) != omzmq::wire::Fault::kNone) …corrupt: count it…
//   omzmq::wire::Records records(raw);
//   while (auto record = records.next()) …
//
// All functions are total: any bytes whatever give a Fault or a result, and nothing outside of the
// given bytes is read. Nothing is copied or allocated. Threads: any, as long as the bytes stay.

namespace omzmq::wire {

inline constexpr std::string_view kBatchMagic = "OZB1";
inline constexpr std::string_view kAckMagic = "OZA1";
inline constexpr std::uint8_t kFormatVersion = 1;
inline constexpr std::uint8_t kBeatFlag = 1;
inline constexpr std::size_t kHeaderBytes = 56;  ///< of a batch, before its body
inline constexpr std::size_t kAckBytes = 40;
inline constexpr std::size_t kLengthBytes = 4;  ///< before each record

/// How the body of a batch is compressed.
enum class Codec : std::uint8_t { kNone = 0, kZstd = 1, kLz4 = 2 };

/// Why bytes are no batch or acknowledgement. All but kTooLarge mean that they are corrupt, or of
/// a version of the format that this receiver does not know.
enum class [[nodiscard]] Fault : std::uint8_t{
    kNone,     kTooShort, kMagic, kVersion, kHeaderSize, kFlags, kCodec,
    kTooLarge,  ///< sound, but more bytes than the receiver allows; an acknowledgement: too long
    kCrc,      kRawSize,  kCount, kRecords,
};

/// A text for people, such as "wrong CRC".
constexpr const char* describe(Fault fault) noexcept {
  switch (fault) {
    case Fault::kNone:
      return "no fault";
    case Fault::kTooShort:
      return "too short";
    case Fault::kMagic:
      return "wrong magic number";
    case Fault::kVersion:
      return "unknown version";
    case Fault::kHeaderSize:
      return "impossible header size";
    case Fault::kFlags:
      return "unknown flag";
    case Fault::kCodec:
      return "unknown codec";
    case Fault::kTooLarge:
      return "larger than allowed";
    case Fault::kCrc:
      return "wrong CRC";
    case Fault::kRawSize:
      return "body is not of the size that the header says";
    case Fault::kCount:
      return "impossible number of records";
    case Fault::kRecords:
      return "records do not fill the body";
  }
  return "unknown fault";
}

/// What the header of a batch says.
struct BatchHeader {
  bool is_beat = false;  ///< no records: only says what number is next
  Codec codec = Codec::kNone;
  std::uint64_t epoch = 0;      ///< of the sender's start
  std::uint64_t stream = 0;     ///< names the (action, topic) pair within the epoch
  std::uint64_t first = 0;      ///< number of the first record; of a beat: the next to be given
  std::uint32_t count = 0;      ///< records
  std::uint32_t raw_bytes = 0;  ///< of the body before compression
  std::uint64_t time_ns = 0;    ///< since 1970-01-01 UTC, when the batch was built
};

struct Batch {
  BatchHeader header;
  std::string_view body;  ///< as on the wire, a part of the frame
};

/// A receiver's word to the sender that a batch is where it should be.
struct Ack {
  std::uint8_t status = 0;  ///< 0: taken
  std::uint64_t epoch = 0;
  std::uint64_t stream = 0;
  std::uint64_t first = 0;
  std::uint32_t count = 0;

  bool operator==(const Ack&) const = default;
};

// ---- Little-endian integers at any address

template <typename Integer>
Integer load(const char* from) noexcept {
  Integer value = 0;
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(&value, from, sizeof value);
  } else {
    for (std::size_t i = sizeof value; i-- != 0;)
      value = static_cast<Integer>(value << 8 | static_cast<unsigned char>(from[i]));
  }
  return value;
}

template <typename Integer>
void store(char* to, Integer value) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    std::memcpy(to, &value, sizeof value);
  } else {
    for (std::size_t i = 0; i < sizeof value; ++i) to[i] = static_cast<char>(value >> (8 * i));
  }
}

// ---- Offsets of the fields

namespace batch_offset {
inline constexpr std::size_t kMagic = 0, kVersion = 4, kFlags = 5, kCodec = 6, kHeaderSize = 7,
                             kEpoch = 8, kStream = 16, kFirst = 24, kCount = 32, kRawSize = 36,
                             kTime = 40, kReserved = 48, kCrc = 52;
}  // namespace batch_offset

namespace ack_offset {
inline constexpr std::size_t kMagic = 0, kVersion = 4, kStatus = 5, kReserved = 6, kEpoch = 8,
                             kStream = 16, kFirst = 24, kCount = 32, kCrc = 36;
}  // namespace ack_offset

// ---- Receiving

namespace detail {

inline std::uint32_t batch_crc(std::string_view frame, std::string_view body) noexcept {
  return crc32c(body, crc32c(frame.substr(0, batch_offset::kCrc)));
}

inline Fault check_sizes(const Batch& batch) noexcept {
  const BatchHeader& header = batch.header;
  if (header.codec == Codec::kNone && header.raw_bytes != batch.body.size()) return Fault::kRawSize;
  if (header.raw_bytes / kLengthBytes < header.count) return Fault::kCount;
  if (header.is_beat && (header.raw_bytes != 0 || !batch.body.empty())) return Fault::kCount;
  return Fault::kNone;
}

}  // namespace detail

/// Reads the header and verifies everything but the records themselves. A size is too large only
/// after the CRC was right: a damaged size is damage, and nothing is allocated for it here.
/// \param max_raw_bytes  the largest body, decompressed, that the receiver is ready for
/// \param batch  is set only when the result is kNone
inline Fault read_batch(std::string_view frame, std::size_t max_raw_bytes, Batch& batch) noexcept {
  using namespace batch_offset;
  const std::string_view magic = frame.substr(0, kBatchMagic.size());
  if (magic != kBatchMagic.substr(0, magic.size())) return Fault::kMagic;
  if (frame.size() < kHeaderBytes) return Fault::kTooShort;
  const char* const at = frame.data();
  if (load<std::uint8_t>(at + kVersion) != kFormatVersion) return Fault::kVersion;
  const auto header_bytes = load<std::uint8_t>(at + kHeaderSize);
  if (header_bytes < kHeaderBytes || header_bytes > frame.size()) return Fault::kHeaderSize;
  const auto flags = load<std::uint8_t>(at + kFlags);
  if ((flags & ~unsigned{kBeatFlag}) != 0) return Fault::kFlags;
  const auto codec = load<std::uint8_t>(at + kCodec);
  if (codec > static_cast<std::uint8_t>(Codec::kLz4)) return Fault::kCodec;
  const Batch found{{.is_beat = (flags & kBeatFlag) != 0,
                     .codec = static_cast<Codec>(codec),
                     .epoch = load<std::uint64_t>(at + kEpoch),
                     .stream = load<std::uint64_t>(at + kStream),
                     .first = load<std::uint64_t>(at + kFirst),
                     .count = load<std::uint32_t>(at + kCount),
                     .raw_bytes = load<std::uint32_t>(at + kRawSize),
                     .time_ns = load<std::uint64_t>(at + kTime)},
                    frame.substr(header_bytes)};
  if (const Fault fault = detail::check_sizes(found); fault != Fault::kNone) return fault;
  if (detail::batch_crc(frame, found.body) != load<std::uint32_t>(at + kCrc)) return Fault::kCrc;
  if (found.header.raw_bytes > max_raw_bytes) return Fault::kTooLarge;
  batch = found;
  return Fault::kNone;
}

/// The records of a body that is not, or no longer, compressed.
class Records {
 public:
  explicit Records(std::string_view raw) noexcept : rest_(raw) {}

  /// The next record, or nothing at the end and where no whole record follows.
  std::optional<std::string_view> next() noexcept {
    if (rest_.size() < kLengthBytes) return std::nullopt;
    const std::size_t length = load<std::uint32_t>(rest_.data());
    if (length > rest_.size() - kLengthBytes) return std::nullopt;
    const std::string_view record = rest_.substr(kLengthBytes, length);
    rest_.remove_prefix(kLengthBytes + length);
    return record;
  }

  [[nodiscard]] std::string_view rest() const noexcept { return rest_; }

 private:
  std::string_view rest_;
};

/// Verifies that `raw` is as many records as the header says, and nothing else.
inline Fault check_records(std::string_view raw, const BatchHeader& header) noexcept {
  if (raw.size() != header.raw_bytes) return Fault::kRawSize;
  Records records(raw);
  std::uint32_t count = 0;
  while (records.next()) ++count;
  return records.rest().empty() && count == header.count ? Fault::kNone : Fault::kRecords;
}

/// Reads an acknowledgement. \param ack  is set only when the result is kNone
inline Fault read_ack(std::string_view frame, Ack& ack) noexcept {
  using namespace ack_offset;
  const std::string_view magic = frame.substr(0, kAckMagic.size());
  if (magic != kAckMagic.substr(0, magic.size())) return Fault::kMagic;
  if (frame.size() < kAckBytes) return Fault::kTooShort;
  if (frame.size() > kAckBytes) return Fault::kTooLarge;
  const char* const at = frame.data();
  if (load<std::uint8_t>(at + kVersion) != kFormatVersion) return Fault::kVersion;
  if (crc32c(frame.substr(0, kCrc)) != load<std::uint32_t>(at + kCrc)) return Fault::kCrc;
  ack = Ack{.status = load<std::uint8_t>(at + kStatus),
            .epoch = load<std::uint64_t>(at + kEpoch),
            .stream = load<std::uint64_t>(at + kStream),
            .first = load<std::uint64_t>(at + kFirst),
            .count = load<std::uint32_t>(at + kCount)};
  return Fault::kNone;
}

// ---- Sending

/// Writes the header in front of a body that is in place, CRC included.
/// REQUIRES: frame_bytes >= kHeaderBytes
/// \param frame  kHeaderBytes and then the body as it goes over the wire
inline void write_header(char* frame, std::size_t frame_bytes, const BatchHeader& header) noexcept {
  using namespace batch_offset;
  std::copy(kBatchMagic.begin(), kBatchMagic.end(), frame + batch_offset::kMagic);
  store<std::uint8_t>(frame + kVersion, kFormatVersion);
  store<std::uint8_t>(frame + kFlags, header.is_beat ? kBeatFlag : 0);
  store<std::uint8_t>(frame + kCodec, static_cast<std::uint8_t>(header.codec));
  store<std::uint8_t>(frame + kHeaderSize, kHeaderBytes);
  store<std::uint64_t>(frame + kEpoch, header.epoch);
  store<std::uint64_t>(frame + kStream, header.stream);
  store<std::uint64_t>(frame + kFirst, header.first);
  store<std::uint32_t>(frame + kCount, header.count);
  store<std::uint32_t>(frame + kRawSize, header.raw_bytes);
  store<std::uint64_t>(frame + kTime, header.time_ns);
  store<std::uint32_t>(frame + kReserved, 0);
  const std::string_view whole(frame, frame_bytes);
  store<std::uint32_t>(frame + kCrc, detail::batch_crc(whole, whole.substr(kHeaderBytes)));
}

/// Writes kAckBytes bytes.
inline void write_ack(char* to, const Ack& ack) noexcept {
  using namespace ack_offset;
  std::copy(kAckMagic.begin(), kAckMagic.end(), to + ack_offset::kMagic);
  store<std::uint8_t>(to + kVersion, kFormatVersion);
  store<std::uint8_t>(to + kStatus, ack.status);
  store<std::uint16_t>(to + kReserved, 0);
  store<std::uint64_t>(to + kEpoch, ack.epoch);
  store<std::uint64_t>(to + kStream, ack.stream);
  store<std::uint64_t>(to + kFirst, ack.first);
  store<std::uint32_t>(to + kCount, ack.count);
  store<std::uint32_t>(to + kCrc, crc32c(std::string_view(to, ack_offset::kCrc)));
}

}  // namespace omzmq::wire
