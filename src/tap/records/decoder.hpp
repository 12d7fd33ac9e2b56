// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "omzmq/wire.hpp"
#include "tap/records/decompressor.hpp"
#include "tap/records/message.hpp"
#include "tap/records/record.hpp"

namespace omzmq::tap {

/// How a frame becomes records.
enum class Format {
  kAuto,    ///< a frame that begins with the magic number is packed, any other is raw
  kRaw,     ///< the frame is one record, whatever bytes it has
  kLines,   ///< LFs separate records; none stands after the last: n LFs make n + 1 records
  kPacked,  ///< docs/wire-format.md; anything else is corrupt
};

struct DecoderOptions {
  Format format = Format::kAuto;
  /// The largest body of a packed batch, after decompression. Nothing larger is ever allocated.
  std::size_t max_raw_bytes = std::size_t{64} << 20;
};

/// What a frame turned out to be.
enum class [[nodiscard]] Loaded{
    kRecords,  ///< next() has them; there may be none
    kBeat,     ///< packed, without records: header() says what number is next
    kCorrupt,  ///< fault() says why; there is nothing to have from it
};

/// Takes the body of a ZeroMQ message apart into records, one at a time, so that its user can stop
/// in the middle of a frame. A packed frame is verified whole (CRC, decompression, lengths) before
/// its first record is given out: all of its records come, or none.
///
/// Copies no record. count() and payload_bytes() are there without a walk over the records.
///
/// With Format::kAuto it remembers which connections packed frames came over: a frame without the
/// magic number over one of these is corrupt, not raw. Of an unknown connection (-1) it remembers
/// nothing.
///
/// Threads: one.
/// Ownership: a frame stays its owner's; it must live until it is used up or the next load(). The
/// decompressed bytes are the decoder's, in a buffer that is used again.
class Decoder {
 public:
  explicit Decoder(DecoderOptions options = {}) : options_(options) {}

  /// Begins a frame; what the last one still held is forgotten. Any bytes will do: a frame that
  /// takes more memory than there is to decompress is corrupt, too.
  Loaded load(const Message& message);

  /// The next record of the frame, or nothing when it is used up.
  [[nodiscard]] std::optional<Record> next() noexcept;

  /// What the header of the loaded frame says; nullptr unless it is a sound packed one.
  [[nodiscard]] const wire::BatchHeader* header() const noexcept {
    return is_packed_ ? &header_ : nullptr;
  }

  /// Records in the loaded frame, those given out included.
  [[nodiscard]] std::uint64_t count() const noexcept;

  /// Bytes of all these records together.
  [[nodiscard]] std::uint64_t payload_bytes() const noexcept;

  /// Why the loaded frame is corrupt, for people; empty if it is not.
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

  /// A connection is closed: its number may come back as another peer's.
  void forget(int connection) { packed_connections_.erase(connection); }

 private:
  [[nodiscard]] bool is_to_be_packed(const Message& message) const;
  Loaded load_packed(const Message& message);
  std::optional<std::string_view> decompress(const wire::Batch& batch);
  Loaded corrupt(std::string why);

  DecoderOptions options_;
  Decompressor decompressor_;
  std::unordered_set<int> packed_connections_;  // with kAuto only
  std::string fault_;
  bool is_packed_ = false;
  bool is_plain_ = false;     // raw or lines
  wire::BatchHeader header_;  // valid when is_packed_
  wire::Records packed_rest_{std::string_view()};
  std::string_view plain_;  // the whole frame, when is_plain_
  std::string_view rest_;   // of plain_: what is not given out
  bool has_more_ = false;   // of plain_: an empty rest_ may still be a record
  Record record_;           // what all records of the frame share, and the next sequence number
};

}  // namespace omzmq::tap
