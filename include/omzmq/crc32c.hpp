// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#if defined(__AARCH64EL__) && defined(__linux__)
#include <sys/auxv.h>
#endif

// CRC-32C (Castagnoli, polynomial 0x1EDC6F41, reflected), as in iSCSI (RFC 3720), ext4 and SCTP.
// Header-only; needs nothing but the standard library (and on ARM the C library, to ask for the
// instruction). Uses the processor's instruction where there is one (SSE4.2, ARMv8 CRC), found out
// at run time, and a table else.

namespace omzmq::wire {

namespace crc32c_detail {

// A register of a reflected CRC is a polynomial with the highest bit for x^0.
inline constexpr std::uint32_t kPolynomial = 0x82F63B78;
inline constexpr std::uint32_t kOne = 0x80000000;

constexpr std::uint32_t times_x(std::uint32_t value) noexcept {
  return (value >> 1) ^ ((value & 1) != 0 ? kPolynomial : 0);
}

/// The eight tables of the slicing-by-8 method: [0] is the classic one, [k] is for a byte that k
/// more bytes follow.
using Slices = std::array<std::array<std::uint32_t, 256>, 8>;

constexpr Slices make_slices() noexcept {
  Slices slices{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = times_x(value);
    slices[0][byte] = value;
  }
  for (std::size_t k = 1; k < slices.size(); ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = slices[k - 1][byte];
      slices[k][byte] = (before >> 8) ^ slices[0][before & 0xFF];
    }
  }
  return slices;
}

inline constexpr Slices kSlices = make_slices();

inline std::uint64_t load_u64(const char* from) noexcept {
  std::uint64_t value = 0;
  std::memcpy(&value, from, sizeof value);
  return value;
}

constexpr std::uint32_t add_byte(std::uint32_t state, char byte) noexcept {
  return (state >> 8) ^ kSlices[0][(state ^ static_cast<unsigned char>(byte)) & 0xFF];
}

/// For processors without the instruction. `state` is the bare register, here and below.
inline std::uint32_t extend_portable(std::uint32_t state, const char* data,
                                     std::size_t size) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    for (; size >= 8; data += 8, size -= 8) {
      const std::uint64_t word = load_u64(data) ^ state;
      const auto slice = [word](std::size_t k) { return kSlices[7 - k][(word >> (8 * k)) & 0xFF]; };
      // Written out, since compilers do not unroll such a loop at -O2.
      state = ((slice(0) ^ slice(1)) ^ (slice(2) ^ slice(3))) ^
              ((slice(4) ^ slice(5)) ^ (slice(6) ^ slice(7)));
    }
  }
  for (; size != 0; ++data, --size) state = add_byte(state, *data);
  return state;
}

#if (defined(__x86_64__) || (defined(__AARCH64EL__) && defined(__linux__))) && defined(__GNUC__)

/// The instruction takes three cycles but can start one each cycle: three lanes of this many bytes
/// are computed side by side and joined.
inline constexpr std::size_t kLaneBytes = 1024;

/// What a register becomes when kLaneBytes zero bytes follow; one table for each of its bytes.
using LaneShift = std::array<std::array<std::uint32_t, 256>, 4>;

constexpr LaneShift make_lane_shift() noexcept {
  std::uint32_t shifted = kOne;
  for (std::size_t bit = 0; bit < 8 * kLaneBytes; ++bit) shifted = times_x(shifted);
  std::array<std::uint32_t, 32> of_bit{};  // the shift is linear: 32 bits give all values
  for (std::size_t bit = 32; bit-- != 0; shifted = times_x(shifted)) of_bit[bit] = shifted;
  LaneShift tables{};
  for (std::size_t table = 0; table < 4; ++table) {
    for (std::size_t byte = 1; byte < 256; ++byte) {
      const auto low = static_cast<std::size_t>(std::countr_zero(byte));
      tables[table][byte] = tables[table][byte & (byte - 1)] ^ of_bit[8 * table + low];
    }
  }
  return tables;
}

