// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Makes frames of the packed format, sound and damaged, and prints each with what wire.hpp says of
// it. agree.py asks the second decoder for its word on the same bytes.
//
//   verdicts COUNT SEED
//
// The first line is `limit BYTES`, the largest raw size allowed. Then a line for each frame:
//   batch|ack FRAME fault NAME
//   batch FRAME sound BEAT CODEC EPOCH STREAM FIRST COUNT RAW_SIZE TIME BODY [records =RECORD...]
//   ack FRAME sound STATUS EPOCH STREAM FIRST COUNT
// Frames, bodies and records are hexadecimal, an empty one is a dot; a record has its '=' before
// it. Of a compressed body the records are those that were packed, where nothing was changed since.

#include <lz4frame.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <iterator>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "omzmq/wire.hpp"
#include "support/wire_frames.hpp"

namespace omzmq::wire {
namespace {

using Strings = std::vector<std::string>;

constexpr std::size_t kMaxRawBytes = 4096;
constexpr std::array<const char*, 12> kFaultNames = {
    "none",  "too-short", "magic", "version",  "header-size", "flags",
    "codec", "too-large", "crc",   "raw-size", "count",       "records"};

struct Packed {
  std::string frame;
  std::optional<Strings> records;  ///< nothing once the frame was changed
};

class Maker {
 public:
  explicit Maker(std::uint64_t seed) : random_(seed) {}

  Packed batch() {
    Packed packed = sound_batch();
    if (one_in(4)) lengthen_header(packed.frame);
    if (one_in(2)) return packed;
    packed.records.reset();
    damage(packed.frame);
    while (one_in(3)) damage(packed.frame);
    if (one_in(2)) repair_raw_size(packed.frame);
    if (!one_in(4)) repair(packed.frame);
    return packed;
  }

  std::string ack() {
    std::string frame(kAckBytes, '\0');
    write_ack(frame.data(), {.status = static_cast<std::uint8_t>(below(3)),
                             .epoch = random_(),
                             .stream = random_(),
                             .first = random_(),
                             .count = static_cast<std::uint32_t>(random_())});
    if (one_in(2)) return frame;
    damage(frame);
    if (frame.size() == kAckBytes && one_in(2))
      frame = with(frame, ack_offset::kCrc, crc32c(frame.substr(0, ack_offset::kCrc)));
    return frame;
  }

  bool one_in(std::size_t n) { return below(n) == 0; }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  Packed sound_batch() {
    const bool is_beat = one_in(10);
    // Now and then more than the limit allows.
    Strings records(is_beat ? 0 : below(6));
    const std::size_t longest = one_in(20) ? 2 * kMaxRawBytes : 40;
    for (std::string& record : records) {
      record.resize(below(longest));
      for (char& byte : record) byte = static_cast<char>(below(4) == 0 ? random_() : 'a');
    }
    const std::string raw = body_of(records);
    const auto codec = static_cast<Codec>(is_beat ? 0 : below(3));
    const BatchHeader header{.is_beat = is_beat,
                             .codec = codec,
                             .epoch = random_(),
                             .stream = random_(),
                             .first = random_(),
                             .count = static_cast<std::uint32_t>(records.size()),
                             .raw_bytes = static_cast<std::uint32_t>(raw.size()),
                             .time_ns = random_()};
    return {frame_of(header, compressed(raw, codec)), records};
  }

  static std::string compressed(const std::string& raw, Codec codec) {
    if (codec == Codec::kNone) return raw;
    std::string result(
        ZSTD_compressBound(raw.size()) + LZ4F_compressFrameBound(raw.size(), nullptr), '\0');
    const bool is_zstd = codec == Codec::kZstd;
    const std::size_t size =
        is_zstd ? ZSTD_compress(result.data(), result.size(), raw.data(), raw.size(), 1)
                : LZ4F_compressFrame(result.data(), result.size(), raw.data(), raw.size(), nullptr);
    if ((is_zstd ? ZSTD_isError(size) : LZ4F_isError(size)) != 0)
      throw std::runtime_error("cannot compress");
    result.resize(size);
    return result;
  }

  void lengthen_header(std::string& frame) {
    const std::size_t more = 1 + below(199);
    frame.insert(kHeaderBytes, more, static_cast<char>(random_()));
    frame[batch_offset::kHeaderSize] = static_cast<char>(kHeaderBytes + more);
    repair(frame);
  }

