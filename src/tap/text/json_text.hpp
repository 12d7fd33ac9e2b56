// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// Text for JSON documents and for terminals. Threads: any.

namespace omzmq::tap {

/// Bytes of the UTF-8 character that `bytes` begins with: 1 to 4; 0 where there is none, as for
/// overlong forms, surrogates, what lies beyond U+10FFFF, what is cut off, and an empty text.
[[nodiscard]] std::size_t utf8_length(std::string_view bytes) noexcept;

/// Appends a JSON string of the bytes, with the quotation marks. U+FFFD takes the place of each
/// byte that is no part of a UTF-8 character, so the result is valid whatever the bytes.
void append_json_string(std::string& to, std::string_view bytes);

/// Appends a JSON object or array without the white space between its tokens, everything else as it
/// stands. False, with `to` unchanged, if the bytes are not exactly one of these by RFC 8259, are
/// not UTF-8, or nest deeper than kMaxJsonDepth.
[[nodiscard]] bool append_compact_json(std::string& to, std::string_view bytes);

inline constexpr std::size_t kMaxJsonDepth = 512;

}  // namespace omzmq::tap
