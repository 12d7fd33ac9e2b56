// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/screen/traffic.hpp"

#include <gtest/gtest.h>

#include <string>

namespace omzmq::tap {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

class TrafficTest : public testing::Test {
 protected:
  static FrameSeen frame(std::string_view topic, std::uint64_t messages, std::uint64_t bytes) {
    FrameSeen seen;
    seen.topic = topic;
    seen.messages = messages;
    seen.bytes = bytes;
    seen.frame_bytes = bytes / 2;
    return seen;
  }

  bool pass(milliseconds time) {
    now_ += time;
    return traffic_.tick(now_);
  }

  Traffic::TimePoint now_{std::chrono::hours{1}};
  Traffic traffic_{now_};
};

TEST_F(TrafficTest, TicksOnlyWhenTheIntervalIsOver) {
  EXPECT_EQ(traffic_.due_at(), now_ + seconds{1});
  EXPECT_FALSE(pass(milliseconds{999}));
  EXPECT_TRUE(pass(milliseconds{1}));
  EXPECT_FALSE(pass(milliseconds{0}));
  EXPECT_EQ(traffic_.due_at(), now_ + seconds{1});
}

TEST_F(TrafficTest, SumsFramesWithAndWithoutMessages) {
  FrameSeen beat = frame("a", 0, 0);
  beat.frame_bytes = 56;
  beat.missed = 7;
  traffic_.seen(frame("a", 10, 2000));
  traffic_.seen(frame("b", 30, 4000));
  traffic_.seen(beat);
  traffic_.count_corrupt();
  traffic_.count_duplicates(5);
  traffic_.count_restart();
  const Traffic::Totals& totals = traffic_.totals();
  EXPECT_EQ(totals.flow.messages(), 40U);
  EXPECT_EQ(totals.flow.bytes(), 6000U);
  EXPECT_EQ(totals.flow.missed(), 7U);
  EXPECT_EQ(totals.gaps, 1U);
  EXPECT_EQ(totals.frames, 2U);
  EXPECT_EQ(totals.frame_bytes, 3000U);
  EXPECT_EQ(totals.corrupt, 1U);
  EXPECT_EQ(totals.duplicates, 5U);
  EXPECT_EQ(totals.restarts, 1U);
  EXPECT_FALSE(totals.peers.has_value());
  traffic_.set_peers(3);
  EXPECT_EQ(totals.peers, 3U);
}

TEST_F(TrafficTest, RatesAreThoseOfTheTimeThatReallyPassed) {
  traffic_.seen(frame("a", 3000, 6000));
  EXPECT_TRUE(pass(milliseconds{1500}));
  EXPECT_DOUBLE_EQ(traffic_.totals().flow.messages_per_second(), 2000);
  EXPECT_DOUBLE_EQ(traffic_.totals().flow.bytes_per_second(), 4000);
  EXPECT_DOUBLE_EQ(traffic_.totals().frames_per_second, 1 / 1.5);
  EXPECT_TRUE(pass(milliseconds{1000}));
  EXPECT_DOUBLE_EQ(traffic_.totals().flow.messages_per_second(), 0);
  EXPECT_DOUBLE_EQ(traffic_.totals().frames_per_second, 0);
}

TEST_F(TrafficTest, RemembersTheLastMinuteSecondBySecond) {
  for (std::uint64_t i = 1; i <= 70; ++i) {
    EXPECT_EQ(traffic_.totals().flow.history().size(), std::min<std::uint64_t>(i - 1, 60));
    traffic_.seen(frame("a", i, 10 * i));
    pass(seconds{1});
  }
  const RateHistory& history = traffic_.totals().flow.history();
  EXPECT_EQ(history.at(0), 70);
  EXPECT_EQ(history.at(59), 11);
  EXPECT_EQ(traffic_.totals().bytes_history.at(1), 690);
  EXPECT_EQ(traffic_.topics().busiest(1)[0].flow->history().at(2), 68);
}

TEST_F(TrafficTest, ATickThatComesLateStandsForAllItsSeconds) {
  traffic_.seen(frame("a", 100, 0));
  pass(seconds{1});
  traffic_.seen(frame("a", 100, 0));
  pass(seconds{4});
  const RateHistory& history = traffic_.totals().flow.history();
  EXPECT_EQ(history.size(), 5U);
  EXPECT_EQ(history.at(0), 25);
  EXPECT_EQ(history.at(3), 25);
  EXPECT_EQ(history.at(4), 100);
  pass(std::chrono::hours{100});
  EXPECT_EQ(history.size(), 60U);
  EXPECT_TRUE(history.is_silent());
}

TEST_F(TrafficTest, CountsPerTopicAndPerStream) {
  FrameSeen seen = frame("logs", 5, 50);
  seen.numbered = true;
  seen.epoch = 1;
  seen.stream = 4;
  seen.missed = 2;
  traffic_.seen(seen);
  seen.epoch = 2;  // the same number in another epoch is another stream
  traffic_.seen(seen);
  traffic_.seen(frame("logs", 1, 1));
  ASSERT_EQ(traffic_.topics().size(), 1U);
  EXPECT_EQ(traffic_.topics().busiest(9)[0].flow->messages(), 11U);
  EXPECT_EQ(traffic_.topics().busiest(9)[0].flow->missed(), 4U);
  const auto streams = traffic_.streams().busiest(9);
  ASSERT_EQ(streams.size(), 2U);
  EXPECT_EQ(streams[0].key->epoch, 1U);
  EXPECT_EQ(streams[0].key->stream, 4U);
  EXPECT_EQ(streams[0].key->topic, "logs");
  EXPECT_EQ(streams[0].flow->messages(), 5U);
  EXPECT_EQ(streams[1].key->epoch, 2U);
}

TEST_F(TrafficTest, ShowsTheBusiestFirst) {
  traffic_.seen(frame("slow", 1, 0));
  traffic_.seen(frame("fast", 9, 0));
  traffic_.seen(frame("middle", 5, 0));
  pass(seconds{1});
  const auto rows = traffic_.topics().busiest(2);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(*rows[0].key, "fast");
  EXPECT_EQ(*rows[1].key, "middle");
}

TEST_F(TrafficTest, OneBusySecondDoesNotMakeAnOrder) {
  for (int i = 0; i < 20; ++i) {
    traffic_.seen(frame("steady", 100, 0));
    pass(seconds{1});
  }
  traffic_.seen(frame("sudden", 200, 0));
  traffic_.seen(frame("steady", 100, 0));
  pass(seconds{1});
  EXPECT_EQ(*traffic_.topics().busiest(1)[0].key, "steady");
  for (int i = 0; i < 10; ++i) {
    traffic_.seen(frame("sudden", 200, 0));
    traffic_.seen(frame("steady", 100, 0));
    pass(seconds{1});
  }
  EXPECT_EQ(*traffic_.topics().busiest(1)[0].key, "sudden");
}

TEST_F(TrafficTest, WhatIsBeyondTheTableIsCountedAsOthers) {
  constexpr std::size_t kMore = 100;
  for (std::size_t i = 0; i < Traffic::kMaxRows + kMore; ++i) {
    FrameSeen seen = frame("", 1, 10);
    const std::string topic = "topic-" + std::to_string(i);
    seen.topic = topic;
    seen.numbered = true;
    seen.stream = i;
    traffic_.seen(seen);
  }
  EXPECT_EQ(traffic_.topics().size(), Traffic::kMaxRows + 1);
  EXPECT_EQ(traffic_.streams().size(), Traffic::kMaxRows + 1);
  pass(seconds{1});
  const auto others = traffic_.topics().busiest(1)[0];
  EXPECT_EQ(others.key, nullptr);
  EXPECT_EQ(others.flow->messages(), kMore);
  EXPECT_EQ(traffic_.totals().flow.messages(), Traffic::kMaxRows + kMore);
}

TEST_F(TrafficTest, AFullTableGivesUpRowsThatWereSilentForAMinute) {
  for (std::size_t i = 0; i < Traffic::kMaxRows; ++i) {
    const std::string topic = "topic-" + std::to_string(i);
    traffic_.seen(frame(topic, 3, 0));
  }
  for (int i = 0; i < 60; ++i) {
    traffic_.seen(frame("topic-7", 1, 0));
    pass(seconds{1});
    EXPECT_EQ(traffic_.topics().size(), Traffic::kMaxRows);
  }
  traffic_.seen(frame("topic-7", 1, 0));
  pass(seconds{1});
  const auto rows = traffic_.topics().busiest(9);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(*rows[0].key, "topic-7");
  EXPECT_EQ(rows[0].flow->messages(), 64U);
  EXPECT_EQ(rows[1].key, nullptr);
  EXPECT_EQ(rows[1].flow->messages(), 3 * (Traffic::kMaxRows - 1));
  EXPECT_EQ(rows[1].flow->messages_per_second(), 0);
  pass(seconds{1});
  EXPECT_EQ(rows[1].flow->messages_per_second(), 0);
  traffic_.seen(frame("new", 1, 0));
  EXPECT_EQ(traffic_.topics().size(), 3U);
}

TEST_F(TrafficTest, KeepsOnlyTheBeginningOfALongTopic) {
  const std::string topic(100'000, 'x');
  traffic_.seen(frame(topic, 1, 0));
  traffic_.seen(frame(topic + "y", 1, 0));
  ASSERT_EQ(traffic_.topics().size(), 1U);
  EXPECT_EQ(traffic_.topics().busiest(1)[0].key->size(), Traffic::kMaxTopicBytes);
}

TEST_F(TrafficTest, RecentLatencyIsThatOfTheLastMinute) {
  FrameSeen seen = frame("a", 1, 1);
  seen.latency = milliseconds{100};
  traffic_.seen(seen);
  for (int i = 0; i < 59; ++i) {
    pass(seconds{1});
    EXPECT_EQ(traffic_.recent_latency().count(), 1U);
  }
  seen.latency = microseconds{50};
  traffic_.seen(seen);
  EXPECT_EQ(traffic_.recent_latency().max(), milliseconds{100});
  pass(seconds{1});
  EXPECT_EQ(traffic_.recent_latency().count(), 1U);
  EXPECT_EQ(traffic_.recent_latency().max(), microseconds{50});
  EXPECT_EQ(traffic_.latency_in_all().count(), 2U);
  pass(std::chrono::hours{5});
  EXPECT_EQ(traffic_.recent_latency().count(), 0U);
  EXPECT_EQ(traffic_.latency_in_all().count(), 2U);
}

}  // namespace
}  // namespace omzmq::tap
