// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/values.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>

#include "common/curve_key.hpp"
#include "common/format.hpp"
#include "common/trimmed.hpp"
#include "core/nearest.hpp"

namespace omzmq {
namespace {

[[noreturn]] void refuse(std::string_view parameter, std::string_view value, std::string_view why) {
  throw ConfigError(std::string(parameter), formatted("'{}' {}", value, why));
}

/// The whole of `digits` in the given base, or nothing.
std::optional<std::int64_t> to_number(std::string_view digits, int base = 10) {
  std::int64_t number = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, number, base);
  if (error != std::errc() || stop != end) return std::nullopt;
  return number;
}

std::int64_t suffix_factor(char suffix) noexcept {
  switch (suffix) {
    case 'k':
      return std::int64_t{1} << 10;
    case 'm':
      return std::int64_t{1} << 20;
    case 'g':
      return std::int64_t{1} << 30;
    case 'K':
      return 1'000;
    case 'M':
      return 1'000'000;
    case 'G':
      return 1'000'000'000;
    default:
      return 0;
  }
}

constexpr std::string_view kBlanks = " \t";

}  // namespace

std::int64_t read_number(std::string_view parameter, std::string_view type, std::string_view value,
                         std::int64_t least, std::int64_t most) {
  const auto number = to_number(value);
  if (!number || *number < least || *number > most) {
    refuse(parameter, value, formatted("is not what it takes: {}", type));
  }
  return *number;
}

std::int64_t read_size(std::string_view parameter, std::string_view type, std::string_view value,
                       std::int64_t least, std::int64_t most) {
  std::string_view digits = value;
  std::int64_t factor = 1;
  if (!digits.empty() && suffix_factor(digits.back()) != 0) {
    factor = suffix_factor(digits.back());
    digits.remove_suffix(1);
  }
  const auto number = to_number(digits);
  if (!number || *number < 0 || *number > most / factor || *number * factor < least) {
    refuse(
        parameter, value,
        formatted("is not what it takes: {} (k, m, g are powers of 1024; K, M, G of 1000)", type));
  }
  return *number * factor;
}

bool read_on_off(std::string_view parameter, std::string_view value) {
  // What other programs take; rsyslog takes "on" and "off" alone.
  static constexpr std::pair<std::string_view, std::string_view> kElsewhere[] = {
      {"yes", "on"}, {"true", "on"}, {"1", "on"}, {"no", "off"}, {"false", "off"}, {"0", "off"}};
  for (const auto& [word, right] : kElsewhere) {
    if (same_word(word, value)) {
      refuse(parameter, value, formatted("is none of on, off; did you mean {}?", right));
    }
  }
  return read_word<bool>(parameter, value, {{"on", true}, {"off", false}});
}

std::string read_text(std::string_view parameter, std::string_view value) {
  if (value.empty()) refuse(parameter, value, "is empty; leave the parameter out");
  if (value.find('\0') != std::string_view::npos) refuse(parameter, value, "has a NUL in it");
  return std::string(value);
}

std::string read_path(std::string_view parameter, std::string_view value) {
  if (!value.starts_with('/')) refuse(parameter, value, "is not an absolute path");
  return read_text(parameter, value);
}

std::string read_path_or_key(std::string_view parameter, std::string_view value, Key key) {
  constexpr std::size_t kShorterThanAKey = 30;
  const bool is_path = value.starts_with('/') && value.find('\0') == std::string_view::npos;
  if (is_path || (key == Key::kMayBe && is_key(value))) return std::string(value);
  const std::string shown = value.size() < kShorterThanAKey
                                ? formatted("'{}'", value)
                                : formatted("a text of {} characters", value.size());
  throw ConfigError(
      std::string(parameter),
      shown +
          (key == Key::kMayBe
               ? formatted(" is neither a key, which has {} characters of Z85, nor the absolute "
                           "path of a public certificate",
                           kKeyCharacters)
               : " is not an absolute path; a key stands in a file, not here"));
}

unsigned read_file_mode(std::string_view parameter, std::string_view value) {
  constexpr std::int64_t kMost = 0777;
  const auto mode = to_number(value, 8);
  if (!mode || *mode < 0 || *mode > kMost) {
    refuse(parameter, value, "is no file mode; write octal digits from 0000 to 0777, such as 0660");
  }
  return static_cast<unsigned>(*mode);
}

std::vector<std::string> split_list(std::string_view parameter,
                                    std::span<const std::string> values) {
  std::vector<std::string> list;
  if (values.size() > 1) {
    for (const std::string& one : values) list.push_back(read_text(parameter, one));
    return list;
  }
  for (const std::string& value : values) {
    std::string_view rest = value;
    for (bool more = true; more;) {
      const auto comma = rest.find(',');
      more = comma != std::string_view::npos;
      const std::string_view one = trimmed(rest.substr(0, comma), kBlanks);
      if (one.empty()) refuse(parameter, value, "has an empty element; separate by single commas");
      list.push_back(read_text(parameter, one));
      if (more) rest.remove_prefix(comma + 1);
    }
  }
  return list;
}

std::vector<std::string> split_endpoints(std::string_view parameter,
                                         std::span<const std::string> values) {
  std::vector<std::string> list = split_list(parameter, values);
  if (values.size() > 1) return list;
  std::vector<std::string> parts;
  for (std::string_view rest : list) {
    for (rest = trimmed(rest, kBlanks); !rest.empty(); rest = trimmed(rest, kBlanks)) {
      const auto blank = std::min(rest.find_first_of(kBlanks), rest.size());
      parts.emplace_back(rest.substr(0, blank));
      rest.remove_prefix(blank);
    }
  }
  return parts;
}

std::pair<std::string, std::string> split_option(std::string_view parameter,
                                                 std::string_view text) {
  const auto equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0 || equals + 1 == text.size()) {
    refuse(parameter, text, "is not of the form name=value, such as tos=16");
  }
  return {std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
}

void refuse_word(std::string_view parameter, std::string_view value,
                 std::span<const std::string_view> words) {
  std::string right;
  for (const std::string_view word : words) {
    right += formatted("{}{}", right.empty() ? "" : ", ", word);
  }
  refuse(parameter, value, formatted("is none of {}{}", right, did_you_mean(value, words)));
}

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

}  // namespace omzmq
