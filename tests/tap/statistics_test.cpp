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
      statistics_.count(bytes_each);
    }
    statistics_.mark_received(now_);
  }

  Statistics::TimePoint now_{std::chrono::hours{1}};
  Statistics statistics_{now_};
};

TEST_F(StatisticsTest, HasALineOnlyWhenTheIntervalIsOver) {
  now_ += milliseconds{999};
  EXPECT_FALSE(statistics_.line_if_due(now_).has_value());
  now_ += milliseconds{1};
  EXPECT_EQ(statistics_.line_if_due(now_), "zmqtap: 0 messages/s, 0.0 MB/s, 0 in all");
  EXPECT_FALSE(statistics_.line_if_due(now_).has_value());
  EXPECT_EQ(statistics_.due_at(), now_ + Statistics::kInterval);
}

TEST_F(StatisticsTest, RatesAreThoseOfTheTimeThatReallyPassed) {
  receive(3000, 1000);
  now_ += milliseconds{2000};
  EXPECT_EQ(statistics_.line_if_due(now_), "zmqtap: 1500 messages/s, 1.5 MB/s, 3000 in all");
  receive(10, 100'000);
  now_ += milliseconds{1000};
  EXPECT_EQ(statistics_.line_if_due(now_), "zmqtap: 10 messages/s, 1.0 MB/s, 3010 in all");
}

TEST_F(StatisticsTest, SummaryAveragesFromTheFirstMessageToTheLast) {
  EXPECT_EQ(statistics_.summary(), "zmqtap: received 0 messages, 0.0 MB, in 0.0 s");
  now_ += milliseconds{5000};
  receive(1000, 1000);
  now_ += milliseconds{4000};
  receive(1000, 1000);
  now_ += milliseconds{9000};
  EXPECT_EQ(statistics_.summary(),
            "zmqtap: received 2000 messages, 2.0 MB, in 4.0 s (500 messages/s, 0.5 MB/s on "
            "average)");
}

}  // namespace
}  // namespace omzmq::tap
