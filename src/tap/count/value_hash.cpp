// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/value_hash.hpp"

#include <cstddef>
#include <cstring>

namespace omzmq::tap {
namespace {

#ifdef __SIZEOF_INT128__
// An alias, as -Wpedantic knows no type of this name.
__extension__ using Wide = unsigned __int128;

std::uint64_t upper_half(std::uint64_t a, std::uint64_t b) noexcept {
  return static_cast<std::uint64_t>(static_cast<Wide>(a) * b >> 64);
}
#else
// Of processors with 32 bits, as at school.
std::uint64_t upper_half(std::uint64_t a, std::uint64_t b) noexcept {
  constexpr std::uint64_t kLow = 0xFFFFFFFF;
  const std::uint64_t first = (a >> 32) * (b & kLow) + ((a & kLow) * (b & kLow) >> 32);
  const std::uint64_t second = (a & kLow) * (b >> 32) + (first & kLow);
  return (a >> 32) * (b >> 32) + (first >> 32) + (second >> 32);
}
#endif

/// Both halves of the product: each bit of either factor moves about half of the result.
std::uint64_t mixed(std::uint64_t a, std::uint64_t b) noexcept { return a * b ^ upper_half(a, b); }

std::uint64_t read_word(const char* from) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

}  // namespace

std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) noexcept {
  // Odd numbers without a pattern: fractional parts of square roots of primes.
  constexpr std::uint64_t kFirst = 0x6A09E667F3BCC909;
  constexpr std::uint64_t kSecond = 0xBB67AE8584CAA73B;
  constexpr std::size_t kBlock = 2 * sizeof(std::uint64_t);
  // Both factors of each product depend on the seed, or a factor of 0 could be arranged from
  // outside, and would swallow the other one.
  const std::uint64_t secret = mixed(seed ^ kFirst, kSecond);
  std::uint64_t state = secret ^ bytes.size();
  while (bytes.size() > kBlock) {
    state = mixed(read_word(bytes.data()) ^ secret, read_word(bytes.data() + 8) ^ state);
    bytes.remove_prefix(kBlock);
  }
  char tail[kBlock] = {};
  if (!bytes.empty()) {
    std::memcpy(tail, bytes.data(), bytes.size());
  }
  state = mixed(read_word(tail) ^ secret, read_word(tail + 8) ^ state);
  return mixed(state ^ kFirst, secret ^ kSecond);
}

}  // namespace omzmq::tap
