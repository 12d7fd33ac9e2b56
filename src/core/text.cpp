// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/text.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>

#include "common/format.hpp"

namespace omzmq {
namespace {

/// Bytes of the character at the front, or 0 when it is malformed.
std::size_t character_bytes(std::string_view bytes) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const auto continues = [&](std::size_t i, unsigned least, unsigned most) {
    return i < bytes.size() && byte(i) >= least && byte(i) <= most;
  };
  constexpr unsigned kLow = 0x80;
  constexpr unsigned kHigh = 0xBF;
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return continues(1, kLow, kHigh) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    const unsigned least = lead == 0xE0 ? 0xA0 : kLow;  // no overlong forms
    const unsigned most = lead == 0xED ? 0x9F : kHigh;  // no surrogates
    return continues(1, least, most) && continues(2, kLow, kHigh) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    const unsigned least = lead == 0xF0 ? 0x90 : kLow;  // no overlong forms
    const unsigned most = lead == 0xF4 ? 0x8F : kHigh;  // nothing beyond U+10FFFF
    return continues(1, least, most) && continues(2, kLow, kHigh) && continues(3, kLow, kHigh) ? 4
                                                                                               : 0;
  }
  return 0;
}

/// U+0000 to U+001F, U+007F to U+009F. \param character  one, of UTF-8
bool is_control(std::string_view character) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7F;
  return byte(0) == 0xC2 && byte(1) < 0xA0;
}

bool is_continuation(char c) noexcept { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const std::size_t length = character_bytes(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string to_utf8(std::string_view text) {
  std::string out(text);
  if (is_utf8(text)) return out;
  std::replace_if(
      out.begin(), out.end(), [](unsigned char byte) { return byte >= 0x80; }, '?');
  return out;
}

std::string to_lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string to_printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = character_bytes(text);
    const std::string_view bytes = text.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_control(bytes)) {
      for (const char c : bytes) out += formatted("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += bytes;
    }
    text.remove_prefix(bytes.size());
  }
  return out;
}

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  constexpr std::size_t kBetween = 32;  // " [N bytes] " is shorter
  std::size_t head = (most - kBetween) * 2 / 3;
  std::size_t tail = text.size() - (most - kBetween - head);
  while (head > 0 && is_continuation(text[head])) --head;
  while (tail < text.size() && is_continuation(text[tail])) ++tail;
  return formatted("{} [{} bytes] {}", text.substr(0, head), tail - head, text.substr(tail));
}

std::string normal_path(std::string_view path) {
  return std::filesystem::path(path).lexically_normal().string();
}

std::string to_base64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    const std::size_t digits = std::min<std::size_t>(bytes.size() - i, 3) + 1;
    for (std::size_t k = 0; k < 4; ++k) {
      out += k < digits ? kDigits[group >> (18 - 6 * k) & 63] : '=';
    }
  }
  return out;
}

}  // namespace omzmq
