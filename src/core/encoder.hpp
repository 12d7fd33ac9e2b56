// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/wire.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "core/frame.hpp"

// How a message becomes bytes of a frame. Pure: no state, no clock.

namespace omzmq {

/// Bytes that append_line() adds for this payload to a frame that holds `messages` already.
[[nodiscard]] std::size_t line_bytes(std::string_view payload, std::size_t messages) noexcept;

/// format="lines": separates by LF, takes one LF off the payload's end, and writes the LFs inside
/// it as "#012", rsyslog's own escape.
/// \param bytes  line_bytes(payload, messages)  \throws std::bad_alloc
void append_line(FrameBuffer& to, std::string_view payload, std::size_t messages,
                 std::size_t bytes);

/// Bytes that append_record() adds for this payload.
[[nodiscard]] inline std::size_t record_bytes(std::string_view payload) noexcept {
  return wire::kLengthBytes + payload.size();
}

/// format="packed": a record of docs/wire-format.md. \throws std::bad_alloc
inline void append_record(FrameBuffer& to, std::string_view payload) {
  const std::size_t bytes = record_bytes(payload);
  to.reserve_for(bytes);
  char* const end = to.data() + to.size();
  wire::store(end, static_cast<std::uint32_t>(payload.size()));
  if (!payload.empty()) std::memcpy(end + wire::kLengthBytes, payload.data(), payload.size());
  to.resize(to.size() + bytes);
}

}  // namespace omzmq
