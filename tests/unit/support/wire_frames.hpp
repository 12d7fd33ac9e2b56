// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "omzmq/wire.hpp"

// Frames of the packed format for tests, sound and damaged. Functions only. Threads: any.

namespace omzmq::wire {

inline std::string bytes(std::initializer_list<unsigned> values) {
  std::string result;
  for (const unsigned value : values) result += static_cast<char>(value);
  return result;
}

// The three below were written from the documented format by hand, not with write_header().

/// The records "hi", "" and 0A 00 FF.
inline const std::string& golden_batch() {
  static const std::string frame = bytes({
      'O',  'Z',  'B',  '1',  1,    0,    0,    56,    // magic, version, flags, codec, header size
      0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01,  // epoch
      0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE,  // stream
      7,    0,    0,    0,    0,    0,    0,    0,     // first
      3,    0,    0,    0,    17,   0,    0,    0,     // count, raw size
      0x15, 0xCD, 0x5B, 0x07, 0,    0,    0,    0,     // time
      0,    0,    0,    0,    0xD9, 0x03, 0xB3, 0x9E,  // reserved, crc
      2,    0,    0,    0,    'h',  'i',               //
      0,    0,    0,    0,                             //
      3,    0,    0,    0,    0x0A, 0x00, 0xFF,        //
  });
  return frame;
}

inline const std::string& golden_beat() {
  static const std::string frame = bytes({
      'O',  'Z',  'B',  '1',  1,    1,    0,    56,    //
      0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01,  //
      0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE,  //
      10,   0,    0,    0,    0,    0,    0,    0,     //
      0,    0,    0,    0,    0,    0,    0,    0,     //
      0x15, 0xCD, 0x5B, 0x07, 0,    0,    0,    0,     //
      0,    0,    0,    0,    0xAD, 0x8A, 0x62, 0x3F,  //
  });
  return frame;
}

inline const std::string& golden_ack() {
  static const std::string frame = bytes({
      'O',  'Z',  'A',  '1',  1,    0,    0,    0,     // magic, version, status, reserved
      0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23, 0x01,  // epoch
      0x10, 0x32, 0x54, 0x76, 0x98, 0xBA, 0xDC, 0xFE,  // stream
      7,    0,    0,    0,    0,    0,    0,    0,     // first
      3,    0,    0,    0,    0x8A, 0xF7, 0xE5, 0x75,  // count, crc
  });
  return frame;
}

/// An uncompressed body of these records.
inline std::string body_of(const std::vector<std::string>& records) {
  std::string body;
  for (const std::string& record : records) {
    std::array<char, kLengthBytes> length{};
    store(length.data(), static_cast<std::uint32_t>(record.size()));
    body.append(length.data(), length.size());
    body += record;
  }
  return body;
}

/// A batch whose header is written by write_header().
inline std::string frame_of(const BatchHeader& header, const std::string& body) {
  std::string frame = std::string(kHeaderBytes, '?') + body;
  write_header(frame.data(), frame.size(), header);
  return frame;
}

/// Makes the CRC right for the header size that the frame says.
inline std::string repaired(std::string frame) {
  const auto header_bytes = load<std::uint8_t>(frame.data() + batch_offset::kHeaderSize);
  const std::string covered = frame.substr(0, 52) + frame.substr(header_bytes);
  store(frame.data() + batch_offset::kCrc, crc32c(covered));
  return frame;
}

/// The frame with one field overwritten.
template <typename Integer>
std::string with(std::string frame, std::size_t offset, Integer value) {
  store(frame.data() + offset, value);
  return frame;
}

}  // namespace omzmq::wire
