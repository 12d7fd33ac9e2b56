// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>

#include "core/handoff.hpp"
#include "core/lane.hpp"
#include "support/batch_builder.hpp"
#include "support/wait.hpp"

// How a worker learns from its lane that its transaction is confirmed.

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLaneBytes = 1024;

void publish(Lane& lane) { ASSERT_TRUE(test::publish(lane, {"a message"}, Clock::time_point{})); }

TEST(LaneConfirmation, IsThereWhileNothingWasPublished) {
  Lane lane(kLaneBytes);
  EXPECT_TRUE(lane.is_confirmed());
  EXPECT_TRUE(lane.is_settled());
}

TEST(LaneConfirmation, ComesWithTheReleaseOfATransactionThatIsSettledBefore) {
  Lane lane(kLaneBytes);
  publish(lane);
  EXPECT_FALSE(lane.is_confirmed());
  lane.hold(1);
  lane.settle(1);
  EXPECT_FALSE(lane.is_confirmed()) << "more of it may be to come";
  lane.release();
  EXPECT_FALSE(lane.is_confirmed()) << "nobody said so";
  lane.confirm_settled();
  EXPECT_TRUE(lane.is_confirmed());
}

TEST(LaneConfirmation, ComesWithTheLastMessageThatIsSettled) {
  Lane lane(kLaneBytes);
  publish(lane);
  lane.hold(3);
  lane.release();
  lane.confirm_settled();
  EXPECT_FALSE(lane.is_confirmed());
  lane.settle(2);
  EXPECT_FALSE(lane.is_confirmed());
  EXPECT_FALSE(lane.is_settled());
  lane.settle(1);
  EXPECT_TRUE(lane.is_confirmed());
  EXPECT_TRUE(lane.is_settled());
}

TEST(LaneConfirmation, IsOfAllThatWasPublished) {
  Lane lane(kLaneBytes);
  publish(lane);
  publish(lane);
  lane.hold(1);
  lane.release();
  lane.settle(1);
  EXPECT_FALSE(lane.is_confirmed());
  lane.hold(1);
  lane.release();
  lane.settle(1);
  EXPECT_TRUE(lane.is_confirmed());
}

TEST(LaneConfirmation, IsThereWhereAllMessagesWereDiscarded) {
  Lane lane(kLaneBytes);
  publish(lane);
  lane.release();
  lane.confirm_settled();
  EXPECT_TRUE(lane.is_confirmed());
}

TEST(LaneConfirmation, IsOfABlockToo) {
  Lane lane(64);
  const std::string large(1000, 'x');
  auto block = std::make_unique<std::byte[]>(large.size());
  ASSERT_TRUE(lane.publish_block(block, large.size()));
  EXPECT_FALSE(lane.is_confirmed());
  lane.hold(1);
  lane.release();
  lane.settle(1);
  EXPECT_TRUE(lane.is_confirmed());
}

TEST(LaneConfirmation, WakesTheWriterThatAskedForIt) {
  Lane lane(kLaneBytes);
  publish(lane);
  lane.request_confirmation();
  ASSERT_FALSE(lane.is_confirmed());
  lane.hold(1);
  lane.release();
  std::jthread reader([&] { lane.settle(1); });
  const auto start = Clock::now();
  lane.wait_for_answer(60000);
  reader.join();
  EXPECT_TRUE(lane.is_confirmed());
  EXPECT_LT(Clock::now() - start, 59s) << "slept through";
  lane.withdraw_confirmation_request();
}

TEST(LaneConfirmation, WakesNobodyWhoHasWithdrawnHisRequest) {
  Lane lane(kLaneBytes);
  publish(lane);
  lane.request_confirmation();
  lane.hold(1);
  lane.release();
  lane.settle(1);
  lane.withdraw_confirmation_request();
  publish(lane);
  lane.hold(1);
  lane.release();
  lane.settle(1);
  const auto start = Clock::now();
  lane.wait_for_answer(20);
  EXPECT_GE(Clock::now() - start, 20ms) << "woken by an answer of before, or by one unasked";
}

TEST(LaneConfirmation, OfALaneThatRetiredKeepsItUntilAllIsSettled) {
  Handoff handoff(kLaneBytes);
  auto lane = handoff.open_lane();
  publish(*lane);
  Lane* const as_in_a_share = handoff.lanes().front().get();
  lane->retire();
  lane.reset();
  as_in_a_share->hold(2);
  as_in_a_share->release();
  EXPECT_EQ(handoff.lanes().size(), 1U) << "a frame holds a reference to it";
  as_in_a_share->settle(1);
  EXPECT_EQ(handoff.lanes().size(), 1U);
  as_in_a_share->settle(1);
  EXPECT_EQ(handoff.lanes().size(), 0U);
}

}  // namespace
}  // namespace omzmq
