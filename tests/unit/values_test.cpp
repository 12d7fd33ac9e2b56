// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/values.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace omzmq {
namespace {

// What the refusal says, or nothing if there is none.
template <typename Read>
std::string refusal_of(Read&& read) {
  try {
    static_cast<void>(read());
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.parameter(), "some.parameter");
    EXPECT_TRUE(std::string(error.what()).starts_with("some.parameter: "));
    return error.what();
  }
  return {};
}

constexpr const char* kName = "some.parameter";

std::int64_t number(const char* text) { return read_number(kName, "-5..10", text, -5, 10); }
std::int64_t size(const char* text) {
  return read_size(kName, "size, 1k..3g", text, 1024, std::int64_t{3} << 30);
}
std::vector<std::string> list(const std::vector<std::string>& values) {
  return split_list(kName, values);
}

TEST(ReadNumber, TakesTheRangeWithItsEnds) {
  EXPECT_EQ(number("-5"), -5);
  EXPECT_EQ(number("0"), 0);
  EXPECT_EQ(number("10"), 10);
  EXPECT_EQ(number("007"), 7);
}

TEST(ReadNumber, NamesTheValueAndWhatIsRight) {
  for (const char* bad : {"-6", "11", "", " 1", "1 ", "+1", "1.0", "0x1", "1e0", "ten", "-", "5k",
                          "99999999999999999999", "-99999999999999999999"}) {
    const std::string text = refusal_of([&] { return number(bad); });
    EXPECT_NE(text.find("'" + std::string(bad) + "'"), std::string::npos) << bad;
    EXPECT_NE(text.find("-5..10"), std::string::npos) << bad;
  }
}

TEST(ReadSize, KnowsTheSuffixesOfRsyslog) {
  EXPECT_EQ(size("1024"), 1024);
  EXPECT_EQ(size("1k"), 1024);
  EXPECT_EQ(size("2K"), 2000);
  EXPECT_EQ(size("3m"), 3 << 20);
  EXPECT_EQ(size("3M"), 3000000);
  EXPECT_EQ(size("3g"), std::int64_t{3} << 30);
  EXPECT_EQ(size("3G"), 3000000000);
}

TEST(ReadSize, RefusesWhatIsOutsideOrNoSize) {
  for (const char* bad :
       {"1023", "1K", "0", "-1", "-1k", "3221225473", "4g", "4G", "k", "", "1kb", "1 k", "1.5k",
        "9223372036854775807g", "9223372036854775808", "99999999999999999999k", "1t", "kk"}) {
    const std::string text = refusal_of([&] { return size(bad); });
    EXPECT_NE(text.find("'" + std::string(bad) + "'"), std::string::npos) << bad;
    EXPECT_NE(text.find("size, 1k..3g"), std::string::npos) << bad;
    EXPECT_NE(text.find("powers of 1024"), std::string::npos) << bad;
  }
}

TEST(ReadOnOff, TakesBothWordsInAnyCase) {
  EXPECT_TRUE(read_on_off(kName, "on"));
  EXPECT_TRUE(read_on_off(kName, "ON"));
  EXPECT_FALSE(read_on_off(kName, "off"));
  EXPECT_FALSE(read_on_off(kName, "Off"));
}

TEST(ReadOnOff, RefusesOtherWords) {
  for (const char* bad : {"", "yes", "true", "1", "0", "o", "onn", "on "}) {
    EXPECT_NE(refusal_of([&] {
                return read_on_off(kName, bad);
              }).find("'" + std::string(bad) + "' is none of on, off"),
              std::string::npos)
        << bad;
  }
}

TEST(ReadText, RefusesNothingAtAll) {
  EXPECT_EQ(read_text(kName, " any text, \xFF "), " any text, \xFF ");
  EXPECT_NE(refusal_of([] { return read_text(kName, ""); }).find("is empty"), std::string::npos);
}

TEST(ReadText, SaysWhyItRefusesANul) {
  // As a C string, which is what the daemon's log gets.
  EXPECT_NE(refusal_of([] { return read_text(kName, std::string("a\0b", 3)); }).find("NUL"),
            std::string::npos);
}

