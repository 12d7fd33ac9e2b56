// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <string_view>

#include "core/frame.hpp"

// How a message becomes bytes of a frame. Pure: no state, no clock.

namespace omzmq {

/// Bytes that append_line() adds for this payload to a frame that holds `messages` already.
[[nodiscard]] std::size_t line_bytes(std::string_view payload, std::size_t messages) noexcept;

/// format="lines": separates by LF, takes one LF off the payload's end, and writes the LFs inside
/// it as "#012", rsyslog's own escape. \throws std::bad_alloc
void append_line(FrameBuffer& to, std::string_view payload, std::size_t messages);

/// Bytes that append_record() adds for this payload.
[[nodiscard]] std::size_t record_bytes(std::string_view payload) noexcept;

/// format="packed": a record of docs/wire-format.md. \throws std::bad_alloc
void append_record(FrameBuffer& to, std::string_view payload);

}  // namespace omzmq
