// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <vector>

#include "core/sender.hpp"
#include "support/sender_fixture.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::SenderTest;

class SenderOpening : public SenderTest {};

TEST_F(SenderOpening, OpensOnce) {
  EXPECT_TRUE(sender().try_open(start_));
  EXPECT_TRUE(sender().try_open(start_));
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.tries(), 1U);
}

TEST_F(SenderOpening, TriesAgainAfterPausesThatGrow) {
  socket_.fail_to_open(10);
  std::vector<Clock::duration> pauses;
  auto now = start_;
  EXPECT_FALSE(sender().try_open(now));
  for (std::size_t tries = 2; tries <= 10; ++tries) {
    const auto next = sender().next_deadline();
    EXPECT_FALSE(sender().try_open(next - 1ns));
    EXPECT_EQ(socket_.tries(), tries - 1) << "too early";
    pauses.push_back(next - now);
    now = next;
    EXPECT_FALSE(sender().try_open(now));
    EXPECT_EQ(socket_.tries(), tries);
  }
  EXPECT_EQ(pauses,
            (std::vector<Clock::duration>{100ms, 200ms, 400ms, 800ms, 1600ms, 3200ms, 5s, 5s, 5s}));
  EXPECT_TRUE(sender().try_open(sender().next_deadline()));
}

TEST_F(SenderOpening, SaysOnceThatItFailsAndOnceThatItIsOver) {
  socket_.fail_to_open(3);
  for (int i = 0; i < 4; ++i) static_cast<void>(sender().try_open(start_ + 10s * i));
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "cannot bind 'tcp://nowhere:1'"), 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_INFO, "open now"), 1U);
  EXPECT_EQ(host_.lines().size(), 2U);
}

TEST_F(SenderOpening, HoldsMessagesBackWhileClosed) {
  const auto lane = open_lane();
  publish(*lane, {"1"});
  socket_.fail_to_open(1);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_GT(lane->held_bytes(), 0U);
  EXPECT_EQ(work(99ms), Outcome::kBlocked);
  EXPECT_EQ(work(100ms), Outcome::kIdle);
  EXPECT_EQ(socket_.bodies(), Strings{"1"});
}

TEST_F(SenderOpening, DiscardsForAWorkerWhileClosedToo) {
  const auto lane = open_lane();
  fill(*lane);
  socket_.fail_to_open(100);
  lane->request_room(2000, true);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_TRUE(lane->has_room_for(2000));
  EXPECT_GT(stats_.dropped_oldest.value(), 0U);
  lane->withdraw_room_request();
}

TEST_F(SenderOpening, OpensABrokenSocketAgainAndSendsTheSameFrame) {
  const auto lane = open_lane();
  publish(*lane, {"1", "2"});
  socket_.answer_next(SendResult::kBroken);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(socket_.closes(), 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "the socket failed"), 1U);
  EXPECT_EQ(work(10s), Outcome::kIdle);
  EXPECT_EQ(socket_.opens(), 2U);
  EXPECT_EQ(socket_.bodies(), (Strings{"1", "2"}));
  EXPECT_EQ(socket_.breach(), "");
  EXPECT_EQ(stats_.sent_messages.value(), 2U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_INFO, "works again"), 1U);
}

TEST_F(SenderOpening, KeepsToTheTimesItIsGivenWhenTheSocketBreaks) {
  const auto lane = open_lane();
  publish(*lane, {"1"});
  socket_.answer_next(SendResult::kBroken);
  EXPECT_EQ(work(24h), Outcome::kBlocked);
  EXPECT_EQ(sender().next_deadline(), start_ + 24h + 100ms);
}

TEST_F(SenderOpening, DoesNotFloodTheLogWhenTheSocketBreaksAgainAndAgain) {
  const auto lane = open_lane();
  publish(*lane, {"1"});
  socket_.answer(SendResult::kBroken);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(work(200ms * i), Outcome::kBlocked);  // 20 s
  EXPECT_LE(host_.lines().size(), 20U);
}

}  // namespace
}  // namespace omzmq
