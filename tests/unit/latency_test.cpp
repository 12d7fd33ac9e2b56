// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/latency.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <limits>
#include <numeric>
#include <thread>

#include "common/log_linear.hpp"
#include "support/sender_fixture.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;

// ---- The buckets

TEST(LogLinear, BucketsAreOneRowWithoutGaps) {
  std::uint64_t next = 0;
  for (std::size_t bucket = 0; bucket < log_linear::kBuckets; ++bucket) {
    ASSERT_EQ(log_linear::lowest_of(bucket), next);
    const std::uint64_t highest = log_linear::highest_of(bucket);
    ASSERT_EQ(log_linear::bucket_of(next), bucket);
    ASSERT_EQ(log_linear::bucket_of(highest), bucket);
    ASSERT_LE((highest - next) * 64, next) << "wider than 1/64";
    next = highest + 1;
  }
  EXPECT_EQ(next, std::uint64_t{1} << log_linear::kValueBits);
}

// ---- Counts and reports

std::uint64_t recorded(const LatencyCounts& counts) {
  std::uint64_t sum = 0;
  for (std::size_t bucket = 0; bucket < log_linear::kBuckets; ++bucket) sum += counts.at(bucket);
  return sum;
}

class LatencyTest : public testing::Test {
 protected:
  LatencyCounts counts_;
  LatencyReport report_;
};

TEST_F(LatencyTest, ReportsNothingWhereNothingWasSent) {
  const LatencyQuantiles quantiles = report_.take(counts_);
  EXPECT_EQ(quantiles.p50_us, 0U);
  EXPECT_EQ(quantiles.p99_us, 0U);
  EXPECT_EQ(quantiles.max_us, 0U);
}

TEST_F(LatencyTest, ReportsQuantilesOfMessagesNotOfFrames) {
  counts_.record(10us, 50);
  counts_.record(20us, 49);
  counts_.record(100us, 1);
  const LatencyQuantiles quantiles = report_.take(counts_);
  EXPECT_EQ(quantiles.p50_us, 10U);
  EXPECT_EQ(quantiles.p99_us, 20U);
  EXPECT_EQ(quantiles.max_us, 100U);
}

TEST_F(LatencyTest, IsThatOfTheOnlyMessageInAllQuantiles) {
  counts_.record(42us, 1);
  const LatencyQuantiles quantiles = report_.take(counts_);
  EXPECT_EQ(quantiles.p50_us, 42U);
  EXPECT_EQ(quantiles.p99_us, 42U);
  EXPECT_EQ(quantiles.max_us, 42U);
}

TEST_F(LatencyTest, IsOfWhatWasSentSinceTheLastReport) {
  counts_.record(1s, 1000);
  static_cast<void>(report_.take(counts_));
  counts_.record(7us, 1);
  EXPECT_EQ(report_.take(counts_).max_us, 7U);
  EXPECT_EQ(report_.take(counts_).max_us, 0U);
}

TEST_F(LatencyTest, IsNeverUnderstatedAndOverstatedByASixtyFourthAtMost) {
  for (std::int64_t us = 1; us < std::int64_t{1} << 40; us = us * 17 / 16 + 1) {
    counts_.record(std::chrono::microseconds(us), 1);
    const auto shown = static_cast<std::int64_t>(report_.take(counts_).max_us);
    ASSERT_GE(shown, us);
    ASSERT_LE((shown - us) * 64, us);
  }
}

TEST_F(LatencyTest, CountsAPartOfAMicrosecondAsAWholeOne) {
  counts_.record(1ns, 1);
  EXPECT_EQ(report_.take(counts_).max_us, 1U);
}

TEST_F(LatencyTest, TakesNoTimeForNothingAndAnyTimeForSomething) {
  counts_.record(-5s, 1);
  EXPECT_EQ(report_.take(counts_).max_us, 0U);
  EXPECT_EQ(recorded(counts_), 1U);
  counts_.record(Clock::duration::max(), 1);
  EXPECT_GE(report_.take(counts_).max_us,
            static_cast<std::uint64_t>(
                std::chrono::floor<std::chrono::microseconds>(Clock::duration::max()).count()));
}

TEST_F(LatencyTest, IsReadWhileItIsWritten) {
  constexpr std::uint64_t kMessages = 200000;
  std::jthread writer([this] {
    for (std::uint64_t i = 0; i < kMessages; ++i)
      counts_.record(std::chrono::microseconds(i % 500), 1);
  });
  while (recorded(counts_) < kMessages) {
    ASSERT_LE(report_.take(counts_).max_us, 510U);
  }
}

// ---- What the sender records

class SenderLatency : public test::SenderTest {
 protected:
  LatencyQuantiles quantiles() { return report_.take(stats_.latency); }

  LatencyReport report_;
};

TEST_F(SenderLatency, IsFromThePublishToTheSocketOfEachMessage) {
  settings_.format = Format::kLines;
  settings_.batch_linger = 0ms;
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c"}, -3h);
  publish(*lane, {"d", "e"}, -1h);
  static_cast<void>(work());
  ASSERT_EQ(socket_.sent().size(), 1U);
  EXPECT_EQ(recorded(stats_.latency), 5U);
  const LatencyQuantiles shown = quantiles();
  const std::uint64_t hour = 3600ULL * 1000 * 1000;
  EXPECT_GE(shown.p50_us, 3 * hour);
  EXPECT_LT(shown.p50_us, 4 * hour);
  EXPECT_GE(shown.max_us, 3 * hour);
}

TEST_F(SenderLatency, CountsEachMessageOnceInEveryFormat) {
  for (const Format format : {Format::kRaw, Format::kLines, Format::kPacked}) {
    Settings settings;
    settings.format = format;
    settings.sock_type = SocketType::kPub;
    settings.topics = {"one", "two"};
    settings.batch_linger = 0ms;
    SenderStats stats;
    Handoff handoff(kLaneBytes);
    test::FakeSocket socket;
    test::FakeSink sink(socket);
    Sender sender(settings, handoff, sink, stats, log_);
    const auto lane = handoff.open_lane();
    publish(*lane, {"a", "b", "c"});
    publish(*lane, {"d"});
    static_cast<void>(sender.do_work(start_));
    EXPECT_EQ(stats.sent_messages.value(), 4U);
    EXPECT_EQ(recorded(stats.latency), 4U) << static_cast<int>(format);
  }
}

TEST_F(SenderLatency, OfWhatTheSocketRefusesCountsUntilItIsTaken) {
  const auto lane = open_lane();
  socket_.answer(SendResult::kWouldBlock);
  publish(*lane, {"a"});
  static_cast<void>(work());
  EXPECT_EQ(recorded(stats_.latency), 0U);
  std::this_thread::sleep_for(20ms);
  socket_.answer(SendResult::kSent);
  static_cast<void>(work());
  EXPECT_GE(quantiles().max_us, 20000U);
}

}  // namespace
}  // namespace omzmq
