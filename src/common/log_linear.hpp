// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

/// Log-linear buckets of whole numbers below 2^54: each power of two is cut into 64 equal parts, so
/// that a bucket is 1/64 of its values wide at most. Numbers below 128 have a bucket each.
namespace omzmq::log_linear {

inline constexpr unsigned kPartBits = 6;
inline constexpr std::size_t kParts = std::size_t{1} << kPartBits;
inline constexpr unsigned kValueBits = 54;  ///< 2^63 nanoseconds are less than 2^54 microseconds
inline constexpr std::size_t kBuckets = std::size_t{kValueBits - kPartBits + 1} << kPartBits;

/// The value without its lowest bits keeps kPartBits + 1 bits, the first of them set, and the
/// number of the bits cut off says which power of two it is.
/// REQUIRES: value < 2^kValueBits
[[nodiscard]] constexpr std::size_t bucket_of(std::uint64_t value) noexcept {
  const auto width = static_cast<unsigned>(std::bit_width(value));
  const unsigned shift = width > kPartBits + 1 ? width - (kPartBits + 1) : 0;
  return (std::size_t{shift} << kPartBits) + static_cast<std::size_t>(value >> shift);
}

/// How many values a bucket has.
[[nodiscard]] constexpr std::uint64_t width_of(std::size_t bucket) noexcept {
  return bucket < 2 * kParts ? 1 : std::uint64_t{1} << (bucket / kParts - 1);
}

[[nodiscard]] constexpr std::uint64_t lowest_of(std::size_t bucket) noexcept {
  if (bucket < 2 * kParts) return bucket;
  const std::size_t shift = bucket / kParts - 1;
  return std::uint64_t{bucket - shift * kParts} << shift;
}

[[nodiscard]] constexpr std::uint64_t middle_of(std::size_t bucket) noexcept {
  return lowest_of(bucket) + width_of(bucket) / 2;
}

[[nodiscard]] constexpr std::uint64_t highest_of(std::size_t bucket) noexcept {
  return lowest_of(bucket) + width_of(bucket) - 1;
}

}  // namespace omzmq::log_linear
