// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/screen/screen.hpp"
#include "tap/screen/sparkline.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "tap/text/display_text.hpp"

namespace omzmq::tap {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

/// Without the escape sequences of color, the only ones that are allowed.
std::string without_color(std::string text) {
  for (const std::string_view sequence : {"\033[0m", "\033[1m", "\033[2m", "\033[31m"}) {
    for (std::size_t at = 0; (at = text.find(sequence, at)) != std::string::npos;) {
      text.erase(at, sequence.size());
    }
  }
  return text;
}

/// Columns of a line, counted without the code under test: characters of three bytes from U+2E80
/// on take two columns (of those the tests use), all others one.
std::size_t columns_of(const std::string& line) {
  std::size_t columns = 0;
  for (const char c : without_color(line)) {
    const auto byte = static_cast<unsigned char>(c);
    columns += (byte & 0xC0U) != 0x80U ? 1 : 0;
    columns += byte >= 0xE3 && byte <= 0xED ? 1 : 0;
  }
  return columns;
}

bool has_control_bytes(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7F; });
}

class ScreenTest : public testing::Test {
 protected:
  ScreenTest() {
    view_.endpoints = "pull tcp://*:5555";
    view_.style.color = false;
  }

  void receive(std::string_view topic, std::uint64_t messages, std::uint64_t missed = 0) {
    FrameSeen seen;
    seen.topic = topic;
    seen.numbered = true;
    seen.epoch = 0xABCDEF0123456789;
    seen.stream = ++streams_;
    seen.messages = messages;
    seen.bytes = messages * 250;
    seen.frame_bytes = messages * 100;
    seen.missed = missed;
    seen.latency = milliseconds{2};
    traffic_.seen(seen);
  }

  void receive_many(int topics) {
    for (int i = 0; i < topics; ++i) {
      receive("topic-" + std::to_string(i), 1000 - static_cast<std::uint64_t>(i));
    }
    pass(seconds{1});
  }

  void pass(seconds time) {
    now_ += time;
    traffic_.tick(now_);
  }

  std::vector<std::string> show(std::size_t columns, std::size_t rows) {
    view_.size = {columns, rows};
    view_.now = now_;
    return lines_of(render(traffic_, view_));
  }

  static std::string all(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) {
      text += line + "\n";
    }
    return text;
  }

  static bool has(const std::vector<std::string>& lines, std::string_view text) {
    return all(lines).find(text) != std::string::npos;
  }

  Traffic::TimePoint now_{std::chrono::hours{1}};
  Traffic traffic_{now_};
  ScreenView view_;
  std::uint64_t streams_ = 0;
};

