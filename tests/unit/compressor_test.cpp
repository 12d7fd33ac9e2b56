// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/compressor.hpp"

#include <gtest/gtest.h>
#include <lz4frame.h>
#include <zstd.h>

#include <memory>
#include <random>
#include <string>

namespace omzmq {
namespace {

std::string compressed(Compressor& compressor, const std::string& raw) {
  std::string to(compressor.bound(raw.size()), '\0');
  const auto bytes = compressor.compress(raw, to.data());
  EXPECT_TRUE(bytes.has_value());
  to.resize(bytes.value_or(0));
  return to;
}

std::string unpacked_zstd(const std::string& bytes, std::size_t size) {
  std::string raw(size, '\0');
  raw.resize(ZSTD_decompress(raw.data(), raw.size(), bytes.data(), bytes.size()));
  return raw;
}

std::string unpacked_lz4(const std::string& bytes, std::size_t size) {
  std::string raw(size + 1, '\0');  // one more, to see a frame that is too long
  LZ4F_dctx* context = nullptr;
  EXPECT_EQ(LZ4F_createDecompressionContext(&context, LZ4F_VERSION), 0U);
  std::size_t got = raw.size();
  std::size_t used = bytes.size();
  EXPECT_EQ(LZ4F_decompress(context, raw.data(), &got, bytes.data(), &used, nullptr), 0U);
  EXPECT_EQ(used, bytes.size());
  LZ4F_freeDecompressionContext(context);
  raw.resize(got);
  return raw;
}

std::string unpacked(const Compressor& compressor, const std::string& bytes, std::size_t size) {
  return compressor.codec() == wire::Codec::kZstd ? unpacked_zstd(bytes, size)
                                                  : unpacked_lz4(bytes, size);
}

std::string log_lines(std::size_t lines) {
  std::string text;
  for (std::size_t i = 0; i < lines; ++i)
    text += "GET /index.html?page=" + std::to_string(i * i) + " 200 1234 - Mozilla/5.0\n";
  return text;
}

class EachDriver : public testing::TestWithParam<Compression> {};
INSTANTIATE_TEST_SUITE_P(Compressor, EachDriver,
                         testing::Values(Compression::kZstd, Compression::kLz4));

TEST_P(EachDriver, GivesBackWhatWentIn) {
  const auto compressor = make_compressor(GetParam(), std::nullopt);
  std::mt19937 random(7);
  std::string noise(100'000, '\0');
  for (char& byte : noise) byte = static_cast<char>(random());
  // One after the other through the same context.
  for (const std::string& raw : {std::string(), std::string("x"), log_lines(1), log_lines(1000),
                                 noise, std::string(9 << 20, 'a'), log_lines(3)}) {
    const std::string bytes = compressed(*compressor, raw);
    EXPECT_EQ(unpacked(*compressor, bytes, raw.size()), raw) << raw.size();
  }
}

TEST_P(EachDriver, MakesLogLinesSmaller) {
  const auto compressor = make_compressor(GetParam(), std::nullopt);
  const std::string raw = log_lines(1000);
  EXPECT_LT(compressed(*compressor, raw).size(), raw.size() / 2);
}

TEST_P(EachDriver, TriesHarderAtAHigherLevel) {
  const auto [least, most] = compression_levels(GetParam());
  const std::string raw = log_lines(5000);
  const auto fast = make_compressor(GetParam(), least);
  const auto small = make_compressor(GetParam(), most);
  EXPECT_GT(compressed(*fast, raw).size(), compressed(*small, raw).size());
}

TEST(Compressor, IsNoneWhereNoneIsWanted) {
  EXPECT_EQ(make_compressor(Compression::kNone, std::nullopt), nullptr);
}

}  // namespace
}  // namespace omzmq
