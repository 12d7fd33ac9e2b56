// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/text/json_text.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cstdint>
#include <cstring>

namespace omzmq::tap {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD
constexpr std::string_view kDigits = "0123456789abcdef";

constexpr unsigned char byte_at(std::string_view bytes, std::size_t index) noexcept {
  return static_cast<unsigned char>(bytes[index]);
}

/// True for what stands in a JSON string as it is: ASCII without control characters, '"' and '\'.
constexpr std::array<bool, 256> make_plain() noexcept {
  std::array<bool, 256> plain{};
  for (std::size_t byte = 0x20; byte < 0x80; ++byte) plain[byte] = byte != '"' && byte != '\\';
  return plain;
}
constexpr std::array<bool, 256> kPlain = make_plain();

/// Looks at eight bytes at once: true if all of them are plain. The usual tests for a byte that is
/// zero or less than another; what a borrow adds to them stands beside a byte that is not plain.
bool are_plain(const char* bytes) noexcept {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  constexpr std::uint64_t kHighs = 0x8080808080808080;
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  const std::uint64_t quotes = word ^ (kOnes * '"');
  const std::uint64_t backslashes = word ^ (kOnes * '\\');
  return ((word | (word - kOnes * 0x20) | (quotes - kOnes) | (backslashes - kOnes)) & kHighs) == 0;
}

std::size_t plain_length(std::string_view bytes) noexcept {
  std::size_t length = 0;
  while (bytes.size() - length >= sizeof(std::uint64_t) && are_plain(bytes.data() + length))
    length += sizeof(std::uint64_t);
  while (length < bytes.size() && kPlain[byte_at(bytes, length)]) ++length;
  return length;
}

void append_escape(std::string& to, char byte) {
  switch (byte) {
    case '"':
      to += "\\\"";
      return;
    case '\\':
      to += "\\\\";
      return;
    case '\n':
      to += "\\n";
      return;
    case '\r':
      to += "\\r";
      return;
    case '\t':
      to += "\\t";
      return;
    default:
      to += "\\u00";
      to += kDigits[static_cast<unsigned char>(byte) >> 4];
      to += kDigits[static_cast<unsigned char>(byte) & 0xF];
  }
}

/// Walks over one JSON text (RFC 8259) and appends it without the white space between its tokens,
/// in runs as long as possible. A take_…() that gives false has found that the text is no JSON.
class Compactor {
 public:
  Compactor(std::string& to, std::string_view text) : to_(to), run_(text.data()), rest_(text) {}

  bool run() {
    skip_space();
    if (!next_is('{') && !next_is('[')) return false;
    do {
      if (!take_value()) return false;
      if (!close_or_separate()) return false;
    } while (depth_ != 0);
    end_run();
    return rest_.empty();
  }

 private:
  // A value, or the opening of an object or array with what has to stand before its first value.
  // An empty one is taken whole.
  bool take_value();
  // What may follow a value: closing brackets, then a comma, and a member's name in an object.
  bool close_or_separate();
  bool open();
  bool take_name();
  bool take_string();
  bool take_number();
  bool take_word(std::string_view word);
  bool take_digits();

  void take(std::size_t bytes) noexcept { rest_.remove_prefix(bytes); }
  bool next_is(char expected) const noexcept { return !rest_.empty() && rest_.front() == expected; }
  void end_run() { to_.append(run_, rest_.data()); }
  void skip_space() {
    const std::size_t length = std::min(rest_.find_first_not_of(" \n\r\t"), rest_.size());
    if (length == 0) return;
    end_run();
    rest_.remove_prefix(length);
    run_ = rest_.data();
  }
  [[nodiscard]] char closing() const noexcept { return is_object_[depth_ - 1] ? '}' : ']'; }

