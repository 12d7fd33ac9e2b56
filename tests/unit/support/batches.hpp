// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/wire.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/frame.hpp"
#include "support/wire_frames.hpp"

// Batches of the packed format and their acknowledgements, for tests. Functions only. Threads: any.

namespace omzmq::test {

inline constexpr std::uint64_t kEpoch = 7;
inline constexpr std::uint64_t kStream = 1;
inline constexpr std::size_t kAnyBytes = std::size_t{1} << 30;

/// A batch of `count` records, the first of which has the number `first`.
inline Frame batch_of(std::uint64_t first, std::uint32_t count = 1, std::uint64_t epoch = kEpoch) {
  const std::vector<std::string> records(count, "record");
  const std::string body = wire::body_of(records);
  Frame frame;
  frame.body.append(wire::frame_of({.epoch = epoch,
                                    .stream = kStream,
                                    .first = first,
                                    .count = count,
                                    .raw_bytes = static_cast<std::uint32_t>(body.size())},
                                   body));
  frame.messages = count;
  frame.held = count;
  frame.awaited = {.epoch = epoch, .stream = kStream, .first = first, .count = count};
  frame.seal();
  return frame;
}

/// A beat of the same stream.
inline Frame beat_of(std::uint64_t first) {
  Frame frame;
  frame.body.append(
      wire::frame_of({.is_beat = true, .epoch = kEpoch, .stream = kStream, .first = first}, ""));
  frame.seal();
  return frame;
}

inline std::string bytes_of(const wire::Ack& ack) {
  std::array<char, wire::kAckBytes> bytes{};
  wire::write_ack(bytes.data(), ack);
  return {bytes.data(), bytes.size()};
}

inline wire::Ack ack_of(std::uint64_t first, std::uint32_t count = 1,
                        std::uint64_t epoch = kEpoch) {
  return {.epoch = epoch, .stream = kStream, .first = first, .count = count};
}

/// What a receiver answers to the frame of a batch.
inline wire::Ack ack_for(std::string_view frame) {
  wire::Batch batch;
  if (wire::read_batch(frame, kAnyBytes, batch) != wire::Fault::kNone) return {};
  return {.epoch = batch.header.epoch,
          .stream = batch.header.stream,
          .first = batch.header.first,
          .count = batch.header.count};
}

/// "first+count" of a batch, "beat first" of a beat, or "?".
inline std::string shown(std::string_view frame) {
  wire::Batch batch;
  if (wire::read_batch(frame, kAnyBytes, batch) != wire::Fault::kNone) return "?";
  const wire::BatchHeader& header = batch.header;
  if (header.is_beat) return "beat " + std::to_string(header.first);
  return std::to_string(header.first) + "+" + std::to_string(header.count);
}

}  // namespace omzmq::test
