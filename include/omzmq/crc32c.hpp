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
#elif defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#endif

// CRC-32C (Castagnoli, polynomial 0x1EDC6F41, reflected), as in iSCSI (RFC 3720), ext4 and SCTP.
// Header-only; needs nothing but the standard library and the compiler's (and on ARM the C library,
// to ask for the instruction). Uses what the processor has, found out at run time: carry-less
// products of 64 bytes at a time (AVX-512 with VPCLMULQDQ), its instruction for this sum (SSE4.2,
// ARMv8 CRC), or a table.

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

using Extend = std::uint32_t (*)(std::uint32_t state, const char* data, std::size_t size) noexcept;

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
inline constexpr Extend extend_by_instruction = extend_portable;  ///< never called
#endif

#if defined(__x86_64__) && defined(__GNUC__)

/// x^exponent mod P, as a factor of a reflected carry-less product of 64 bits. Such a product comes
/// out one bit too low: so this moves on by exponent + 1 bits.
constexpr std::uint64_t folding_factor(std::size_t exponent) noexcept {
  std::uint32_t power = kOne;
  for (std::size_t i = 0; i < exponent; ++i) power = times_x(power);
  return std::uint64_t{power} << 32;
}

/// Four registers of 64 bytes are folded over each other, 16 bytes by 16 bytes.
inline constexpr std::size_t kFoldBytes = 256;
/// Of the first and of the second 8 bytes of 16, which move on by kFoldBytes.
inline constexpr std::uint64_t kFoldFirst = folding_factor(8 * kFoldBytes + 63);
inline constexpr std::uint64_t kFoldSecond = folding_factor(8 * kFoldBytes - 1);
/// Less than this the instruction does as fast.
inline constexpr std::size_t kLeastToFold = 2 * kFoldBytes;

inline bool can_fold() noexcept {
  return has_instruction() && __builtin_cpu_supports("avx512f") != 0 &&
         __builtin_cpu_supports("vpclmulqdq") != 0;
}

#define OMZMQ_WIRE_FOLD_TARGET __attribute__((target("avx512f,vpclmulqdq,pclmul,sse4.2")))

/// Moves `sum` on by kFoldBytes, and adds the 64 bytes that stand there.
OMZMQ_WIRE_FOLD_TARGET inline void fold(__m512i& sum, __m512i factors, const char* next) noexcept {
  constexpr int kXorOfThree = 0x96;
  const __m512i of_first = _mm512_clmulepi64_epi128(sum, factors, 0x00);
  const __m512i of_second = _mm512_clmulepi64_epi128(sum, factors, 0x11);
  sum = _mm512_ternarylogic_epi64(of_first, of_second, _mm512_loadu_si512(next), kXorOfThree);
}

/// REQUIRES: can_fold()
OMZMQ_WIRE_FOLD_TARGET inline std::uint32_t extend_by_folding(std::uint32_t state, const char* data,
                                                              std::size_t size) noexcept {
  if (size < kLeastToFold) return extend_by_instruction(state, data, size);
  constexpr auto kFirst = static_cast<long long>(kFoldFirst);
  constexpr auto kSecond = static_cast<long long>(kFoldSecond);
  const __m512i factors = _mm512_set4_epi64(kSecond, kFirst, kSecond, kFirst);
  const __m512i before = _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(state)));
  __m512i a = _mm512_xor_si512(_mm512_loadu_si512(data), before);
  __m512i b = _mm512_loadu_si512(data + 64);
  __m512i c = _mm512_loadu_si512(data + 128);
  __m512i d = _mm512_loadu_si512(data + 192);
  for (data += kFoldBytes, size -= kFoldBytes; size >= kFoldBytes;
       data += kFoldBytes, size -= kFoldBytes) {
    fold(a, factors, data);
    fold(b, factors, data + 64);
    fold(c, factors, data + 128);
    fold(d, factors, data + 192);
  }
  // What has the same sum as all that was folded into it.
  alignas(64) std::array<char, kFoldBytes> folded;
  _mm512_store_si512(folded.data(), a);
  _mm512_store_si512(folded.data() + 64, b);
  _mm512_store_si512(folded.data() + 128, c);
  _mm512_store_si512(folded.data() + 192, d);
  return extend_by_instruction(extend_by_instruction(0, folded.data(), kFoldBytes), data, size);
}
#undef OMZMQ_WIRE_FOLD_TARGET
#else
inline bool can_fold() noexcept { return false; }
inline constexpr Extend extend_by_folding = extend_portable;  ///< never called
#endif

inline Extend fastest_extend() noexcept {
  if (can_fold()) return extend_by_folding;
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
