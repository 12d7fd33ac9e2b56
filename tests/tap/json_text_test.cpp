// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/text/json_text.hpp"

#include <gtest/gtest.h>
#include <libfastjson/json.h>

#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace omzmq::tap {
namespace {

std::string quoted(std::string_view bytes) {
  std::string text;
  append_json_string(text, bytes);
  return text;
}

std::optional<std::string> compact(std::string_view bytes) {
  std::string text = "before";
  const bool is_json = append_compact_json(text, bytes);
  EXPECT_TRUE(text.starts_with("before"));
  if (!is_json) {
    EXPECT_EQ(text, "before");
    return std::nullopt;
  }
  return text.substr(6);
}

struct FreeJson {
  void operator()(fjson_object* object) const { fjson_object_put(object); }
};
using Json = std::unique_ptr<fjson_object, FreeJson>;

TEST(JsonText, AStringIsEscaped) {
  EXPECT_EQ(quoted(""), R"("")");
  EXPECT_EQ(quoted("plain text"), R"("plain text")");
  EXPECT_EQ(quoted("\"\\/\n\r\t"), R"("\"\\/\n\r\t")");
  EXPECT_EQ(quoted(std::string_view("\0\x01\x1F\x7F", 4)), "\"\\u0000\\u0001\\u001f\x7F\"");
  EXPECT_EQ(quoted("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"),
            "\"\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80\"");
}

TEST(JsonText, EachByteThatIsNoUtf8BecomesAReplacementCharacter) {
  const std::string replaced = "\xEF\xBF\xBD";
  EXPECT_EQ(quoted("a\xFFz"), "\"a" + replaced + "z\"");
  EXPECT_EQ(quoted("\xC3"), '"' + replaced + '"');
  EXPECT_EQ(quoted("\xC0\x80"), '"' + replaced + replaced + '"');
  EXPECT_EQ(quoted("\xE2\x82"), '"' + replaced + replaced + '"');
  EXPECT_EQ(quoted("\xE2\x82\"x"), '"' + replaced + replaced + "\\\"x\"");
}

TEST(JsonText, FindsEachByteAtEachPlace) {
  const auto inner = [](std::string_view bytes) {
    const std::string text = quoted(bytes);
    return text.substr(1, text.size() - 2);
  };
  for (std::size_t place = 0; place < 20; ++place)
    for (int byte = 0; byte < 256; ++byte) {
      std::string bytes(20, 'x');
      bytes[place] = static_cast<char>(byte);
      const std::string_view text = bytes;
      EXPECT_EQ(inner(text), std::string(place, 'x') + inner(text.substr(place, 1)) +
                                 std::string(19 - place, 'x'));
    }
}

TEST(JsonText, KnowsUtf8) {
  for (const std::string_view good :
       {"a", "\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
        "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    EXPECT_EQ(utf8_length(good), good.size()) << quoted(good);
  for (const std::string_view bad :
       {"", "\x80", "\xBF", "\xC0\x80", "\xC1\xBF", "\xC2", "\xC2\x7F", "\xE0\x9F\xBF", "\xE0\xA0",
        "\xE0\xA0\x7F", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF0\x90\x80", "\xF0\x90\x80\xC0",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xFF"})
    EXPECT_EQ(utf8_length(bad), 0U) << quoted(bad);
}

TEST(JsonText, CompactTakesOnlyWhiteSpaceBetweenTokens) {
  EXPECT_EQ(compact("{}"), "{}");
  EXPECT_EQ(compact("[]"), "[]");
  EXPECT_EQ(compact(" \t\r\n{ \n } \n"), "{}");
  EXPECT_EQ(compact(R"({"a": [1, 2.50, -0, 1E+9, {"b c" : null}, [ ], true ,false],"a":"x  y"})"),
            R"({"a":[1,2.50,-0,1E+9,{"b c":null},[],true,false],"a":"x  y"})");
  EXPECT_EQ(compact(R"(["\"\\\/\b\f\n\r\t\u00e4\uD83D"])"), R"(["\"\\\/\b\f\n\r\t\u00e4\uD83D"])");
  EXPECT_EQ(compact("[\"\xC3\xA4\"]"), "[\"\xC3\xA4\"]");
  EXPECT_EQ(compact("[123456789012345678901234567890.10]"), "[123456789012345678901234567890.10]");
}

TEST(JsonText, CompactRefusesWhatIsNoObjectOrArray) {
  for (const std::string_view text : {"",
                                      " ",
                                      "1",
                                      "null",
                                      "\"x\"",
                                      "text",
                                      "{",
                                      "[",
                                      "}",
                                      "]",
                                      "{]",
                                      "[}",
                                      "[1",
                                      "[1,",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "{}{}",
                                      "[] x",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{a:1}",
                                      "{1:1}",
                                      "{'a':1}",
                                      "{\"a\":1 \"b\":2}",
                                      "[01]",
                                      "[1.]",
                                      "[.5]",
                                      "[+1]",
                                      "[1e]",
                                      "[1e+]",
                                      "[-]",
                                      "[NaN]",
                                      "[Infinity]",
                                      "[tru]",
                                      "[truex]",
                                      "[nul",
                                      "[\"\\x\"]",
                                      "[\"\\u12\"]",
                                      "[\"\\u12g4\"]",
                                      "[\"\\",
                                      "[\"",
                                      "[\"a\nb\"]",
                                      "[\"a\tb\"]",
                                      "[\"\xFF\"]",
                                      "[\"\xC3\"]",
                                      "/* c */[]",
                                      "[1]//c",
                                      "\xEF\xBB\xBF[]"})
    EXPECT_FALSE(compact(text).has_value()) << text;
  EXPECT_FALSE(compact(std::string_view("[\"\0\"]", 5)).has_value());
  EXPECT_FALSE(compact(std::string_view("[]\0", 3)).has_value());
}

TEST(JsonText, CompactBoundsTheDepth) {
  const std::string deepest(kMaxJsonDepth, '[');
  const std::string closing(kMaxJsonDepth, ']');
  EXPECT_TRUE(compact(deepest + closing).has_value());
  EXPECT_FALSE(compact(deepest + "[]" + closing).has_value());
  EXPECT_FALSE(compact(std::string(1'000'000, '[')).has_value());
}

/// Random changes to a document: what is taken is JSON to another parser too, with the same
/// content.
TEST(JsonText, CompactAgreesWithAnotherParser) {
  const std::string document =
      R"({"a": [1, -2.5e3, "x\u00e4\n"], "b": {"c": null, "d": [true, false, {}]}, "e": ""})";
  const std::string bytes = " \n\"\\{}[]:,0123456789-+.eEtrufalsn\xC3\xA4";
  std::mt19937 random(20260301);  // NOLINT(cert-msc51-cpp,cert-msc32-c): the same bytes each time
  int taken = 0;
  for (int round = 0; round < 50'000; ++round) {
    std::string changed = document;
    for (std::size_t changes = 1 + random() % 2; changes != 0; --changes) {
      const std::size_t at = random() % changed.size();
      if (random() % 3 == 0) {
        changed.erase(at, 1);
      } else {
        changed[at] = bytes[random() % bytes.size()];
      }
    }
    const std::optional<std::string> text = compact(changed);
    if (!text) continue;
    ++taken;
    const Json before(fjson_tokener_parse(changed.c_str()));
    const Json after(fjson_tokener_parse(text->c_str()));
    ASSERT_TRUE(before && after) << changed << '\n' << *text;
    EXPECT_STREQ(fjson_object_to_json_string(before.get()),
                 fjson_object_to_json_string(after.get()));
    EXPECT_LE(text->size(), changed.size());
  }
  EXPECT_GT(taken, 1000);
}

}  // namespace
}  // namespace omzmq::tap
