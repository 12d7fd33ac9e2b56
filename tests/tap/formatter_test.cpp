// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/formatter.hpp"

#include <gtest/gtest.h>
#include <libfastjson/json.h>

#include <algorithm>
#include <memory>
#include <string>

namespace omzmq::tap {
namespace {

constexpr std::uint64_t kNs = 1'772'366'400'000'000'000;  // 2026-03-01T12:00:00Z

Record record(std::string_view payload) {
  Record made;
  made.payload = payload;
  made.received_ns = kNs + 2'500'000;
  return made;
}

Record numbered(std::string_view payload) {
  Record made = record(payload);
  made.topic = "nginx";
  made.is_numbered = true;
  made.epoch = 0xAB;
  made.stream = 7;
  made.sequence = 1000;
  made.sent_ns = kNs + 1'000'001;
  return made;
}

std::string formatted(OutputFormat format, const Record& of, std::string_view text = {}) {
  Formatter formatter(format, text);
  const Formatted result = formatter.format(of);
  return std::string(result.body) + std::string(result.end);
}

std::string text_format(std::string_view text, const Record& of) {
  return formatted(OutputFormat::kText, of, text);
}

std::string error_of(std::string_view text) {
  try {
    const Formatter formatter(OutputFormat::kText, text);
  } catch (const FormatError& error) {
    return error.what();
  }
  return "no error";
}

std::string all_bytes() {
  std::string bytes;
  for (int byte = 0; byte < 256; ++byte) bytes += static_cast<char>(byte);
  return bytes;
}

TEST(Formatter, PlainAndNulGiveThePayloadItself) {
  const std::string payload = all_bytes();
  Formatter plain(OutputFormat::kPlain);
  EXPECT_EQ(plain.format(record(payload)).body.data(), payload.data());
  EXPECT_EQ(formatted(OutputFormat::kPlain, record(payload)), payload + '\n');
  EXPECT_EQ(formatted(OutputFormat::kNul, record(payload)), payload + '\0');
  EXPECT_EQ(formatted(OutputFormat::kPlain, record("")), "\n");
}

TEST(Formatter, QuoteMakesOneLineOfAnyBytes) {
  EXPECT_EQ(formatted(OutputFormat::kQuote, record("plain \"text\" \xC3\xA4")),
            "plain \"text\" \xC3\xA4\n");
  EXPECT_EQ(formatted(OutputFormat::kQuote, record("a\nb\rc\td\\e")), "a\\nb\\rc\\td\\\\e\n");
  EXPECT_EQ(formatted(OutputFormat::kQuote, record(std::string_view("\0\x1B[2J\x7F", 6))),
            "\\x00\\x1b[2J\\x7f\n");
  EXPECT_EQ(formatted(OutputFormat::kQuote, record("\xFF\xC2\x9B\xC2\xA0\xE2\x82")),
            "\\xff\\xc2\\x9b\xC2\xA0\\xe2\\x82\n");
  const std::string line = formatted(OutputFormat::kQuote, record(all_bytes()));
  EXPECT_EQ(
      std::count_if(line.begin(), line.end(), [](char byte) { return byte >= 0 && byte < 0x20; }),
      1);
}

/// What COPY and a shell's printf '%b' do.
std::string unquoted(std::string_view line) {
  std::string bytes;
  while (!line.empty()) {
    std::size_t length = 1;
    if (line[0] != '\\') {
      bytes += line[0];
    } else if (line[1] == 'x') {
      bytes += static_cast<char>(std::stoi(std::string(line.substr(2, 2)), nullptr, 16));
      length = 4;
    } else {
      constexpr std::string_view kLetters = "nrt\\";
      constexpr std::string_view kBytes = "\n\r\t\\";
      bytes += kBytes.at(kLetters.find(line[1]));
      length = 2;
    }
    line.remove_prefix(length);
  }
  return bytes;
}

TEST(Formatter, QuoteCanBeReadBack) {
  const std::string payload = "\\x41 \\n " + all_bytes() + "\xE2\x82\xAC";
  std::string line = formatted(OutputFormat::kQuote, record(payload));
  line.pop_back();
  EXPECT_EQ(unquoted(line), payload);
}

TEST(Formatter, HexHasTwoDigitsAByte) {
  EXPECT_EQ(formatted(OutputFormat::kHex, record(std::string_view("\0\x0Fz\xFF", 4))),
            "000f7aff\n");
  EXPECT_EQ(formatted(OutputFormat::kHex, record("")), "\n");
}

TEST(Formatter, JsonHasTheEnvelope) {
  EXPECT_EQ(
      formatted(OutputFormat::kJson, numbered("text")),
      R"({"topic":"nginx","epoch":"00000000000000ab","stream":7,"sequence":1000,)"
      R"("sent":"2026-03-01T12:00:00.001000001Z","received":"2026-03-01T12:00:00.002500000Z",)"
      R"("latency_us":1499,"payload":"text"})"
      "\n");
  EXPECT_EQ(formatted(OutputFormat::kJson, record("text")),
            R"({"received":"2026-03-01T12:00:00.002500000Z","payload":"text"})"
            "\n");
}

TEST(Formatter, JsonLatencyIsNegativeWhereTheClocksDisagree) {
  Record early = numbered("x");
  early.received_ns = early.sent_ns - 5000;
  EXPECT_NE(formatted(OutputFormat::kJson, early).find(R"("latency_us":-5,)"), std::string::npos);
}

TEST(Formatter, JsonTakesAJsonPayloadAsItIs) {
  const auto payload_of = [](std::string_view payload) {
    const std::string line = formatted(OutputFormat::kJson, record(payload));
    const std::size_t begin = line.find("\"payload\":") + 10;
    return line.substr(begin, line.size() - begin - 2);
  };
  EXPECT_EQ(payload_of("{ \"a\" : 1.10,\n \"b\": [ ] }"), R"({"a":1.10,"b":[]})");
  EXPECT_EQ(payload_of("[1]"), "[1]");
  EXPECT_EQ(payload_of("{\"a\":1"), R"("{\"a\":1")");
  EXPECT_EQ(payload_of("42"), R"("42")");
  EXPECT_EQ(payload_of("null"), R"("null")");
  EXPECT_EQ(payload_of(""), R"("")");
}

TEST(Formatter, JsonIsOneValidLineWhateverTheBytes) {
  Record hostile = numbered("");
  const std::string bytes = "{\"a\":\"" + all_bytes();
  hostile.topic = bytes;
  hostile.payload = bytes;
  std::string line = formatted(OutputFormat::kJson, hostile);
  EXPECT_EQ(line.find('\n'), line.size() - 1);
  line.pop_back();
  const std::unique_ptr<fjson_object, decltype(&fjson_object_put)> parsed(
      fjson_tokener_parse(line.c_str()), &fjson_object_put);
  ASSERT_NE(parsed, nullptr);
  fjson_object* payload = nullptr;
  ASSERT_TRUE(fjson_object_object_get_ex(parsed.get(), "payload", &payload));
  EXPECT_TRUE(fjson_object_is_type(payload, fjson_type_string));
}

TEST(Formatter, TextHasAFieldForEachLetter) {
  const Record of = numbered("pay\nload");
  EXPECT_EQ(text_format("%t|%s|%S|%o|%p|%e", of), "nginx|pay\nload|8|1000|7|00000000000000ab");
  EXPECT_EQ(text_format("%T|%N|%R|%L", of), "1772366400001|1772366400001000001|1772366400002|1499");
  EXPECT_EQ(text_format("%I", of), "2026-03-01T12:00:00.001000001Z");
  EXPECT_EQ(text_format("100%% of %s%s", of), "100% of pay\nloadpay\nload");
  EXPECT_EQ(text_format("", of), "");
}

TEST(Formatter, TextWritesAMinusForWhatARawRecordDoesNotHave) {
  EXPECT_EQ(text_format("%t|%s|%S|%o|%p|%e|%T|%N|%I|%R|%L", record("x")),
            "|x|1|-|-|-|-|-|-|1772366400002|-");
}

TEST(Formatter, TextHasEscapes) {
  EXPECT_EQ(text_format("a\\nb\\tc\\rd\\0e\\\\f\\x41\\xfF\\x00", record("")),
            std::string("a\nb\tc\rd\0e\\fA\xFF\0", 14));
}

TEST(Formatter, TextErrorsNameTheLetterAndTheRightOnes) {
  EXPECT_TRUE(error_of("%s%q").starts_with("'%q' is no field: there are %t topic,"));
  EXPECT_TRUE(error_of("%s%").starts_with("'%' is no field"));
  EXPECT_EQ(error_of("\\q"), "'\\q' is no escape: there are \\n, \\t, \\r, \\0, \\\\ and \\xNN");
  for (const std::string_view wrong : {"\\", "\\x", "\\x1", "\\x1g", "\\xg1"})
    EXPECT_TRUE(error_of(wrong).starts_with("'\\")) << wrong;
}

TEST(Formatter, TimesFollowTheRecords) {
  Formatter formatter(OutputFormat::kText, "%I");
  const auto time_of = [&](std::uint64_t ns) {
    Record of = numbered("");
    of.sent_ns = ns;
    return std::string(formatter.format(of).body);
  };
  EXPECT_EQ(time_of(0), "1970-01-01T00:00:00.000000000Z");
  EXPECT_EQ(time_of(kNs), "2026-03-01T12:00:00.000000000Z");
  EXPECT_EQ(time_of(kNs + 1), "2026-03-01T12:00:00.000000001Z");
  EXPECT_EQ(time_of(kNs - 1), "2026-03-01T11:59:59.999999999Z");
  EXPECT_EQ(time_of(UINT64_MAX), "2554-07-21T23:34:33.709551615Z");
}

}  // namespace
}  // namespace omzmq::tap
