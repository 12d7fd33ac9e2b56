// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/format.hpp"
#include "core/config_error.hpp"

// Readers of parameter values. `parameter` is the name in the error; `type` says what is right.
// All throw ConfigError that has both and the value.

namespace omzmq {

/// A whole decimal number within [least, most].
[[nodiscard]] std::int64_t read_number(std::string_view parameter, std::string_view type,
                                       std::string_view value, std::int64_t least,
                                       std::int64_t most);

/// As read_number(), with rsyslog's suffixes: k m g are powers of 1024, K M G of 1000.
[[nodiscard]] std::int64_t read_size(std::string_view parameter, std::string_view type,
                                     std::string_view value, std::int64_t least, std::int64_t most);

[[nodiscard]] bool read_on_off(std::string_view parameter, std::string_view value);

/// Any text but an empty one or one with a NUL.
[[nodiscard]] std::string read_text(std::string_view parameter, std::string_view value);

/// An absolute path: the daemon's current directory is nobody's choice.
[[nodiscard]] std::string read_path(std::string_view parameter, std::string_view value);

/// An absolute path of a file with keys, or, where that may be, a CURVE key in Z85. What may be a
/// key, and be it with a slip of the pen, does not come into the error.
enum class Key { kNever, kMayBe };
[[nodiscard]] std::string read_path_or_key(std::string_view parameter, std::string_view value,
                                           Key key);

/// Octal permission bits, such as 0660.
[[nodiscard]] unsigned read_file_mode(std::string_view parameter, std::string_view value);

/// The elements of an array as they are; a single string is split at commas, blanks around each
/// part taken off.
[[nodiscard]] std::vector<std::string> split_list(std::string_view parameter,
                                                  std::span<const std::string> values);

/// As split_list(), and a single string is split at blanks too, as omczmq's manual has it.
[[nodiscard]] std::vector<std::string> split_endpoints(std::string_view parameter,
                                                       std::span<const std::string> values);

/// "name=value"
[[nodiscard]] std::pair<std::string, std::string> split_option(std::string_view parameter,
                                                               std::string_view text);

/// True when both are the same but for the case of ASCII letters.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b) noexcept;

/// Refuses a value that is none of these words, and names the one that may have been meant.
[[noreturn]] void refuse_word(std::string_view parameter, std::string_view value,
                              std::span<const std::string_view> words);

/// One of the words, in any case.
template <typename T>
[[nodiscard]] T read_word(std::string_view parameter, std::string_view value,
                          std::initializer_list<std::pair<std::string_view, T>> words) {
  std::vector<std::string_view> right;
  for (const auto& [word, meaning] : words) {
    if (same_word(word, value)) return meaning;
    right.push_back(word);
  }
  refuse_word(parameter, value, right);
}

}  // namespace omzmq
