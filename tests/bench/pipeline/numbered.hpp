// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace omzmq::bench {

/// Each message begins with who made it and its number there, in printable characters: so a
/// receiver finds out what is missing, in every format.
inline constexpr std::size_t kDigits = 6;
inline constexpr std::size_t kNumberBytes = 1 + kDigits;
inline constexpr std::size_t kMostWorkers = 64;

/// REQUIRES: worker < kMostWorkers, number < 2^36
inline void write_number(char* to, std::size_t worker, std::uint64_t number) noexcept {
  *to++ = static_cast<char>('0' + worker);
  for (std::size_t i = 0; i < kDigits; ++i) {
    to[i] = static_cast<char>('0' + (number >> (6 * i) & 63U));
  }
}

struct Number {
  std::size_t worker = kMostWorkers;  ///< so much, or more: there is none
  std::uint64_t number = 0;
};

inline Number read_number(std::string_view message) noexcept {
  if (message.size() < kNumberBytes) return {};
  Number read{static_cast<unsigned char>(message[0]) - std::size_t{'0'}, 0};
  for (std::size_t i = 0; i < kDigits; ++i) {
    read.number |= static_cast<std::uint64_t>(message[i + 1] - '0') << (6 * i);
  }
  return read;
}

}  // namespace omzmq::bench