  std::string& to_;
  const char* run_;  // where the tokens begin that are taken and not yet appended
  std::string_view rest_;
  std::size_t depth_ = 0;
  std::bitset<kMaxJsonDepth> is_object_;  // of the depth_ open ones; else an array
};

bool Compactor::take_value() {
  while (!rest_.empty()) {
    switch (rest_.front()) {
      case '{':
      case '[':
        if (!open()) return false;
        if (next_is(closing())) return true;
        if (is_object_[depth_ - 1] && !take_name()) return false;
        continue;
      case '"':
        return take_string();
      case 't':
        return take_word("true");
      case 'f':
        return take_word("false");
      case 'n':
        return take_word("null");
      default:
        return take_number();
    }
  }
  return false;
}

bool Compactor::open() {
  if (depth_ == kMaxJsonDepth) return false;
  is_object_[depth_++] = rest_.front() == '{';
  take(1);
  skip_space();
  return true;
}

bool Compactor::close_or_separate() {
  skip_space();
  while (depth_ != 0 && next_is(closing())) {
    take(1);
    --depth_;
    skip_space();
  }
  if (depth_ == 0) return true;
  if (!next_is(',')) return false;
  take(1);
  skip_space();
  return !is_object_[depth_ - 1] || take_name();
}

bool Compactor::take_name() {
  if (!next_is('"') || !take_string()) return false;
  skip_space();
  if (!next_is(':')) return false;
  take(1);
  skip_space();
  return true;
}

bool Compactor::take_string() {
  take(1);
  for (;;) {
    take(plain_length(rest_));
    if (rest_.empty()) return false;
    if (next_is('"')) {
      take(1);
      return true;
    }
    std::size_t length = utf8_length(rest_);
    if (next_is('\\')) {
      if (rest_.size() < 2) return false;
      length = rest_[1] == 'u' ? 6 : 2;
      if (rest_.size() < length) return false;
      constexpr std::string_view kEscapes = "\"\\/bfnrtu";
      if (kEscapes.find(rest_[1]) == std::string_view::npos) return false;
      if (rest_.substr(2, length - 2).find_first_not_of("0123456789abcdefABCDEF") !=
          std::string_view::npos)
        return false;
    } else if (length < 2) {
      return false;  // a control character, or no UTF-8
    }
    take(length);
  }
}

bool Compactor::take_digits() {
  std::size_t length = 0;
  while (length < rest_.size() && rest_[length] >= '0' && rest_[length] <= '9') ++length;
  take(length);
  return length != 0;
}

bool Compactor::take_number() {
  if (next_is('-')) take(1);
  if (next_is('0')) {
    take(1);
  } else if (!take_digits()) {
    return false;
  }
  if (next_is('.')) {
    take(1);
    if (!take_digits()) return false;
  }
  if (next_is('e') || next_is('E')) {
    take(1);
    if (next_is('+') || next_is('-')) take(1);
    if (!take_digits()) return false;
  }
  return true;
}

bool Compactor::take_word(std::string_view word) {
  if (!rest_.starts_with(word)) return false;
  take(word.size());
  return true;
}

}  // namespace

std::size_t utf8_length(std::string_view bytes) noexcept {
  if (bytes.empty()) return 0;
  const unsigned char lead = byte_at(bytes, 0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || bytes.size() < length) return 0;
  // The second byte rules out overlong forms, surrogates and what is beyond U+10FFFF.
  const unsigned char low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  if (byte_at(bytes, 1) < low || byte_at(bytes, 1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte_at(bytes, i) & 0xC0) != 0x80) return 0;
  return length;
}

void append_json_string(std::string& to, std::string_view bytes) {
  to += '"';
  while (!bytes.empty()) {
    std::size_t length = plain_length(bytes);
    if (length == 0) {
      length = utf8_length(bytes);
      if (length < 2) {
        if (length == 1) {
          append_escape(to, bytes.front());
        } else {
          to += kReplacement;
        }
        bytes.remove_prefix(1);
        continue;
      }
    }
    to.append(bytes.data(), length);
    bytes.remove_prefix(length);
  }
  to += '"';
}

bool append_compact_json(std::string& to, std::string_view bytes) {
  const std::size_t before = to.size();
  if (Compactor(to, bytes).run()) return true;
  to.resize(before);
  return false;
}

}  // namespace omzmq::tap
