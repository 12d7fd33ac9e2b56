// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/wire.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/settings.hpp"

// The layout of the spool file. All integers are little-endian.
//
//   header    magic "OZS1", u8 version, u8 format, u8 socket type, u8 0, u64 generation, u32 CRC
//   record    u8 kind 1, u8 0 three times, u32 bytes of topics, u32 bytes of body, u32 messages,
//             u32 held, u32 CRC of topics and body, u32 CRC of the 24 bytes before;
//             then the topics, each a u32 length and its bytes; then the body
//   end       u8 kind 2, u8 0 three times, u64 frames, u64 messages, u32 0, u32 CRC
//
// A CRC is a CRC-32C of what stands before it. A record's lengths have one of their own, so that a
// damaged body costs one record. The end is missing in a file that was cut, even between records.
//
// Functions only, and total. Threads: any.

namespace omzmq {

/// What a spool file is for.
struct SpoolPurpose {
  Format format = Format::kRaw;
  SocketType sock_type = SocketType::kPush;
  std::uint64_t generation = 1;  ///< of two files of one action, the higher one is the younger

  /// True when an action of that format and socket type can send its frames.
  [[nodiscard]] bool suits(Format its_format, SocketType its_type) const noexcept {
    return format == its_format && sock_type == its_type;
  }
};

namespace spool_format {

inline constexpr std::string_view kMagic = "OZS1";
inline constexpr std::uint8_t kVersion = 1;
inline constexpr std::size_t kHeaderBytes = 20;
inline constexpr std::size_t kHeadBytes = 28;   ///< of a record, and all of the end
inline constexpr std::size_t kLengthBytes = 4;  ///< before each topic
inline constexpr std::size_t kCrcBytes = 4;

// In the file they are numbers: a new enumerator goes behind the others.
static_assert(static_cast<int>(Format::kRaw) == 0 && static_cast<int>(Format::kLines) == 1 &&
              static_cast<int>(Format::kPacked) == 2);
static_assert(static_cast<int>(SocketType::kPub) == 0 && static_cast<int>(SocketType::kPush) == 1 &&
              static_cast<int>(SocketType::kDealer) == 2);

/// Where the fields are.
namespace at {
inline constexpr std::size_t kVersion = 4, kFormat = 5, kSocketType = 6, kGeneration = 8;
inline constexpr std::size_t kKind = 0, kTopicBytes = 4, kBodyBytes = 8, kMessages = 12, kHeld = 16,
                             kContentCrc = 20;
inline constexpr std::size_t kEndFrames = 4, kEndMessages = 12;
}  // namespace at

enum class Kind : std::uint8_t { kFrame = 1, kEnd = 2 };

/// What stands before the content of a record.
struct Head {
  std::uint32_t topic_bytes;
  std::uint32_t body_bytes;
  std::uint32_t messages;
  std::uint32_t held;
  std::uint32_t content_crc;

  [[nodiscard]] std::uint64_t content_bytes() const noexcept {
    return std::uint64_t{topic_bytes} + body_bytes;
  }
};

struct Totals {
  std::uint64_t frames = 0;
  std::uint64_t messages = 0;
};

/// Writes the CRC of `bytes` - kCrcBytes bytes behind them.
inline void seal(char* to, std::size_t bytes) noexcept {
  const std::size_t covered = bytes - kCrcBytes;
  wire::store(to + covered, wire::crc32c({to, covered}));
}

/// True when the last bytes are the CRC of those before.
[[nodiscard]] inline bool is_sealed(std::string_view bytes) noexcept {
  const std::size_t covered = bytes.size() - kCrcBytes;
  return wire::load<std::uint32_t>(bytes.data() + covered) ==
         wire::crc32c(bytes.substr(0, covered));
}

/// Writes kHeaderBytes bytes.
inline void write_header(char* to, const SpoolPurpose& purpose) noexcept {
  std::fill_n(to, kHeaderBytes, '\0');
  std::copy(kMagic.begin(), kMagic.end(), to);
  wire::store(to + at::kVersion, kVersion);
  wire::store(to + at::kFormat, static_cast<std::uint8_t>(purpose.format));
  wire::store(to + at::kSocketType, static_cast<std::uint8_t>(purpose.sock_type));
  wire::store(to + at::kGeneration, purpose.generation);
  seal(to, kHeaderBytes);
}

/// REQUIRES: a sealed header of kVersion. The enumerators may be ones that nobody knows.
[[nodiscard]] inline SpoolPurpose read_purpose(std::string_view header) noexcept {
  const char* const from = header.data();
  return {.format = static_cast<Format>(wire::load<std::uint8_t>(from + at::kFormat)),
          .sock_type = static_cast<SocketType>(wire::load<std::uint8_t>(from + at::kSocketType)),
          .generation = wire::load<std::uint64_t>(from + at::kGeneration)};
}

/// Writes kHeadBytes bytes.
inline void write_head(char* to, const Head& head) noexcept {
  std::fill_n(to, kHeadBytes, '\0');
  wire::store(to + at::kKind, static_cast<std::uint8_t>(Kind::kFrame));
  wire::store(to + at::kTopicBytes, head.topic_bytes);
  wire::store(to + at::kBodyBytes, head.body_bytes);
  wire::store(to + at::kMessages, head.messages);
  wire::store(to + at::kHeld, head.held);
  wire::store(to + at::kContentCrc, head.content_crc);
  seal(to, kHeadBytes);
}

/// REQUIRES: kHeadBytes bytes
[[nodiscard]] inline Head read_head(const char* from) noexcept {
  return {.topic_bytes = wire::load<std::uint32_t>(from + at::kTopicBytes),
          .body_bytes = wire::load<std::uint32_t>(from + at::kBodyBytes),
          .messages = wire::load<std::uint32_t>(from + at::kMessages),
          .held = wire::load<std::uint32_t>(from + at::kHeld),
          .content_crc = wire::load<std::uint32_t>(from + at::kContentCrc)};
}

/// Nothing: it is of no kind that there is. REQUIRES: kHeadBytes bytes
[[nodiscard]] inline std::optional<Kind> read_kind(const char* from) noexcept {
  const auto kind = static_cast<Kind>(wire::load<std::uint8_t>(from + at::kKind));
  if (kind != Kind::kFrame && kind != Kind::kEnd) return std::nullopt;
  return kind;
}

/// Writes kHeadBytes bytes.
inline void write_end(char* to, const Totals& totals) noexcept {
  std::fill_n(to, kHeadBytes, '\0');
  wire::store(to + at::kKind, static_cast<std::uint8_t>(Kind::kEnd));
  wire::store(to + at::kEndFrames, totals.frames);
  wire::store(to + at::kEndMessages, totals.messages);
  seal(to, kHeadBytes);
}

/// REQUIRES: kHeadBytes bytes
[[nodiscard]] inline Totals read_end(const char* from) noexcept {
  return {.frames = wire::load<std::uint64_t>(from + at::kEndFrames),
          .messages = wire::load<std::uint64_t>(from + at::kEndMessages)};
}

}  // namespace spool_format
}  // namespace omzmq
