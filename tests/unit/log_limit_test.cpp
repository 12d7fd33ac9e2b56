// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/log_limit.hpp"

#include <gtest/gtest.h>

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr Clock::duration kInterval = 30s;

class LogLimitTest : public testing::Test {
 protected:
  // Lines that come up now. Returns how many of them are said.
  int say(int lines) {
    int said = 0;
    for (; lines != 0; --lines) said += limit_.admit(now_).has_value() ? 1 : 0;
    return said;
  }

  LogLimit limit_{3, kInterval};
  Clock::time_point now_{1000s};
};

TEST_F(LogLimitTest, SaysTheFirstFewOfAnInterval) { EXPECT_EQ(say(10), 3); }

TEST_F(LogLimitTest, TellsWithTheNextLineHowManyWereSuppressed) {
  say(10);
  now_ += kInterval;
  EXPECT_EQ(limit_.admit(now_), 7U);
  EXPECT_EQ(limit_.admit(now_), 0U);
  EXPECT_EQ(limit_.admit(now_), 0U);
  EXPECT_EQ(limit_.admit(now_), std::nullopt);
}

TEST_F(LogLimitTest, BeginsAnIntervalWithItsFirstLine) {
  say(1);
  now_ += kInterval - 1ns;
  EXPECT_EQ(say(10), 2);
  now_ += 1ns;
  EXPECT_EQ(say(10), 3);
}

TEST_F(LogLimitTest, TellsHowManyWereSuppressedThoughNoLineComes) {
  say(10);
  EXPECT_EQ(limit_.take_suppressed(now_), 0U) << "in the interval";
  EXPECT_EQ(limit_.next_deadline(), now_ + kInterval);
  now_ += kInterval;
  EXPECT_EQ(limit_.take_suppressed(now_), 7U);
  EXPECT_EQ(limit_.take_suppressed(now_), 0U) << "told already";
  EXPECT_EQ(limit_.admit(now_), 0U) << "told already";
}

TEST_F(LogLimitTest, HasNothingToTellWhereNothingWasSuppressed) {
  EXPECT_EQ(limit_.next_deadline(), Clock::time_point::max());
  say(3);
  EXPECT_EQ(limit_.next_deadline(), Clock::time_point::max());
  now_ += kInterval;
  EXPECT_EQ(limit_.take_suppressed(now_), 0U);
}

TEST_F(LogLimitTest, NeverSaysMoreThanItsShareOfALongFlood) {
  int said = 0;
  for (int second = 0; second < 300; ++second, now_ += 1s) said += say(100);
  EXPECT_EQ(said, 30);
}

TEST(ToldSuppressed, IsNothingWhereNothingWas) {
  EXPECT_EQ(told_suppressed(0), "");
  EXPECT_NE(told_suppressed(12).find("12"), std::string::npos);
}

}  // namespace
}  // namespace omzmq
