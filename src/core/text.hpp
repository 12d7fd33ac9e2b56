// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace omzmq {

/// True for well-formed UTF-8: no overlong forms, no surrogates, nothing beyond U+10FFFF.
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

/// The text itself where it is UTF-8; else with a '?' for each byte that is not ASCII.
[[nodiscard]] std::string to_utf8(std::string_view text);

/// ASCII letters in lower case, all else as it is.
[[nodiscard]] std::string to_lower(std::string_view text);

/// The text with each byte of a control character, and each that is no UTF-8, as \xNN, so that it
/// can stand in a line of a log.
[[nodiscard]] std::string to_printable(std::string_view text);

/// The text itself, or, where it is longer than `most` bytes, its beginning and its end with
/// " [N bytes] " between them. \param text  UTF-8, and so is the result  \param most  64 at least
[[nodiscard]] std::string shortened(std::string_view text, std::size_t most);

/// The path without detours such as "./" and "a/../", so that most names of one file are equal;
/// the file system is not asked.
[[nodiscard]] std::string normal_path(std::string_view path);

/// RFC 4648, with padding.
[[nodiscard]] std::string to_base64(std::string_view bytes);

}  // namespace omzmq