TEST_F(ScreenTest, SaysItAllAt80By24) {
  receive("nginx.access", 750'000, 1234);
  receive("auth", 250'000);
  traffic_.count_corrupt();
  traffic_.count_duplicates(17);
  traffic_.count_restart();
  traffic_.set_peers(3);
  pass(seconds{1});
  const std::vector<std::string> wanted{
      "zmqtap  pull tcp://*:5555                                  3 peers  up 00:00:01",
      "",
      "messages/s   1.00M " + std::string(59, ' ') + "█",
      "MB/s        250.00 " + std::string(59, ' ') + "█",
      "total      1,000,000 messages        250 MB      2 frames",
      "frames     2/s         50.0 MB each   500k messages each   packed 2.5:1",
      "losses     missed 1,234        corrupt 1      duplicates 17     restarts 1",
      "latency    p50 2.00 ms    p99 2.00 ms    max 2.00 ms    in the last minute",
      "",
      "topics (2)              msgs/s    MB/s share       total  missed  last 13 s",
      "nginx.access              750k  187.50   75%     750,000   1,234              █",
      "auth                      250k   62.50   25%     250,000       0              █",
      "",
      "streams (2)             msgs/s    MB/s share       total  missed  last 13 s",
      "abcdef01/1 nginx.acce…    750k  187.50   75%     750,000   1,234              █",
      "abcdef01/2 auth           250k   62.50   25%     250,000       0              █"};
  std::vector<std::string> lines = show(80, 24);
  ASSERT_EQ(lines.size(), 24U);
  EXPECT_EQ(lines.back(), "q quit   p pause   s streams first");
  lines.resize(wanted.size());
  EXPECT_EQ(lines, wanted);
}

TEST_F(ScreenTest, NeverExceedsItsSize) {
  const std::vector<std::string> extra(30, std::string(300, 'x'));
  view_.extra_lines = &extra;
  view_.style.color = true;
  view_.endpoints = "sub tcp://a.rather.long.name.of.a.host.example:12345, 日本語";
  receive(std::string(300, 'y'), 123'456'789'012, 999'999'999);
  receive("日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語", 5);
  traffic_.count_duplicates(1'000'000'000);
  receive_many(100);
  for (const Charset charset : {Charset::kAscii, Charset::kUtf8}) {
    view_.style.charset = charset;
    for (std::size_t columns = 1; columns <= 210; columns += columns < 50 ? 1 : 7) {
      for (const std::size_t rows : {1U, 2U, 3U, 5U, 7U, 9U, 10U, 15U, 16U, 17U, 24U, 60U, 300U}) {
        const auto lines = show(columns, rows);
        ASSERT_LE(lines.size(), rows) << columns << "x" << rows;
        for (const std::string& line : lines) {
          ASSERT_LE(columns_of(line), columns - 1) << columns << "x" << rows << ": " << line;
          ASSERT_FALSE(has_control_bytes(without_color(line))) << line;
        }
      }
    }
  }
  show(0, 0);  // nothing to see, nothing to break
}

TEST_F(ScreenTest, KeepsWhatMattersMostAt40By10) {
  receive("nginx.access", 1500, 7);
  receive_many(5);
  const auto lines = show(40, 10);
  ASSERT_EQ(lines.size(), 10U);
  EXPECT_EQ(lines[0].substr(0, 6), "zmqtap");
  EXPECT_EQ(lines[1].substr(0, 18), "messages/s   6.49k");
  EXPECT_EQ(lines[3], "missed 7  gaps 1");
  EXPECT_EQ(lines[4], "p50 2.00 ms  p99 2.00 ms  max 2.00 ms");
  EXPECT_EQ(lines[5], "topics (6)       msgs/s    MB/s  missed");
  EXPECT_EQ(lines[6], "nginx.access      1.50k    0.38       7");
  EXPECT_EQ(lines[9], "… 3 more");
}

TEST_F(ScreenTest, ShowsAMinuteInEachRowOfAWideScreen) {
  receive_many(30);
  const auto lines = show(200, 60);
  ASSERT_EQ(lines.size(), 60U);
  EXPECT_TRUE(has(lines, "last 60 s"));
  EXPECT_TRUE(has(lines, "gaps 0"));
  EXPECT_TRUE(has(lines, "topics (30)"));
  EXPECT_TRUE(has(lines, "streams (30)"));
}

TEST_F(ScreenTest, SaysHowManyRowsDoNotFit) {
  receive_many(100);
  const auto lines = show(80, 24);
  EXPECT_EQ(lines[9].substr(0, 12), "topics (100)");
  EXPECT_EQ(lines[10].substr(0, 8), "topic-0 ");
  EXPECT_EQ(lines[16].substr(0, 8), "topic-6 ");
  EXPECT_EQ(lines[17], "… 93 more");
  EXPECT_EQ(lines[18], "");
  EXPECT_EQ(lines[19].substr(0, 13), "streams (100)");
  EXPECT_EQ(lines[22], "… 98 more");
}

TEST_F(ScreenTest, StreamsComeFirstWhenAskedFor) {
  receive_many(100);
  view_.streams_first = true;
  const auto lines = show(80, 24);
  EXPECT_EQ(lines[9].substr(0, 13), "streams (100)");
  EXPECT_EQ(lines.back(), "q quit   p pause   t topics first");
}

TEST_F(ScreenTest, SaysThatItIsPaused) {
  view_.paused = true;
  const auto lines = show(80, 24);
  EXPECT_TRUE(has({lines[0]}, "PAUSED"));
  EXPECT_TRUE(has({lines.back()}, "p go on"));
}

TEST_F(ScreenTest, HasNoTableOfTopicsWhereThereAreNone) {
  FrameSeen seen;
  seen.messages = 5;
  traffic_.seen(seen);
  EXPECT_FALSE(has(show(80, 24), "topics ("));
  seen.topic = "a";
  traffic_.seen(seen);
  EXPECT_TRUE(has(show(80, 24), "topics (2)"));
  EXPECT_TRUE(has(show(80, 24), "(no topic)"));
}

TEST_F(ScreenTest, ShowsNegativeLatenciesAsSuch) {
  FrameSeen seen;
  seen.messages = 1;
  traffic_.seen(seen);
  EXPECT_TRUE(has(show(80, 24), "latency not known"));
  seen.latency = microseconds{-3100};
  traffic_.seen(seen);
  const auto lines = show(80, 24);
  EXPECT_TRUE(has(lines, "negative latencies 1  to -3.10 ms"));
  EXPECT_FALSE(has(lines, "p50"));
  EXPECT_FALSE(has(lines, "latency not known"));
}

TEST_F(ScreenTest, ShowsTheLinesOfOthersBelow) {
  receive_many(100);
  std::vector<std::string> extra{"count by .status", "200 \033[31m17", "404 3"};
  view_.extra_lines = &extra;
  auto lines = show(80, 24);
  EXPECT_EQ(lines[20], "count by .status");
  EXPECT_EQ(lines[21], "200 \\x1b[31m17");
  EXPECT_EQ(lines[22], "404 3");
  extra.resize(50, "more");
  lines = show(80, 24);
  EXPECT_EQ(lines[17], "count by .status");
  EXPECT_EQ(lines[22], "… 45 more");
}

TEST_F(ScreenTest, HostileTopicsDoNotReachTheTerminal) {
  for (const std::string_view topic :
       {"\033[2J\033]0;title\a",
        "\x9b"
        "31m",
        "line\nbreak\r",
        "\xc2\x9b"
        "c1",
        "\xe2\x80\xae"
        "right to left",
        "\xed\xa0\x80 surrogate", "\xf8\x88\x80\x80\x80", "\xe0\x80\xaf overlong",
        "\xf4\x90\x80\x80 beyond", "cut \xe2\x82", "e\xcc\x81"}) {
    receive(topic, 1);
  }
  pass(seconds{1});
  const auto lines = show(200, 60);
  const std::string text = all(lines);
  EXPECT_FALSE(has_control_bytes(text));
  for (const std::string_view shown :
       {"\\x1b[2J\\x1b]0;title\\x07", "\\x9b31m", "line\\x0abreak\\x0d", "\\xc2\\x9bc1",
        "\\xe2\\x80\\xaeright to left", "\\xed\\xa0\\x80 surrogate", "\\xf8\\x88\\x80\\x80\\x80",
        "\\xe0\\x80\\xaf overlong", "\\xf4\\x90\\x80\\x80 beyond", "cut \\xe2\\x82",
        "e\\xcc\\x81"}) {
    EXPECT_TRUE(has(lines, shown)) << shown;
  }
}

TEST_F(ScreenTest, ColorsOnlyWhereItMay) {
  receive("a", 1, 5);
  EXPECT_FALSE(has(show(80, 24), "\033"));
  view_.style.color = true;
  EXPECT_TRUE(has(show(80, 24), "\033[31mmissed 5\033[0m"));
}

TEST_F(ScreenTest, IsAllAsciiWhereTheLocaleIsNotUtf8) {
  view_.style.charset = Charset::kAscii;
  receive("größe", 1);
  receive_many(100);
  const auto lines = show(80, 24);
  for (const char c : all(lines)) {
    ASSERT_GE(c, 0);
  }
  EXPECT_TRUE(has(lines, "... 9"));
}

TEST(ScreenStyle, ComesFromTheEnvironment) {
  const auto style = [](const char* lc_all, const char* lang, const char* no_color,
                        const char* term) {
    setenv("LC_ALL", lc_all, 1);
    setenv("LC_CTYPE", "", 1);
    setenv("LANG", lang, 1);
    setenv("NO_COLOR", no_color, 1);
    setenv("TERM", term, 1);
    return ScreenStyle::from_environment();
  };
  EXPECT_EQ(style("", "de_DE.UTF-8", "", "xterm").charset, Charset::kUtf8);
  EXPECT_EQ(style("", "C.utf8", "", "xterm").charset, Charset::kUtf8);
  EXPECT_EQ(style("C", "de_DE.UTF-8", "", "xterm").charset, Charset::kAscii);
  EXPECT_EQ(style("", "", "", "xterm").charset, Charset::kAscii);
  EXPECT_TRUE(style("", "", "", "xterm").color);
  EXPECT_FALSE(style("", "", "1", "xterm").color);
  EXPECT_FALSE(style("", "", "", "dumb").color);
}

TEST(Sparkline, IsScaledToItsHighestBar) {
  RateHistory history;
  for (const double rate : {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0}) {
    history.push(rate, 1);
  }
  EXPECT_EQ(sparkline(history, 8, Charset::kUtf8).bytes, "▁▂▃▄▅▆▇█");
  EXPECT_EQ(sparkline(history, 8, Charset::kAscii).bytes, "_.:-=+*#");
  EXPECT_EQ(sparkline(history, 3, Charset::kUtf8).bytes, "▆▇█");
  EXPECT_EQ(sparkline(history, 3, Charset::kUtf8).columns, 3U);
}

TEST(Sparkline, OnlyNothingHasTheLowestBar) {
  RateHistory history;
  history.push(1e9, 1);
  history.push(0.001, 1);
  history.push(0, 1);
  EXPECT_EQ(sparkline(history, 3, Charset::kUtf8).bytes, "█▂▁");
}

TEST(Sparkline, IsBlankBeforeTheHistoryBegan) {
  RateHistory history;
  EXPECT_EQ(sparkline(history, 4, Charset::kUtf8).bytes, "    ");
  history.push(0, 2);
  EXPECT_EQ(sparkline(history, 4, Charset::kUtf8).bytes, "  ▁▁");
}

TEST(DisplayText, NumbersAreShort) {
  EXPECT_EQ(short_number(0), "0");
  EXPECT_EQ(short_number(0.52), "0.5");
  EXPECT_EQ(short_number(2.999), "3");
  EXPECT_EQ(short_number(999.4), "999");
  EXPECT_EQ(short_number(999.6), "1.00k");
  EXPECT_EQ(short_number(12'345), "12.3k");
  EXPECT_EQ(short_number(999'600), "1.00M");
  EXPECT_EQ(short_number(123'456'789), "123M");
  EXPECT_EQ(grouped_number(999, 9), "999");
  EXPECT_EQ(grouped_number(1'234'567, 9), "1,234,567");
  EXPECT_EQ(grouped_number(1'234'567, 8), "1.23M");
  EXPECT_EQ(short_bytes(812), "812 B");
  EXPECT_EQ(short_bytes(98'100), "98.1 kB");
  EXPECT_EQ(short_bytes(31'200'000'000), "31.2 GB");
}

TEST(DisplayText, DurationsHaveThreeDigits) {
  EXPECT_EQ(short_duration(microseconds{850}, Charset::kUtf8).bytes, "850 µs");
  EXPECT_EQ(short_duration(microseconds{850}, Charset::kUtf8).columns, 6U);
  EXPECT_EQ(short_duration(microseconds{850}, Charset::kAscii).bytes, "850 us");
  EXPECT_EQ(short_duration(microseconds{1200}, Charset::kUtf8).bytes, "1.20 ms");
  EXPECT_EQ(short_duration(seconds{4000}, Charset::kUtf8).bytes, "4000 s");
  EXPECT_EQ(short_duration(microseconds{-3100}, Charset::kUtf8).bytes, "-3.10 ms");
  EXPECT_EQ(clock_time(seconds{754}), "00:12:34");
  EXPECT_EQ(clock_time(seconds{2 * 86'400 + 3 * 3600 + 245}), "2d 03:04:05");
}

TEST(SafeText, IsCutWithAnEllipsis) {
  EXPECT_EQ(safe_text("abcdef", 6, Charset::kUtf8).bytes, "abcdef");
  EXPECT_EQ(safe_text("abcdefg", 6, Charset::kUtf8).bytes, "abcde…");
  EXPECT_EQ(safe_text("abcdefg", 6, Charset::kAscii).bytes, "abcd..");
  EXPECT_EQ(safe_text("abcdefg", 1, Charset::kAscii).bytes, "");
  EXPECT_EQ(safe_text("abcdefg", 0, Charset::kUtf8).bytes, "");
  // An escape or a wide character is left out as a whole.
  EXPECT_EQ(safe_text("ab\x01zzzz", 6, Charset::kUtf8).bytes, "ab…");
  EXPECT_EQ(safe_text("日本語", 4, Charset::kUtf8).bytes, "日…");
  EXPECT_EQ(safe_text("日本語", 4, Charset::kUtf8).columns, 3U);
  EXPECT_EQ(safe_text("日本語", 6, Charset::kUtf8).bytes, "日本語");
}

TEST(SafeText, DoublesABackslash) {
  EXPECT_EQ(safe_text("\\x1b", 9, Charset::kUtf8).bytes, "\\\\x1b");
}

}  // namespace
}  // namespace omzmq::tap
