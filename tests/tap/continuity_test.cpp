// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/continuity.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <vector>

namespace omzmq::tap {
namespace {

constexpr std::uint64_t kEpoch = 0xE0;
constexpr std::uint64_t kStream = 1;
constexpr int kConnection = 10;

wire::BatchHeader batch(std::uint64_t first, std::uint32_t count, std::uint64_t stream = kStream,
                        std::uint64_t epoch = kEpoch) {
  wire::BatchHeader header;
  header.epoch = epoch;
  header.stream = stream;
  header.first = first;
  header.count = count;
  return header;
}

wire::BatchHeader beat(std::uint64_t next, std::uint64_t stream = kStream) {
  wire::BatchHeader header = batch(next, 0, stream);
  header.is_beat = true;
  return header;
}

wire::BatchHeader of_epoch(std::uint64_t epoch) { return batch(0, 1, kStream, epoch); }

class ContinuityTest : public testing::Test {
 protected:
  Verdict see(const wire::BatchHeader& header, int connection = kConnection) {
    const Verdict verdict = continuity_.seen(header, connection);
    missed_ += verdict.missed;
    recovered_ += verdict.recovered;
    duplicated_ += verdict.duplicated;
    return verdict;
  }

  void expect_totals(std::uint64_t missed, std::uint64_t recovered,
                     std::uint64_t duplicated) const {
    EXPECT_EQ(missed_, missed);
    EXPECT_EQ(recovered_, recovered);
    EXPECT_EQ(duplicated_, duplicated);
  }

