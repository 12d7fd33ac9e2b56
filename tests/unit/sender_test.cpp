// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/sender.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/sender_fixture.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::BatchBuilder;
using test::SenderTest;
using test::SentFrame;

TEST_F(SenderTest, IsIdleWithoutLanesAndWithEmptyOnes) {
  EXPECT_EQ(work(), Outcome::kIdle);
  const auto lane = open_lane();
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_TRUE(socket_.sent().empty());
}

TEST_F(SenderTest, SendsRawMessagesInOrder) {
  const auto lane = open_lane();
  publish(*lane, {"one", std::string("t\0o", 3)});
  publish(*lane, {"", "four"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.bodies(), (Strings{"one", std::string("t\0o", 3), "", "four"}));
  EXPECT_EQ(stats_.sent_messages.value(), 4U);
  EXPECT_EQ(stats_.sent_frames.value(), 4U);
  EXPECT_EQ(stats_.sent_bytes.value(), 10U);
  EXPECT_EQ(lane->held_bytes(), 0U);
}

TEST_F(SenderTest, CountsAMessageOnceHoweverManyTopicsItHas) {
  settings_.topics = {"a", "bc"};
  settings_.topic_frame = true;
  const auto lane = open_lane();
  publish(*lane, {"xyz"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.sent(), (std::vector<SentFrame>{{{"a", "bc"}, "xyz", 1}}));
  EXPECT_EQ(stats_.sent_messages.value(), 1U);
  EXPECT_EQ(stats_.sent_frames.value(), 2U);
  EXPECT_EQ(stats_.sent_bytes.value(), 9U);
}

TEST_F(SenderTest, CountsAMessageOnceWithTopicsBeforeThePayload) {
  settings_.topics = {"a", "bc"};
  const auto lane = open_lane();
  publish(*lane, {"xyz"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.bodies(), (Strings{"axyz", "bcxyz"}));
  EXPECT_EQ(stats_.sent_messages.value(), 1U);
  EXPECT_EQ(stats_.sent_frames.value(), 2U);
  EXPECT_EQ(stats_.sent_bytes.value(), 9U);
}

TEST_F(SenderTest, ReadsTheTopicsThatWereRendered) {
  settings_.topics = {"template1", "template2"};
  settings_.dyna_topic = true;
  settings_.topic_frame = true;
  const auto lane = open_lane();
  publish(*lane, BatchBuilder().add({"x", "t1", "t2"}).add({"y", "t3", ""}));
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.sent(), (std::vector<SentFrame>{{{"t1", "t2"}, "x", 1}, {{"t3", ""}, "y", 1}}));
}

TEST_F(SenderTest, HoldsLinesBackUntilTheyHaveLingered) {
  settings_.format = Format::kLines;
  settings_.batch_linger = 10ms;
  const auto lane = open_lane();
  publish(*lane, {"1"}, 0ms);
  publish(*lane, {"2"}, 3ms);
  EXPECT_EQ(work(4ms), Outcome::kIdle);
  EXPECT_TRUE(socket_.sent().empty());
  EXPECT_EQ(sender().next_deadline(), start_ + 10ms);
  EXPECT_EQ(stats_.open_bytes.value(), 3U);
  EXPECT_EQ(work(10ms - 1ns), Outcome::kIdle);
  EXPECT_TRUE(socket_.sent().empty());
  EXPECT_EQ(work(10ms), Outcome::kIdle);
  EXPECT_EQ(socket_.bodies(), (Strings{"1\n2"}));
  EXPECT_EQ(stats_.sent_messages.value(), 2U);
  EXPECT_EQ(stats_.sent_frames.value(), 1U);
  EXPECT_EQ(stats_.open_bytes.value(), 0U);
  EXPECT_EQ(sender().next_deadline(), Clock::time_point::max());
}

TEST_F(SenderTest, SendsLinesAtOnceWithoutLingerWhenTheLanesAreEmpty) {
  settings_.format = Format::kLines;
  settings_.batch_linger = 0ms;
  const auto lane = open_lane();
  const auto other = open_lane();
  publish(*lane, {"1", "2"});
  publish(*other, {"3"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.bodies(), (Strings{"1\n2\n3"}));
}

TEST_F(SenderTest, SendsWhatIsDueThoughTheLanesAreNotEmpty) {
  settings_.format = Format::kLines;
  settings_.batch_linger = 10ms;
  settings_.batch_max_messages = 1000000;
  settings_.batch_max_bytes = 1U << 20;
  const auto lane = open_lane();
  BatchBuilder batch;
  for (int i = 0; i < 5000; ++i) batch.add({"m"});
  publish(*lane, batch);
  EXPECT_EQ(work(10ms), Outcome::kMore) << "a duty cycle has an end";
  EXPECT_EQ(socket_.sent().size(), 1U);
}

TEST_F(SenderTest, KeepsTheTopicsOfLinesApart) {
  settings_.format = Format::kLines;
  settings_.batch_linger = 0ms;
  settings_.topics = {"template"};
  settings_.dyna_topic = true;
  const auto lane = open_lane();
  publish(*lane, BatchBuilder().add({"1", "a"}).add({"2", "b"}).add({"3", "a"}));
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.sent(), (std::vector<SentFrame>{{{"a"}, "1\n3", 2}, {{"b"}, "2", 1}}));
}

TEST_F(SenderTest, ServesThousandTopicsWithoutLosingAny) {
  settings_.format = Format::kLines;
  settings_.batch_linger = 0ms;
  settings_.topics = {"template"};
  settings_.dyna_topic = true;
  const auto lane = open_lane();
  constexpr std::size_t kTopics = 3000;
  BatchBuilder batch;
  for (std::size_t i = 0; i < kTopics; ++i) batch.add({"m", std::to_string(i)});
  publish(*lane, batch);
  while (work() != Outcome::kIdle) {
  }
  EXPECT_EQ(stats_.sent_messages.value(), kTopics);
  EXPECT_EQ(socket_.sent().size(), kTopics);
}

TEST_F(SenderTest, TakesTurnsAmongLanes) {
  const auto a = open_lane();
  const auto b = open_lane();
  const auto c = open_lane();
  for (const char* n : {"1", "2", "3"}) {
    publish(*a, {"a" + std::string(n)});
    publish(*c, {"c" + std::string(n)});
  }
  publish(*b, {"b1", "b2"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.bodies(), (Strings{"a1", "b1", "b2", "c1", "a2", "c2", "a3", "c3"}));
}

TEST_F(SenderTest, GoesOnWithTheNextLaneInTheNextCycle) {
  const auto a = open_lane();
  const auto b = open_lane();
  publish(*a, {"a1"});
  EXPECT_EQ(work(), Outcome::kIdle);
  publish(*a, {"a2"});
  publish(*b, {"b1"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.bodies(), (Strings{"a1", "b1", "a2"}));
}

TEST_F(SenderTest, ReadsALaneToItsEndAfterItsWorkerLeft) {
  const auto lane = open_lane();
  publish(*lane, {"1"});
  lane->retire();
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.bodies(), Strings{"1"});
  EXPECT_TRUE(handoff_.lanes().empty());
}

TEST_F(SenderTest, HoldsTheFrameThatTheSocketDoesNotTake) {
  const auto lane = open_lane();
  publish(*lane, {"1", "2", "3"});
  socket_.answer_next(SendResult::kSent);
  socket_.answer_next(SendResult::kWouldBlock, 3);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(socket_.bodies(), Strings{"1"});
  EXPECT_GT(stats_.open_bytes.value(), 0U);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.bodies(), (Strings{"1", "2", "3"}));
  EXPECT_EQ(socket_.breach(), "");
  EXPECT_EQ(stats_.sent_messages.value(), 3U);
  EXPECT_EQ(stats_.open_bytes.value(), 0U);
}

TEST_F(SenderTest, TakesNothingOutOfTheLanesWhileTheSocketIsFull) {
  settings_.format = Format::kLines;
  settings_.batch_max_messages = 1;
  const auto lane = open_lane();
  publish(*lane, {"1"});
  publish(*lane, {"2"});
  publish(*lane, {"3"});
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(work(), Outcome::kBlocked);
  const auto held = lane->held_bytes();
  EXPECT_GT(held, 0U);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(work(1s * i), Outcome::kBlocked);
  EXPECT_EQ(lane->held_bytes(), held);
}

TEST_F(SenderTest, TellsOfABlockedSocketOnceAndThatItIsOver) {
  const auto lane = open_lane();
  publish(*lane, {"secret"});
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(work(0s), Outcome::kBlocked);
  EXPECT_EQ(work(1s - 1ns), Outcome::kBlocked);
  EXPECT_TRUE(host_.lines().empty()) << "a full socket is normal for moments";
  for (int i = 1; i < 20; ++i) EXPECT_EQ(work(1s * i), Outcome::kBlocked);
  EXPECT_EQ(host_.count(OMZMQ_LOG_WARNING), 1U);
  socket_.answer(SendResult::kSent);
  EXPECT_EQ(work(20s), Outcome::kIdle);
  EXPECT_EQ(host_.count(OMZMQ_LOG_INFO, "after 20 s"), 1U);
  EXPECT_EQ(host_.lines().size(), 2U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_WARNING, "secret"), 0U);
}

TEST_F(SenderTest, DiscardsTheOldestForAWorkerThatWantsRoom) {
  const auto lane = open_lane();
  const std::size_t filled = fill(*lane);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(work(), Outcome::kBlocked);  // some are in a frame
  std::size_t published = filled;
  while (test::publish(*lane, {std::string(1000, 'g')}, start_)) ++published;
  lane->request_room(3000, true);
  ASSERT_FALSE(lane->has_room_for(3000));
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_TRUE(lane->has_room_for(3000));
  lane->withdraw_room_request();
  const auto dropped = stats_.dropped_oldest.value();
  EXPECT_GE(dropped, 2U);
  EXPECT_LE(dropped, 4U) << "no more than it takes";
  publish(*lane, {std::string(3000 - 32, 'n')});
  socket_.answer(SendResult::kSent);
  while (work() != Outcome::kIdle) {
  }
  const auto bodies = socket_.bodies();
  EXPECT_EQ(bodies.back().front(), 'n') << "the newest stays";
  EXPECT_EQ(stats_.sent_messages.value() + dropped, published + 1);
  EXPECT_EQ(stats_.sent_messages.value(), bodies.size());
}

TEST_F(SenderTest, DiscardsNothingForAWorkerThatWaits) {
  const auto lane = open_lane();
  fill(*lane);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(work(), Outcome::kBlocked);
  fill(*lane);
  lane->request_room(3000, false);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(stats_.dropped_oldest.value(), 0U);
  lane->withdraw_room_request();
}

TEST_F(SenderTest, DiscardsTheRestOfATransactionThatIsHalfSent) {
  const auto lane = open_lane();
  BatchBuilder batch;
  for (int i = 0; i < 60; ++i) batch.add({std::string(1000, static_cast<char>('A' + i))});
  publish(*lane, batch);
  socket_.answer_next(SendResult::kSent, 10);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(socket_.sent().size(), 10U);
  lane->request_room(32 * 1024, true);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_TRUE(lane->has_room_for(32 * 1024));
  lane->withdraw_room_request();
  socket_.answer(SendResult::kSent);
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(socket_.breach(), "");
  EXPECT_EQ(stats_.sent_messages.value() + stats_.dropped_oldest.value(), 60U);
  EXPECT_EQ(stats_.sent_messages.value(), socket_.sent().size());
}

TEST_F(SenderTest, LeavesAnotherLanesHalfSentTransactionAloneWhenItDiscards) {
  const auto half = open_lane();
  const auto full = open_lane();
  publish(*half, {"h1", "h2", "h3"});
  socket_.answer_next(SendResult::kSent);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(work(), Outcome::kBlocked);
  const std::size_t filled = fill(*full);
  full->request_room(2000, true);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_TRUE(full->has_room_for(2000));
  full->withdraw_room_request();
  socket_.answer(SendResult::kSent);
  EXPECT_EQ(work(), Outcome::kIdle);
  const auto bodies = socket_.bodies();
  EXPECT_EQ(Strings(bodies.begin(), bodies.begin() + 3), (Strings{"h1", "h2", "h3"}));
  EXPECT_EQ(stats_.sent_messages.value() + stats_.dropped_oldest.value(), 3 + filled);
}

TEST_F(SenderTest, DrainsWithoutLingering) {
  settings_.format = Format::kLines;
  settings_.batch_linger = 60000ms;
  const auto lane = open_lane();
  publish(*lane, {"1", "2"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_TRUE(socket_.sent().empty());
  EXPECT_TRUE(sender().drain(start_));
  EXPECT_EQ(socket_.bodies(), (Strings{"1\n2"}));
}

TEST_F(SenderTest, IsNotDrainedWhileZeroMqHoldsMessages) {
  socket_.set_unsent(3);
  EXPECT_FALSE(sender().drain(start_));
  socket_.set_unsent(0);
  EXPECT_TRUE(sender().drain(start_));
}

TEST_F(SenderTest, IsNotDrainedWhileTheSocketIsFullOrClosed) {
  const auto lane = open_lane();
  publish(*lane, {"1"});
  socket_.fail_to_open(1);
  EXPECT_FALSE(sender().drain(start_));
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_FALSE(sender().drain(start_ + 1s));
  socket_.answer(SendResult::kSent);
  EXPECT_TRUE(sender().drain(start_ + 1s));
}

TEST_F(SenderTest, FinishesInSilenceWhenAllIsSent) {
  const auto lane = open_lane();
  publish(*lane, {"1"});
  EXPECT_TRUE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_TRUE(host_.lines().empty());
  EXPECT_FALSE(socket_.is_open());
  EXPECT_GT(socket_.last_linger(), 0ms) << "for what the engine still holds";
}

TEST_F(SenderTest, CountsWhatIsLeftWhereverItIs) {
  settings_.format = Format::kLines;
  settings_.batch_max_messages = 2;
  const auto lane = open_lane();
  const auto other = open_lane();
  publish(*lane, {"1", "2", "3", "4", "5"});
  publish(*other, {"6"});
  publish(*other, {"7", "8"});
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_FALSE(sender().drain(start_));
  socket_.set_unsent(10);
  EXPECT_EQ(sender().finish(), 18U);
  ASSERT_EQ(host_.lines().size(), 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "18 messages unsent: 8 were never taken"), 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "10 were waiting"), 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "closeTimeout is 2000 ms"), 1U);
  EXPECT_EQ(socket_.last_linger(), 0ms);
  EXPECT_EQ(stats_.open_bytes.value(), 0U);
}

TEST_F(SenderTest, CountsWhatIsLeftWhenItNeverGotASocket) {
  const auto lane = open_lane();
  publish(*lane, {"1", "2"});
  socket_.fail_to_open(100);
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 2U);
}

}  // namespace
}  // namespace omzmq
