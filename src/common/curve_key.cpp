// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "common/curve_key.hpp"

namespace omzmq {
namespace {

/// Each character stands for its place here.
constexpr std::string_view kZ85 =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

constexpr std::size_t kGroupCharacters = 5;
constexpr std::size_t kGroupBytes = 4;

/// Five characters are four bytes, the first of both the most significant.
std::optional<std::uint32_t> decode_group(std::string_view group) noexcept {
  std::uint64_t number = 0;
  for (const char c : group) {
    const std::size_t digit = kZ85.find(c);
    if (digit == std::string_view::npos) return std::nullopt;
    number = number * kZ85.size() + digit;
  }
  if (number > UINT32_MAX) return std::nullopt;
  return static_cast<std::uint32_t>(number);
}

}  // namespace

std::optional<CurveKey> to_curve_key(std::string_view text) noexcept {
  if (text.size() != kKeyCharacters) return std::nullopt;
  CurveKey key{};
  for (std::size_t i = 0; i < kKeyBytes / kGroupBytes; ++i) {
    const auto number = decode_group(text.substr(i * kGroupCharacters, kGroupCharacters));
    if (!number) return std::nullopt;
    for (std::size_t byte = 0; byte < kGroupBytes; ++byte) {
      key[i * kGroupBytes + byte] = static_cast<std::uint8_t>(*number >> (8 * (3 - byte)));
    }
  }
  return key;
}

}  // namespace omzmq