  void damage(std::string& frame) {
    constexpr std::array<std::uint32_t, 9> kNastyNumbers = {
        0, 1, 5, 0x3FFFFFFF, 0x40000000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, 0xFFFFFFFF};
    constexpr std::array<std::size_t, 4> kNastyPlaces = {
        batch_offset::kCount, batch_offset::kRawSize, batch_offset::kReserved, kHeaderBytes};
    switch (below(7)) {
      case 0:
        if (!frame.empty()) frame[below(frame.size())] = static_cast<char>(random_());
        break;
      case 1:
        if (!frame.empty()) {
          char& byte = frame[below(frame.size())];
          byte = static_cast<char>(byte ^ static_cast<char>(1U << below(8)));
        }
        break;
      case 2:
        frame.resize(below(frame.size() + 1));
        break;
      case 3:
        frame.append(1 + below(5), static_cast<char>(below(2) * 255));
        break;
      case 4:  // magic, version, flags, codec, header size
        if (frame.size() >= 8) frame[below(8)] = static_cast<char>(below(4));
        break;
      case 5: {
        const std::size_t at = kNastyPlaces[below(kNastyPlaces.size())];
        const std::uint32_t number = kNastyNumbers[below(kNastyNumbers.size())];
        if (frame.size() >= at + sizeof number) frame = with(frame, at, number);
        break;
      }
      default:  // a count that is nearly right
        if (frame.size() >= kHeaderBytes)
          frame[batch_offset::kCount] = static_cast<char>(frame[batch_offset::kCount] + 1);
    }
  }

  /// Without it, hardly a body of another length would get as far as its records.
  static void repair_raw_size(std::string& frame) {
    if (frame.size() < kHeaderBytes) return;
    const std::size_t header_bytes = load<std::uint8_t>(frame.data() + batch_offset::kHeaderSize);
    if (header_bytes > frame.size()) return;
    frame = with(frame, batch_offset::kRawSize,
                 static_cast<std::uint32_t>(frame.size() - header_bytes));
  }

  static void repair(std::string& frame) {
    if (frame.size() < kHeaderBytes) return;
    const auto header_bytes = load<std::uint8_t>(frame.data() + batch_offset::kHeaderSize);
    if (header_bytes <= frame.size()) frame = repaired(frame);
  }

  std::mt19937_64 random_;
};

std::string hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 0xF];
  }
  return text.empty() ? "." : text;
}

void append(std::string& line, std::uint64_t number) {
  line += ' ';
  line += std::to_string(number);
}

std::string fault_text(Fault fault) {
  return std::string(" fault ") + kFaultNames.at(static_cast<std::size_t>(fault));
}

std::string verdict_on(const Packed& packed) {
  Batch batch;
  if (const Fault fault = read_batch(packed.frame, kMaxRawBytes, batch); fault != Fault::kNone)
    return fault_text(fault);
  const BatchHeader& header = batch.header;
  std::optional<Strings> known = packed.records;
  if (header.codec == Codec::kNone) {
    if (const Fault fault = check_records(batch.body, header); fault != Fault::kNone)
      return fault_text(fault);
    known.emplace();
    Records records(batch.body);
    while (const auto record = records.next()) known->emplace_back(*record);
  }
  std::string line = " sound";
  append(line, header.is_beat ? 1 : 0);
  append(line, static_cast<std::uint64_t>(header.codec));
  append(line, header.epoch);
  append(line, header.stream);
  append(line, header.first);
  append(line, header.count);
  append(line, header.raw_bytes);
  append(line, header.time_ns);
  line += ' ' + hex(batch.body);
  if (known) line += " records";
  for (const std::string& record : known.value_or(Strings{})) line += " =" + hex(record);
  return line;
}

std::string verdict_on(const std::string& frame) {
  Ack ack;
  if (const Fault fault = read_ack(frame, ack); fault != Fault::kNone) return fault_text(fault);
  std::string line = " sound";
  append(line, ack.status);
  append(line, ack.epoch);
  append(line, ack.stream);
  append(line, ack.first);
  append(line, ack.count);
  return line;
}

void print_all(std::uint64_t count, std::uint64_t seed) {
  Maker maker(seed);
  std::printf("limit %zu\n", kMaxRawBytes);
  for (std::uint64_t i = 0; i < count; ++i) {
    std::string line;
    if (maker.one_in(8)) {
      const std::string frame = maker.ack();
      line = "ack " + hex(frame) + verdict_on(frame);
    } else {
      const Packed packed = maker.batch();
      line = "batch " + hex(packed.frame) + verdict_on(packed);
    }
    std::puts(line.c_str());
  }
  if (std::fflush(stdout) != 0) throw std::runtime_error("cannot write");
}

}  // namespace
}  // namespace omzmq::wire

int main(int argc, char** argv) try {
  if (argc != 3) throw std::runtime_error("usage: verdicts COUNT SEED");
  omzmq::wire::print_all(std::stoull(argv[1]), std::stoull(argv[2]));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "verdicts: %s\n", error.what());
  return 1;
}