  Continuity continuity_;
  std::uint64_t missed_ = 0;
  std::uint64_t recovered_ = 0;
  std::uint64_t duplicated_ = 0;
};

TEST_F(ContinuityTest, AStreamBeginsWhereItIsFirstSeen) {
  EXPECT_EQ(see(batch(500, 10)).arrival, Arrival::kFirst);
  EXPECT_EQ(see(batch(510, 5)).arrival, Arrival::kInOrder);
  EXPECT_EQ(see(batch(515, 1)).arrival, Arrival::kInOrder);
  expect_totals(0, 0, 0);
}

TEST_F(ContinuityTest, AGapIsTheDifference) {
  see(batch(0, 10));
  const Verdict verdict = see(batch(13, 10));
  EXPECT_EQ(verdict.arrival, Arrival::kGap);
  EXPECT_EQ(verdict.missed, 3U);
  EXPECT_EQ(see(batch(23, 1)).arrival, Arrival::kInOrder);
  expect_totals(3, 0, 0);
}

TEST_F(ContinuityTest, StreamsAndEpochsAreApart) {
  see(batch(0, 10, 1));
  EXPECT_EQ(see(batch(0, 10, 2)).arrival, Arrival::kFirst);
  EXPECT_EQ(see(batch(0, 10, 1, kEpoch + 1)).arrival, Arrival::kFirst);
  EXPECT_EQ(see(batch(10, 10, 1)).arrival, Arrival::kInOrder);
  EXPECT_EQ(see(batch(10, 10, 2)).arrival, Arrival::kInOrder);
  EXPECT_EQ(continuity_.streams(), 3U);
  expect_totals(0, 0, 0);
}

TEST_F(ContinuityTest, ABeatRevealsALostTail) {
  see(batch(0, 10));
  EXPECT_EQ(see(beat(10)).arrival, Arrival::kInOrder);
  const Verdict verdict = see(beat(25));
  EXPECT_EQ(verdict.arrival, Arrival::kGap);
  EXPECT_EQ(verdict.missed, 15U);
  EXPECT_EQ(see(beat(25)).arrival, Arrival::kInOrder);
  EXPECT_EQ(see(batch(25, 1)).arrival, Arrival::kInOrder);
  expect_totals(15, 0, 0);
}

TEST_F(ContinuityTest, ABeatMayBeginAStream) {
  EXPECT_EQ(see(beat(100)).arrival, Arrival::kFirst);
  EXPECT_EQ(see(batch(100, 5)).arrival, Arrival::kInOrder);
  EXPECT_EQ(see(batch(106, 5)).missed, 1U);
}

TEST_F(ContinuityTest, ABeatThatWasOvertakenIsNoDuplicate) {
  see(batch(0, 10));
  EXPECT_EQ(see(beat(5)).arrival, Arrival::kInOrder);
  EXPECT_EQ(see(batch(10, 1)).arrival, Arrival::kInOrder);
  expect_totals(0, 0, 0);
}

TEST_F(ContinuityTest, ARepeatedBatchIsADuplicateAndMovesNothingBack) {
  see(batch(0, 10));
  see(batch(10, 10));
  const Verdict verdict = see(batch(10, 10));
  EXPECT_EQ(verdict.arrival, Arrival::kDuplicate);
  EXPECT_EQ(verdict.duplicated, 10U);
  EXPECT_EQ(see(batch(0, 10)).arrival, Arrival::kDuplicate);
  EXPECT_EQ(see(batch(20, 10)).arrival, Arrival::kInOrder);
  expect_totals(0, 0, 20);
}

TEST_F(ContinuityTest, ABatchMayBePartlyADuplicate) {
  see(batch(0, 10));
  const Verdict verdict = see(batch(5, 10));
  EXPECT_EQ(verdict.arrival, Arrival::kPartlyDuplicate);
  EXPECT_EQ(verdict.duplicated, 5U);
  EXPECT_EQ(see(batch(15, 10)).arrival, Arrival::kInOrder);
  expect_totals(0, 0, 5);
}

TEST_F(ContinuityTest, AReorderedBatchIsRecoveredAndOnlyItsRepetitionIsADuplicate) {
  see(batch(0, 10));
  EXPECT_EQ(see(batch(20, 10)).missed, 10U);
  const Verdict late = see(batch(10, 10));
  EXPECT_EQ(late.arrival, Arrival::kLate);
  EXPECT_EQ(late.recovered, 10U);
  EXPECT_EQ(see(batch(30, 10)).arrival, Arrival::kInOrder);
  EXPECT_EQ(see(batch(10, 10)).arrival, Arrival::kDuplicate);
  expect_totals(10, 10, 10);
}

TEST_F(ContinuityTest, AHoleMayBeFilledFromItsMiddle) {
  see(batch(0, 10));
  see(batch(40, 10));
  EXPECT_EQ(see(batch(20, 10)).recovered, 10U);
  EXPECT_EQ(see(batch(15, 20)).recovered, 10U);  // 15 to 19 and 30 to 34
  EXPECT_EQ(see(batch(0, 60)).recovered, 10U);   // 10 to 14 and 35 to 39; 50 to 59 are new
  expect_totals(30, 30, 10 + 40);
  EXPECT_EQ(see(batch(60, 1)).arrival, Arrival::kInOrder);
}

TEST_F(ContinuityTest, WhatCameBeforeTheBeginIsNotJudged) {
  see(batch(100, 10));
  EXPECT_EQ(see(batch(90, 10)).arrival, Arrival::kLate);
  EXPECT_EQ(see(batch(50, 10)).arrival, Arrival::kLate);
  EXPECT_EQ(see(batch(95, 10)).arrival, Arrival::kPartlyDuplicate);
  expect_totals(0, 0, 5);
}

TEST_F(ContinuityTest, HolesAreBoundedAndTheOldestIsForgotten) {
  for (std::uint64_t i = 0; i <= Continuity::kMaxHoles + 1; ++i) see(batch(10 * i, 5));
  EXPECT_EQ(see(batch(5, 5)).arrival, Arrival::kDuplicate);  // forgotten
  EXPECT_EQ(see(batch(15, 5)).arrival, Arrival::kLate);
}

TEST_F(ContinuityTest, StreamsAreBoundedAndAForgottenOneMakesNoGap) {
  Continuity continuity(3);
  const auto see_stream = [&](std::uint64_t first, std::uint64_t stream) {
    return continuity.seen(batch(first, 10, stream), kConnection).arrival;
  };
  for (const std::uint64_t stream : {1U, 2U, 3U}) EXPECT_EQ(see_stream(0, stream), Arrival::kFirst);
  EXPECT_EQ(see_stream(10, 1), Arrival::kInOrder);
  EXPECT_EQ(see_stream(0, 4), Arrival::kFirst);  // 2 was silent for the longest time
  EXPECT_EQ(continuity.streams(), 3U);
  EXPECT_EQ(continuity.forgotten(), 1U);
  EXPECT_EQ(see_stream(20, 1), Arrival::kInOrder);
  EXPECT_EQ(see_stream(10, 3), Arrival::kInOrder);
  EXPECT_EQ(see_stream(500, 2), Arrival::kFirst);
}

TEST_F(ContinuityTest, AFirstEpochIsNoRestart) {
  const Verdict verdict = see(of_epoch(1));
  EXPECT_TRUE(verdict.new_epoch);
  EXPECT_FALSE(verdict.restart);
  EXPECT_FALSE(see(batch(1, 1, kStream, 1)).new_epoch);
}

TEST_F(ContinuityTest, ANewEpochOverTheSameConnectionIsARestart) {
  see(of_epoch(1));
  const Verdict verdict = see(of_epoch(2));
  EXPECT_TRUE(verdict.new_epoch);
  EXPECT_TRUE(verdict.restart);
  EXPECT_EQ(verdict.arrival, Arrival::kFirst);
  EXPECT_EQ(verdict.missed, 0U);
}

TEST_F(ContinuityTest, ANewEpochAfterAClosedConnectionIsARestartOnce) {
  see(of_epoch(1), 10);
  continuity_.connection_closed(10);
  EXPECT_TRUE(see(of_epoch(2), 11).restart);
  EXPECT_FALSE(see(of_epoch(3), 12).restart);
}

TEST_F(ContinuityTest, ANewEpochBesideLiveOnesIsAnotherSender) {
  see(of_epoch(1), 10);
  EXPECT_FALSE(see(of_epoch(2), 11).restart);
  continuity_.connection_closed(99);
  EXPECT_FALSE(see(of_epoch(3), 12).restart);
}

TEST_F(ContinuityTest, ASenderThatReconnectsIsNoRestart) {
  see(of_epoch(1), 10);
  continuity_.connection_closed(10);
  EXPECT_FALSE(see(batch(1, 1, kStream, 1), 11).new_epoch);
  EXPECT_FALSE(see(of_epoch(2), 12).restart);
}

TEST_F(ContinuityTest, UnknownConnectionsAreNeverTheSame) {
  see(of_epoch(1), -1);
  EXPECT_FALSE(see(of_epoch(2), -1).restart);
  continuity_.connection_closed(-1);
  EXPECT_FALSE(see(of_epoch(3), -1).restart);
}

TEST_F(ContinuityTest, EpochsAreBounded) {
  for (std::uint64_t epoch = 0; epoch < 2 * Continuity::kMaxEpochs; ++epoch)
    EXPECT_FALSE(see(of_epoch(epoch), static_cast<int>(epoch)).restart);
  EXPECT_FALSE(see(of_epoch(2 * Continuity::kMaxEpochs - 1), 3).new_epoch);
  EXPECT_TRUE(see(of_epoch(0), 4'000).new_epoch);
}

TEST_F(ContinuityTest, NumbersAtTheEndOfTheirRangeDoNotWrap) {
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  EXPECT_EQ(see(batch(kMax - 5, 100)).arrival, Arrival::kFirst);
  EXPECT_EQ(see(batch(kMax, 100)).arrival, Arrival::kInOrder);
  EXPECT_EQ(see(batch(0, 100)).arrival, Arrival::kLate);
  expect_totals(0, 0, 0);
}

/// Batches in any order, some twice: what is counted agrees with a set of all numbers.
TEST_F(ContinuityTest, AgreesWithASetOfNumbers) {
  std::mt19937 random(20260301);  // NOLINT(cert-msc51-cpp,cert-msc32-c): the same order each time
  std::set<std::uint64_t> numbers{0};
  see(batch(0, 1));
  std::uint64_t repeated = 0;
  std::uint64_t next = 1;
  for (int round = 0; round < 2000; ++round) {
    // Back by so little that no hole is forgotten.
    const std::uint64_t back = std::min<std::uint64_t>(random() % 12, next - 1);
    const std::uint64_t first = next - back + random() % 3;
    const auto count = static_cast<std::uint32_t>(random() % 8);
    see(batch(first, count));
    for (std::uint64_t number = first; number < first + count; ++number)
      repeated += numbers.insert(number).second ? 0 : 1;
    next = std::max(next, first + count);
  }
  EXPECT_EQ(duplicated_, repeated);
  EXPECT_EQ(missed_ - recovered_, next - numbers.size());
  EXPECT_GT(recovered_, 100U);
  EXPECT_GT(repeated, 100U);
}

}  // namespace
}  // namespace omzmq::tap
