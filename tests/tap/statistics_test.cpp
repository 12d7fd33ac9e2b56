// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/statistics.hpp"

#include <gtest/gtest.h>

namespace omzmq::tap {
namespace {

using std::chrono::milliseconds;

class StatisticsTest : public testing::Test {
 protected:
  void receive(int messages, std::uint64_t bytes_each) {
    for (int i = 0; i < messages; ++i) {
      statistics_.count(1, bytes_each);
    }
    statistics_.mark_received(now_);
  }

  Statistics::TimePoint now_{std::chrono::hours{1}};
  Statistics statistics_{now_};
  Troubles troubles_;
};

TEST_F(StatisticsTest, HasALineOnlyWhenTheIntervalIsOver) {
  now_ += milliseconds{999};
  EXPECT_FALSE(statistics_.line_if_due(now_, troubles_).has_value());
  now_ += milliseconds{1};
  EXPECT_EQ(statistics_.line_if_due(now_, troubles_),
            "0 messages/s, 0.0 MB/s, 0 frames/s, 0 in all");
  EXPECT_FALSE(statistics_.line_if_due(now_, troubles_).has_value());
  EXPECT_EQ(statistics_.due_at(), now_ + Statistics::kInterval);
}

TEST_F(StatisticsTest, RatesAreThoseOfTheTimeThatReallyPassed) {
  receive(3000, 1000);
  now_ += milliseconds{2000};
  EXPECT_EQ(statistics_.line_if_due(now_, troubles_),
            "1500 messages/s, 1.5 MB/s, 1500 frames/s, 3000 in all");
  receive(10, 100'000);
  now_ += milliseconds{1000};
  EXPECT_EQ(statistics_.line_if_due(now_, troubles_),
            "10 messages/s, 1.0 MB/s, 10 frames/s, 3010 in all");
}

TEST_F(StatisticsTest, SummaryAveragesFromTheFirstMessageToTheLast) {
  EXPECT_EQ(statistics_.summary(), "received 0 messages, 0.0 MB, in 0.0 s");
  now_ += milliseconds{5000};
  receive(1000, 1000);
  now_ += milliseconds{4000};
  receive(1000, 1000);
  now_ += milliseconds{9000};
  EXPECT_EQ(statistics_.summary(),
            "received 2000 messages, 2.0 MB, in 4.0 s (500 messages/s, 0.5 MB/s on "
            "average)");
}

TEST_F(StatisticsTest, TheLineNamesWhatWentWrongAndNothingElse) {
  troubles_.missed = 12;
  troubles_.recovered = 2;
  troubles_.restarts = 1;
  now_ += milliseconds{1000};
  EXPECT_EQ(statistics_.line_if_due(now_, troubles_),
            "0 messages/s, 0.0 MB/s, 0 frames/s, 10 missing, 1 restart, 0 in all");
}

TEST(Troubles, AreSummarizedWithAllTheirCounts) {
  EXPECT_EQ(summarize({}),
            "0 messages missing in 0 gaps, 0 duplicates, 0 restarts, 0 corrupt frames");
  EXPECT_EQ(
      summarize({.gaps = 2,
                 .missed = 12,
                 .recovered = 11,
                 .duplicates = 1,
                 .dropped = 5,
                 .restarts = 1,
                 .corrupt = 1,
                 .handshakes = 3}),
      "1 message missing in 2 gaps (11 more came late), 1 duplicate (and 5 not written again), "
      "1 restart, 1 corrupt frame, 3 failed handshakes");
  EXPECT_FALSE(Troubles{.restarts = 1}.is_trouble());
  EXPECT_FALSE((Troubles{.missed = 3, .recovered = 3}.is_trouble()));
  EXPECT_TRUE(Troubles{.corrupt = 1}.is_trouble());
}

}  // namespace
}  // namespace omzmq::tap
