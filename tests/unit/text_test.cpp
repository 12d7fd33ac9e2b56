// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/text.hpp"

#include <gtest/gtest.h>

#include <string>

namespace omzmq {
namespace {

TEST(Utf8, TakesEveryLengthAndTheEndsOfEachRange) {
  for (const char* good : {"", "a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                           "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF",
                           "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80!"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  EXPECT_TRUE(is_utf8(std::string(3, '\0')));
}

TEST(Utf8, RefusesContinuationsAlone) {
  EXPECT_FALSE(is_utf8("\x80"));
  EXPECT_FALSE(is_utf8("a\xBFz"));
}

TEST(Utf8, RefusesWhatIsCutShort) {
  for (const char* bad : {"\xC3", "\xE2\x82", "\xF0\x9F\x98", "\xE2", "\xF0", "\xC3z", "\xE2\x82z"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Utf8, RefusesOverlongForms) {
  for (const char* bad : {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xF0\x8F\xBF\xBF"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Utf8, RefusesSurrogates) {
  EXPECT_FALSE(is_utf8("\xED\xA0\x80"));
  EXPECT_FALSE(is_utf8("\xED\xBF\xBF"));
}

TEST(Utf8, RefusesWhatIsBeyondTheLastCharacter) {
  for (const char* bad : {"\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"})
    EXPECT_FALSE(is_utf8(bad)) << bad;
}

TEST(Printable, ShowsControlCharactersAndWhatIsNoUtf8AsBytes) {
  EXPECT_EQ(to_printable("a\nb\x1b[31m\x7f"), "a\\x0ab\\x1b[31m\\x7f");
  EXPECT_EQ(to_printable(std::string("\0z", 2)), "\\x00z");
  EXPECT_EQ(to_printable("\xC2\x9B"), "\\xc2\\x9b") << "a control character beyond ASCII";
  EXPECT_EQ(to_printable("\xFF\xC3"), "\\xff\\xc3");
  for (const char* good : {"", "plain", "\xC2\xA0", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"})
    EXPECT_EQ(to_printable(good), good);
}

TEST(Shortened, KeepsWhatIsShort) {
  EXPECT_EQ(shortened("", 64), "");
  EXPECT_EQ(shortened(std::string(64, 'x'), 64), std::string(64, 'x'));
}

TEST(Shortened, KeepsTheBeginningAndTheEnd) {
  const std::string text = std::string(500, 'a') + std::string(500, 'z');
  const std::string shorter = shortened(text, 100);
  EXPECT_LE(shorter.size(), 100U);
  EXPECT_TRUE(shorter.starts_with("aaaa") && shorter.ends_with("zzzz")) << shorter;
  EXPECT_NE(shorter.find(" [932 bytes] "), std::string::npos) << shorter;
}

TEST(Shortened, CutsNoCharacter) {
  std::string text;
  while (text.size() < 1000) text += "\xE2\x82\xAC";
  for (std::size_t most = 64; most < 80; ++most) {
    EXPECT_TRUE(is_utf8(shortened(text, most))) << most;
    EXPECT_LE(shortened(text, most).size(), most);
  }
}

TEST(Base64, GivesTheVectorsOfRfc4648) {
  EXPECT_EQ(to_base64(""), "");
  EXPECT_EQ(to_base64("f"), "Zg==");
  EXPECT_EQ(to_base64("fo"), "Zm8=");
  EXPECT_EQ(to_base64("foo"), "Zm9v");
  EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
  EXPECT_EQ(to_base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(to_base64("foobar"), "Zm9vYmFy");
}

TEST(Base64, TakesBytesOfEveryValue) {
  EXPECT_EQ(to_base64(std::string("\x00\x00\x00", 3)), "AAAA");
  EXPECT_EQ(to_base64("\xFF\xFF\xFF"), "////");
  EXPECT_EQ(to_base64("\xFB\xEF\xBE"), "++++");
  EXPECT_EQ(to_base64(std::string("\x80\x00", 2)), "gAA=");
}

}  // namespace
}  // namespace omzmq