inline constexpr LaneShift kLaneShift = make_lane_shift();

constexpr std::uint32_t shift_lane(std::uint32_t state) noexcept {
  return kLaneShift[0][state & 0xFF] ^ kLaneShift[1][(state >> 8) & 0xFF] ^
         kLaneShift[2][(state >> 16) & 0xFF] ^ kLaneShift[3][state >> 24];
}

#if defined(__x86_64__)
#define OMZMQ_WIRE_CRC_TARGET __attribute__((target("sse4.2")))
OMZMQ_WIRE_CRC_TARGET inline std::uint32_t add_u64(std::uint32_t state,
                                                   std::uint64_t word) noexcept {
  return static_cast<std::uint32_t>(__builtin_ia32_crc32di(state, word));
}
inline bool has_instruction() noexcept { return __builtin_cpu_supports("sse4.2") != 0; }
#else
// The builtins, because <arm_acle.h> of some compilers has the functions only where every
// processor that the code is compiled for has the instruction.
#if defined(__clang__)
#define OMZMQ_WIRE_CRC_TARGET __attribute__((target("crc")))
OMZMQ_WIRE_CRC_TARGET inline std::uint32_t add_u64(std::uint32_t state,
                                                   std::uint64_t word) noexcept {
  return __builtin_arm_crc32cd(state, word);
}
#else
#define OMZMQ_WIRE_CRC_TARGET __attribute__((target("+crc")))
OMZMQ_WIRE_CRC_TARGET inline std::uint32_t add_u64(std::uint32_t state,
                                                   std::uint64_t word) noexcept {
  return __builtin_aarch64_crc32cx(state, word);
}
#endif
inline bool has_instruction() noexcept {
  constexpr unsigned long kHwcapCrc32 = 1UL << 7;
  return (::getauxval(AT_HWCAP) & kHwcapCrc32) != 0;
}
#endif

/// REQUIRES: has_instruction()
OMZMQ_WIRE_CRC_TARGET inline std::uint32_t extend_by_instruction(std::uint32_t state,
                                                                 const char* data,
                                                                 std::size_t size) noexcept {
  for (; size >= 3 * kLaneBytes; data += 3 * kLaneBytes, size -= 3 * kLaneBytes) {
    std::uint32_t second = 0;
    std::uint32_t third = 0;
    for (std::size_t at = 0; at < kLaneBytes; at += 8) {
      state = add_u64(state, load_u64(data + at));
      second = add_u64(second, load_u64(data + kLaneBytes + at));
      third = add_u64(third, load_u64(data + 2 * kLaneBytes + at));
    }
    state = shift_lane(shift_lane(state) ^ second) ^ third;
  }
  for (; size >= 8; data += 8, size -= 8) state = add_u64(state, load_u64(data));
  for (; size != 0; ++data, --size) state = add_byte(state, *data);
  return state;
}
#undef OMZMQ_WIRE_CRC_TARGET
#else
inline bool has_instruction() noexcept { return false; }

/// Never called: stands for what this processor or compiler has not.
inline std::uint32_t extend_by_instruction(std::uint32_t state, const char* data,
                                           std::size_t size) noexcept {
  return extend_portable(state, data, size);
}
#endif

using Extend = std::uint32_t (*)(std::uint32_t state, const char* data, std::size_t size) noexcept;

inline Extend fastest_extend() noexcept {
  return has_instruction() ? extend_by_instruction : extend_portable;
}

}  // namespace crc32c_detail

/// The CRC-32C of `bytes`. With the CRC of what came before as `before`, that of both together.
///
/// Threads: any.
inline std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) noexcept {
  static const crc32c_detail::Extend extend = crc32c_detail::fastest_extend();
  return ~extend(~before, bytes.data(), bytes.size());
}

}  // namespace omzmq::wire
