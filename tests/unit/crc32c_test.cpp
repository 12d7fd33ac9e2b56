// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "omzmq/crc32c.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace omzmq::wire {
namespace {

using crc32c_detail::Extend;

struct Way {
  const char* name;
  Extend extend;
  bool (*is_possible)() noexcept;
};

constexpr Way kWays[] = {
    {"Portable", crc32c_detail::extend_portable, []() noexcept { return true; }},
    {"Instruction", crc32c_detail::extend_by_instruction, crc32c_detail::has_instruction},
    {"Folding", crc32c_detail::extend_by_folding, crc32c_detail::can_fold}};

/// Runs each test for each way to compute, whatever crc32c() would choose here.
class Crc32c : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    if (!GetParam().is_possible()) GTEST_SKIP() << "this processor has no instruction for it";
  }

  static std::uint32_t crc_of(std::string_view bytes, std::uint32_t before = 0) {
    return ~GetParam().extend(~before, bytes.data(), bytes.size());
  }
};

/// The definition, bit by bit: a division of polynomials over GF(2).
std::uint32_t by_definition(std::string_view bytes) {
  std::uint32_t value = 0xFFFFFFFF;
  for (const char byte : bytes) {
    for (int bit = 0; bit < 8; ++bit) {
      const bool carry = ((value ^ (static_cast<unsigned char>(byte) >> bit)) & 1) != 0;
      value = (value >> 1) ^ (carry ? 0x82F63B78 : 0);
    }
  }
  return value ^ 0xFFFFFFFF;
}

std::string random_bytes(std::size_t size, std::mt19937& random) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

TEST_P(Crc32c, IsTheCheckValueOfItsCatalogue) { EXPECT_EQ(crc_of("123456789"), 0xE3069283); }

// RFC 3720, B.4, which prints the bytes of the CRC in the order of the wire.
TEST_P(Crc32c, AgreesWithRfc3720) {
  std::string rising;
  for (char c = 0; c < 32; ++c) rising += c;
  const std::string falling(rising.rbegin(), rising.rend());
  constexpr std::string_view kReadCommand(
      "\x01\xC0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x14\0\0\0\0\0\x04\0\0\0\0\x14\0\0\0\x18"
      "\x28\0\0\0\0\0\0\0\x02\0\0\0\0\0\0\0",
      48);
  EXPECT_EQ(crc_of(std::string(32, '\0')), 0x8A9136AA);
  EXPECT_EQ(crc_of(std::string(32, '\xFF')), 0x62A8AB43);
  EXPECT_EQ(crc_of(rising), 0x46DD794E);
  EXPECT_EQ(crc_of(falling), 0x113FDB5C);
  EXPECT_EQ(crc_of(kReadCommand), 0xD9963A56);
}

// What the tests of Go's hash/crc32 expect of its Castagnoli table.
TEST_P(Crc32c, AgreesWithGo) {
  EXPECT_EQ(crc_of(""), 0U);
  EXPECT_EQ(crc_of("a"), 0xC1D04330);
  EXPECT_EQ(crc_of("ab"), 0xE2A22936);
  EXPECT_EQ(crc_of("abc"), 0x364B3FB7);
  EXPECT_EQ(crc_of("abcd"), 0x92C80A31);
}

TEST_P(Crc32c, IsAsDefinedForEachLength) {
  std::mt19937 random(1);
  const std::string bytes = random_bytes(10000, random);
  std::vector<std::size_t> lengths;
  for (std::size_t n = 0; n <= 200; ++n) lengths.push_back(n);
  for (const std::size_t lanes : {512U, 768U, 1024U, 2048U, 3072U, 6144U, 9216U})
    for (std::size_t n = lanes - 17; n <= lanes + 17; ++n) lengths.push_back(n);
  for (const std::size_t n : lengths) {
    const std::string_view part(bytes.data(), n);
    ASSERT_EQ(crc_of(part), by_definition(part)) << n << " bytes";
  }
}

TEST_P(Crc32c, DoesNotDependOnTheAddress) {
  std::mt19937 random(2);
  const std::string bytes = random_bytes(3300, random);
  const std::uint32_t expected = by_definition(bytes);
  std::string shifted;
  for (std::size_t offset = 0; offset < 64; ++offset) {
    shifted.assign(offset, '?');
    shifted += bytes;
    ASSERT_EQ(crc_of(std::string_view(shifted).substr(offset)), expected) << offset;
  }
}

TEST_P(Crc32c, IsExtendedFromWhereverItWasSplit) {
  std::mt19937 random(3);
  for (const std::size_t size : {100U, 3072U + 40U, 2U * 3072U + 9U}) {
    const std::string bytes = random_bytes(size, random);
    const std::string_view whole = bytes;
    const std::uint32_t expected = by_definition(whole);
    for (std::size_t at = 0; at <= size; at += size < 200 ? 1 : 13) {
      ASSERT_EQ(crc_of(whole.substr(at), crc_of(whole.substr(0, at))), expected)
          << size << " bytes split at " << at;
    }
  }
}

TEST_P(Crc32c, IsAsDefinedForRandomBytes) {
  std::mt19937 random(4);
  for (int i = 0; i < 300; ++i) {
    const std::string bytes = random_bytes(random() % 8000, random);
    const std::size_t split = random() % (bytes.size() + 1);
    const std::string_view whole = bytes;
    ASSERT_EQ(crc_of(whole.substr(split), crc_of(whole.substr(0, split))), by_definition(whole))
        << bytes.size() << " bytes split at " << split;
  }
}

INSTANTIATE_TEST_SUITE_P(Ways, Crc32c, testing::ValuesIn(kWays),
                         [](const auto& way) { return way.param.name; });

TEST(Crc32cChoice, TakesTheFastestThereIs) {
  EXPECT_EQ(crc32c_detail::fastest_extend(),
            crc32c_detail::can_fold()          ? crc32c_detail::extend_by_folding
            : crc32c_detail::has_instruction() ? crc32c_detail::extend_by_instruction
                                               : crc32c_detail::extend_portable);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283);
  EXPECT_EQ(crc32c("6789", crc32c("12345")), 0xE3069283);
  EXPECT_EQ(crc32c({}), 0U);
  EXPECT_EQ(crc32c({}, 0xE3069283), 0xE3069283);
}

}  // namespace
}  // namespace omzmq::wire
