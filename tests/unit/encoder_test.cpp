// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/encoder.hpp"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace omzmq {
namespace {

std::string lines(const std::vector<std::string>& payloads) {
  FrameBuffer buffer;
  std::size_t messages = 0;
  for (const std::string& payload : payloads) {
    append_line(buffer, payload, messages, line_bytes(payload, messages));
    ++messages;
  }
  return std::string(buffer.view());
}

TEST(Lines, AreSeparatedByLfWithNoneAtTheEnd) {
  EXPECT_EQ(lines({"one"}), "one");
  EXPECT_EQ(lines({"one", "two", "three"}), "one\ntwo\nthree");
}

TEST(Lines, LoseOneLfAtTheEndOfAMessage) {
  EXPECT_EQ(lines({"one\n", "two\n"}), "one\ntwo");
  EXPECT_EQ(lines({"one\n\n"}), "one#012");
}

TEST(Lines, EscapeAnLfInsideAsRsyslogDoes) {
  EXPECT_EQ(lines({"a\nb"}), "a#012b");
  EXPECT_EQ(lines({"\na\n\nb"}), "#012a#012#012b");
}

TEST(Lines, KeepEmptyMessages) {
  EXPECT_EQ(lines({"", "", ""}), "\n\n");
  EXPECT_EQ(lines({"\n", "a", "\n"}), "\na\n");
}

TEST(Lines, LeaveEveryOtherByteAlone) {
  const std::string bytes("\0\r\t\xFF#012\\n", 11);
  EXPECT_EQ(lines({bytes}), bytes);
  EXPECT_EQ(lines({"a\r\n"}), "a\r");
}

TEST(Lines, AreAsLongAsForetold) {
  std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same each time
  std::uniform_int_distribution<int> length(0, 12);
  std::uniform_int_distribution<int> letter(0, 2);
  for (int round = 0; round < 2000; ++round) {
    FrameBuffer buffer;
    for (std::size_t n = 0; n < 4; ++n) {
      std::string payload(static_cast<std::size_t>(length(random)), '\0');
      for (char& c : payload) c = "ab\n"[letter(random)];
      const std::size_t before = buffer.size();
      const std::size_t foretold = line_bytes(payload, n);
      append_line(buffer, payload, n, foretold);
      ASSERT_EQ(buffer.size() - before, foretold) << '"' << payload << '"';
    }
  }
}

}  // namespace
}  // namespace omzmq