TEST(ReadPath, WantsAnAbsoluteOne) {
  EXPECT_EQ(read_path(kName, "/var/log/dead letters"), "/var/log/dead letters");
  for (const char* bad : {"", "relative", "./x", "~/x"}) {
    EXPECT_NE(refusal_of([&] {
                return read_path(kName, bad);
              }).find("'" + std::string(bad) + "' is not an absolute path"),
              std::string::npos)
        << bad;
  }
  EXPECT_NE(refusal_of([] { return read_path(kName, std::string("/a\0b", 4)); }), "");
}

TEST(ReadFileMode, TakesOctalDigits) {
  EXPECT_EQ(read_file_mode(kName, "0660"), 0660U);
  EXPECT_EQ(read_file_mode(kName, "600"), 0600U);
  EXPECT_EQ(read_file_mode(kName, "0000"), 0U);
  EXPECT_EQ(read_file_mode(kName, "0777"), 0777U);
}

TEST(ReadFileMode, RefusesWhatIsNoMode) {
  for (const char* bad : {"", "0888", "1000", "-1", "rw-", "0o600", "0x1", "9"}) {
    const std::string text = refusal_of([&] { return read_file_mode(kName, bad); });
    EXPECT_NE(text.find("'" + std::string(bad) + "' is no file mode"), std::string::npos) << bad;
    EXPECT_NE(text.find("0000 to 0777"), std::string::npos) << bad;
  }
}

TEST(SplitList, SplitsASingleStringAtCommas) {
  EXPECT_EQ(list({"one"}), (std::vector<std::string>{"one"}));
  EXPECT_EQ(list({" one ,\ttwo three,four"}),
            (std::vector<std::string>{"one", "two three", "four"}));
}

TEST(SplitList, LeavesTheElementsOfAnArrayAsTheyAre) {
  EXPECT_EQ(list({"a,b", " c "}), (std::vector<std::string>{"a,b", " c "}));
}

TEST(SplitList, RefusesEmptyElements) {
  for (const char* bad : {"", ",", "a,", ",a", "a,,b", " ", "a, ,b"})
    EXPECT_NE(refusal_of([&] { return list({bad}); }).find("empty element"), std::string::npos)
        << bad;
  EXPECT_NE(refusal_of([] { return list({"a", ""}); }).find("is empty"), std::string::npos);
}

TEST(SplitList, ShowsTheWholeValueThatItRefuses) {
  EXPECT_NE(refusal_of([] { return list({"a,b,,c"}); }).find("'a,b,,c'"), std::string::npos);
}

TEST(SplitOption, SplitsAtTheFirstEqualsSign) {
  EXPECT_EQ(split_option(kName, "tos=16"), std::pair(std::string("tos"), std::string("16")));
  EXPECT_EQ(split_option(kName, "a=b=c"), std::pair(std::string("a"), std::string("b=c")));
}

TEST(SplitOption, RefusesHalfAnOption) {
  for (const char* bad : {"", "tos", "tos=", "=16", "="}) {
    EXPECT_NE(refusal_of([&] {
                return split_option(kName, bad);
              }).find("'" + std::string(bad) + "' is not of the form name=value"),
              std::string::npos)
        << bad;
  }
}

TEST(SameWord, IgnoresTheCaseOfAsciiLetters) {
  EXPECT_TRUE(same_word("dropNewest", "DROPNEWEST"));
  EXPECT_TRUE(same_word("", ""));
  EXPECT_FALSE(same_word("a", "ab"));
  EXPECT_FALSE(same_word("\xC3\x84", "\xC3\xA4"));
}

TEST(ReadWord, NamesTheValueAndAllWordsThatAreRight) {
  const auto read = [](const char* text) {
    return read_word<int>(kName, text, {{"one", 1}, {"Two", 2}});
  };
  EXPECT_EQ(read("ONE"), 1);
  EXPECT_EQ(read("two"), 2);
  EXPECT_NE(refusal_of([&] { return read("three"); }).find("'three' is none of one, Two"),
            std::string::npos);
}

}  // namespace
}  // namespace omzmq
