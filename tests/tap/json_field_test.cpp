// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/json_field.hpp"

#include <gtest/gtest.h>

#include <random>
#include <utility>
#include <vector>

#include "tap/text/usage_error.hpp"

namespace omzmq::tap {
namespace {

using namespace std::string_literals;

constexpr std::string_view kNotJson = "(not JSON)";
constexpr std::string_view kNoField = "(no such field)";

std::string find(std::string_view path, std::string_view payload) {
  JsonDocument document;
  JsonField field("--count-by", path);
  if (!document.parse(payload)) {
    EXPECT_FALSE(field.find(document).has_value());
    return std::string(kNotJson);
  }
  return std::string(field.find(document).value_or(kNoField));
}

std::string error_of(std::string_view path) {
  try {
    const JsonField field("--count-by", path);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(JsonField, FollowsThePath) {
  const std::string_view payload =
      R"({"status":200,"request":{"path":"/a","tags":["x",["y","z"]]},"a.b":1,"a b":{"c":2},"":3})";
  EXPECT_EQ(find(".status", payload), "200");
  EXPECT_EQ(find(".request.path", payload), "/a");
  EXPECT_EQ(find(".request.tags[0]", payload), "x");
  EXPECT_EQ(find(".request.tags[1][-1]", payload), "z");
  EXPECT_EQ(find(".request[\"tags\"].[1][0]", payload), "y");
  EXPECT_EQ(find(R"(.["a.b"])", payload), "1");
  EXPECT_EQ(find(R"(."a b".c)", payload), "2");
  EXPECT_EQ(find(R"(.["\u0061 b"]["c"])", payload), "2");
  EXPECT_EQ(find(R"(.[""])", payload), "3");
  EXPECT_EQ(find(".[1].a", R"([0,{"a":"b"}])"), "b");
}

TEST(JsonField, SaysWhenThereIsNone) {
  const std::string_view payload = R"({"a":{"b":[1,2]},"s":"text","n":null})";
  for (const char* const path : {".b", ".A", ".a.c", ".a.b.c", ".a[0]", ".a.b[2]", ".a.b[-3]",
                                 ".s.x", ".s[0]", ".n.x", ".n[0]", ".[0]"}) {
    EXPECT_EQ(find(path, payload), kNoField) << path;
  }
}

TEST(JsonField, GivesEachKindOfValueAsText) {
  const auto value = [](const std::string& json) { return find(".v", "{\"v\":" + json + "}"); };
  EXPECT_EQ(value(R"("text")"), "text");
  EXPECT_EQ(value(R"("")"), "");
  EXPECT_EQ(value(R"("a\"\\\n\u00e4\ud83d\ude00\u0000z")"), "a\"\\\nä😀\0z"s);
  EXPECT_EQ(value("true"), "true");
  EXPECT_EQ(value("false"), "false");
  EXPECT_EQ(value("null"), "null");
  EXPECT_EQ(value("0"), "0");
  EXPECT_EQ(value("-17"), "-17");
  EXPECT_EQ(value("9223372036854775806"), "9223372036854775806");
  EXPECT_EQ(value("1.50"), "1.50");
  EXPECT_EQ(value("1e3"), "1e3");
  EXPECT_EQ(value("1E400"), "1E400");
  EXPECT_EQ(value("{ }"), "{}");
  EXPECT_EQ(value("[ ]"), "[]");
  EXPECT_EQ(value(R"([ 1, 2.50, "a/b\u0000c", null, true, { "k" : [ ], "l\n" : -1 } ])"),
            R"([1,2.50,"a/b\u0000c",null,true,{"k":[],"l\n":-1}])");
}

TEST(JsonField, MarksAnIntegerOfWhichOnlyTheLimitIsKnown) {
  EXPECT_EQ(find(".v", R"({"v":18446744073709551615})"), ">=9223372036854775807");
  EXPECT_EQ(find(".v", R"({"v":)" + std::string(5000, '9') + "}"), ">=9223372036854775807");
  EXPECT_EQ(find(".v", R"({"v":-9223372036854775809})"), "<=-9223372036854775808");
}

TEST(JsonField, TheLastOfTwoEqualNamesHolds) { EXPECT_EQ(find(".a", R"({"a":1,"a":2})"), "2"); }

TEST(JsonField, SkipsWhiteSpaceAndTheCookie) {
  EXPECT_EQ(find(".a", " \t\r\n {\"a\":1} \r\n"), "1");
  EXPECT_EQ(find(".a", "@cee:{\"a\":1}"), "1");
  EXPECT_EQ(find(".a", " @cee: {\"a\":1}\n"), "1");
  EXPECT_EQ(find(".a", "@cee:@cee:{\"a\":1}"), kNotJson);
  EXPECT_EQ(find(".a", "@CEE:{\"a\":1}"), kNotJson);
  EXPECT_EQ(find(".a", "@cee:"), kNotJson);
}

TEST(JsonField, RefusesWhatIsNotJson) {
  for (const std::string& payload : {""s,
                                     " "s,
                                     "\0"s,
                                     "plain text"s,
                                     "42"s,
                                     "\"a\""s,
                                     "null"s,
                                     "{"s,
                                     "{\"a\":1"s,
                                     "{\"a\":1}}"s,
                                     "{\"a\":1} x"s,
                                     "{\"a\":1}\0"s,
                                     "{\"a\":1}\0{}"s,
                                     "{\"a\":\"\0\"}"s,
                                     "{\"a\0b\":1}"s,
                                     "{\"a\":1,}"s,
                                     "{\"a\":01}"s,
                                     "{\"a\":TRUE}"s,
                                     "{a:1}"s,
                                     "{\"a\":1/**/}"s,
                                     "{\"a\":\"\\x\"}"s,
                                     "{\"a\":\"\\u12\"}"s,
                                     "{\"a\":-}"s,
                                     "[1,2"s,
                                     "[1 2]"s,
                                     "{\"a\" 1}"s,
                                     "\xEF\xBB\xBF{\"a\":1}"s}) {
    EXPECT_EQ(find(".a", payload), kNotJson) << payload;
  }
}

TEST(JsonField, IsAsLenientAsLibfastjsonIsEvenWhenStrict) {
  EXPECT_EQ(find(".a", "{'a':1}"), "1");
  EXPECT_EQ(find(".a", "{\"a\":\"x\n\ty\"}"), "x\n\ty");
  EXPECT_EQ(find(".a", "{\"a\":\"\xFF\"}"), "\xFF");
  EXPECT_EQ(find(".a", R"({"a":NaN})"), "NaN");
  EXPECT_EQ(find(".a", R"({"a":Infinity})"), "Infinity");
  EXPECT_EQ(find(".a", R"({"a":1e})"), "1e");
}

TEST(JsonField, RefusesNestingThatIsTooDeep) {
  const auto nested = [](int depth) {
    const auto count = static_cast<std::size_t>(depth);
    return "{\"a\":" + std::string(count - 1, '[') + std::string(count - 1, ']') + "}";
  };
  EXPECT_EQ(find(".a", nested(JsonDocument::kMaxDepth - 1)).size(),
            2U * (JsonDocument::kMaxDepth - 2));
  EXPECT_EQ(find(".a", nested(JsonDocument::kMaxDepth + 1)), kNotJson);
  EXPECT_EQ(find(".a", nested(1'000'000)), kNotJson);
}

TEST(JsonField, ReadsOnAfterAnythingThatItRefused) {
  JsonDocument document;
  JsonField field("--count-by", ".a");
  for (const std::string& payload :
       {"{\"b\":[{\"a\":\"x"s, "{\"b\":tru"s, "{\"a\":\"\\ud83d"s, "{\"a\":-I"s, "{\"a\":1}\0"s,
        "{\"a\":1} x"s, std::string(100'000, '[')}) {
    EXPECT_FALSE(document.parse(payload));
    ASSERT_TRUE(document.parse(R"({"a":"good"})")) << "after " << payload.substr(0, 20);
    EXPECT_EQ(field.find(document), "good");
  }
  const std::string large(3 * JsonDocument::kKeptBytes, 'x');
  ASSERT_TRUE(document.parse("{\"a\":[\"" + large + "\"]}"));
  EXPECT_EQ(field.find(document)->size(), large.size() + 4);
  ASSERT_TRUE(document.parse("{\"a\":[1]}"));
  EXPECT_EQ(field.find(document), "[1]");
}

TEST(JsonField, SurvivesAnyDamage) {
  const std::string good =
      R"(@cee: {"a":{"b":[1,-2.5e3,"\u00e4\ud83d\ude00",true,null,{"c":""}]},"d":18446744073709551616})";
  std::mt19937 random(5);
  JsonDocument document;
  JsonField whole("--count-by", ".a");
  JsonField part("--count-by", ".a.b[2]");
  int parsed = 0;
  int found = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string bad = good;
    for (std::size_t changes = 1 + random() % 3; changes > 0 && !bad.empty(); --changes) {
      const std::size_t at = random() % bad.size();
      switch (random() % 4) {
        case 0:
          bad[at] = static_cast<char>(random());
          break;
        case 1:
          bad[at] = good[random() % good.size()];
          break;
        case 2:
          bad.erase(at, 1 + random() % 5);
          break;
        default:
          bad.resize(at + 1);
          break;
      }
    }
    // A copy of just the size: a sanitizer or valgrind then sees each byte read behind the end.
    const std::vector<char> exact(bad.begin(), bad.end());
    parsed += document.parse({exact.data(), exact.size()}) ? 1 : 0;
    found += whole.find(document).has_value() ? 1 : 0;
    EXPECT_LE(part.find(document).value_or("").size(), bad.size());
  }
  EXPECT_GT(parsed, 300);
  EXPECT_LT(parsed, 29'700);
  EXPECT_LT(found, parsed);
}

TEST(JsonField, KeepsThePathAsItWasGiven) {
  EXPECT_EQ(JsonField("--count-by", R"(.["a.b"][0])").path(), R"(.["a.b"][0])");
}

TEST(JsonField, AWrongPathIsNamedWithWhatWouldBeRight) {
  const std::string bare =
      "a name without quotes is of letters, digits and '_' and begins with no digit; with quotes "
      "it "
      "would be ";
  const std::pair<std::string, std::string> cases[] = {
      {"", "is empty; give a path such as .status or .request.path"},
      {"status", "must begin with '.', such as .status or .request.path"},
      {"$.status", "must begin with '.', such as .status or .request.path"},
      {"[0]", "must begin with '.', such as .status or .request.path"},
      {".", "names no field; give a path such as .status or .request.path"},
      {".a.", "ends with '.'; a name must follow, or no '.'"},
      {"..a", "'..' asks for every depth; give the whole path of one field"},
      {".a..b", "'..' asks for every depth; give the whole path of one field"},
      {".user-agent", bare + R"(.["user-agent"])"},
      {".a.1st[0]", bare + R"(.["1st"])"},
      {".a?", bare + R"(.["a?"])"},
      {".tags[]", "'[]' asks for every element; choose one, such as [0], or [-1] for the last"},
      {".tags[x]",
       "behind '[' must stand a whole number or a name in double quotes, such as [0] or [\"a.b\"]"},
      {".tags[",
       "behind '[' must stand a whole number or a name in double quotes, such as [0] or "
       "[\"a.b\"]"},
      {".tags[0", "']' is missing at the end"},
      {".tags[1:2]", "':2]' stands at byte 8 where ']' must be"},
      {".tags[99999999999]", "the index at byte 7 is too large; no array is that long"},
      {R"(.["a)", "the quote at byte 3 is not closed; a name is written .[\"the name\"]"},
      {R"(.["a\)", "the quote at byte 3 is not closed; a name is written .[\"the name\"]"},
      {R"(.["a\z"])", R"("a\z" is not a JSON string; a backslash in it is written \\)"},
      {R"(.["a\u0000"])", "a name with a NUL cannot be looked for; give another field"},
      {R"(.["a"]b)", "'b' stands at byte 7 where '.', '[' or the end must be"},
      {".a[0]x", "'x' stands at byte 6 where '.', '[' or the end must be"},
  };
  for (const auto& [path, why] : cases) {
    EXPECT_EQ(error_of(path), "--count-by '" + path + "': " + why);
  }
}

}  // namespace
}  // namespace omzmq::tap
