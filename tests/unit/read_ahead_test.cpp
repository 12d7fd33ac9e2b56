// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/read_ahead.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

#include "support/files.hpp"

namespace omzmq {
namespace {

// Most of it is a hole. With offsets of 32 bits such a file cannot even be opened.
TEST(ReadAhead, ReadsWhatStandsBehindFourGigabytes) {
  constexpr std::uint64_t kFar = std::uint64_t{5} << 30;
  constexpr std::string_view kText = "as far as that";
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("large");
  {
    std::ofstream file(path);
    file.seekp(static_cast<std::streamoff>(kFar));
    file << kText;
    ASSERT_TRUE(file.flush());
  }
  ReadAhead file(path);
  EXPECT_EQ(file.size(), kFar + kText.size());
  file.go_to(kFar);
  EXPECT_EQ(file.peek(100), kText);
  EXPECT_EQ(file.left(), kText.size());
}

}  // namespace
}  // namespace omzmq
