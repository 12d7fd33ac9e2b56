// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/spool_file.hpp"
#include "support/batches.hpp"
#include "support/files.hpp"
#include "support/sender_fixture.hpp"

// The sender with a spool file: what it saves at the stop, and what it sends at the start.

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::SenderTest;

class SpoolingSender : public SenderTest {
 protected:
  SpoolingSender() {
    settings_.spool_file = path_;
    settings_.sock_type = SocketType::kPush;
    settings_.format = Format::kRaw;
    settings_.beat_interval = 0ms;
  }

  void use_acked() {
    settings_.sock_type = SocketType::kDealer;
    settings_.format = Format::kPacked;
    settings_.confirm = Confirm::kAcked;
    settings_.ack_timeout = 10s;
  }

  // What an earlier run left.
  void leave(const std::vector<Frame>& frames) {
    SpoolWriter writer(path_, {.format = settings_.format, .sock_type = *settings_.sock_type});
    for (const Frame& frame : frames) writer.append(frame);
    writer.finish();
    writer.commit();
  }

  void leave_raw(const Strings& bodies) {
    std::vector<Frame> frames;
    for (const std::string& body : bodies) {
      Frame& frame = frames.emplace_back();
      frame.body.append(body);
      frame.messages = 1;
      frame.held = 1;
      frame.seal();
    }
    leave(frames);
  }

  [[nodiscard]] bool has_file() const { return std::filesystem::exists(path_); }

  // The frames in the file: bodies, or "first+count" of packed ones.
  Strings saved() {
    Strings all;
    if (!has_file()) return all;
    SpoolReader reader(path_);
    while (const auto frame = reader.next()) {
      all.push_back(settings_.format == Format::kPacked ? test::shown(frame->body.view())
                                                        : std::string(frame->body.view()));
    }
    EXPECT_FALSE(reader.damage().any());
    return all;
  }

  Strings sent() const {
    Strings all;
    for (const std::string& body : socket_.bodies()) {
      all.push_back(settings_.format == Format::kPacked ? test::shown(body) : body);
    }
    return all;
  }

  void acknowledge(std::size_t index) {
    socket_.deliver(test::bytes_of(test::ack_for(socket_.bodies().at(index))));
  }

  test::TemporaryDirectory directory_;
  const std::string path_ = directory_.file("spool");
};

TEST_F(SpoolingSender, MakesNoFileWhenAllWasSent) {
  sender().open_spool();
  const auto lane = open_lane();
  publish(*lane, {"a"});
  EXPECT_TRUE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_FALSE(has_file());
  EXPECT_TRUE(host_.lines().empty());
}

TEST_F(SpoolingSender, SavesWhatIsInLanesAndWhatTheSinkDidNotTake) {
  sender().open_spool();
  const auto one = open_lane();
  const auto two = open_lane();
  publish(*one, {"a", "b"});
  publish(*one, {"c"});
  publish(*two, {"d"});
  socket_.answer_next(SendResult::kSent);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_EQ(sent(), Strings{"a"});
  Strings all = saved();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all.front(), "b");
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all, (Strings{"b", "c", "d"}));
  EXPECT_EQ(stats_.spooled.value(), 3U);
  EXPECT_EQ(stats_.open_bytes.value(), 0U);
  EXPECT_TRUE(one->front().empty() && two->front().empty());
  EXPECT_EQ(host_.count(OMZMQ_LOG_INFO, "3 messages"), 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR), 0U);
}

TEST_F(SpoolingSender, SavesWhatZeroMqStillHeld) {
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c"});
  socket_.answer_next(SendResult::kSent, 2);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_FALSE(sender().drain(start_));
  socket_.keep_back(1);
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_EQ(sent(), Strings{"a"});
  EXPECT_EQ(saved(), (Strings{"b", "c"}));
}

TEST_F(SpoolingSender, SavesWhatZeroMqHeldThoughTheLanesAreEmpty) {
  const auto lane = open_lane();
  publish(*lane, {"a", "b"});
  socket_.set_unsent(1);
  EXPECT_FALSE(sender().drain(start_));
  socket_.keep_back(1);
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_EQ(saved(), Strings{"b"});
}

TEST_F(SpoolingSender, SavesNothingThatASlowSubscriberLacks) {
  settings_.sock_type = SocketType::kPub;
  const auto lane = open_lane();
  publish(*lane, {"a", "b"});
  socket_.set_unsent(2);
  EXPECT_FALSE(sender().drain(start_));
  socket_.keep_back(2);
  EXPECT_EQ(sender().finish(), 2U);
  EXPECT_FALSE(has_file()) << "the others would get it twice";
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "2 messages"), 1U);
}

TEST_F(SpoolingSender, SavesWhatIsOpenAndInTheFormOfTheFormat) {
  for (const Format format : {Format::kLines, Format::kPacked}) {
    Settings settings;
    settings.spool_file = directory_.file("of-" + std::to_string(static_cast<int>(format)));
    settings.sock_type = SocketType::kPush;
    settings.format = format;
    settings.batch_linger = 1h;
    settings.batch_max_messages = 2;
    settings.compression_driver =
        format == Format::kPacked ? Compression::kZstd : Compression::kNone;
    Handoff handoff(kLaneBytes);
    test::FakeSocket socket;
    test::FakeSink sink(socket);
    Sender sender(settings, handoff, sink, stats_, log_);
    socket.answer(SendResult::kWouldBlock);
    const auto lane = handoff.open_lane();
    publish(*lane, {std::string(500, 'a'), "b", "c", "d", "e"});
    EXPECT_FALSE(sender.drain(start_));
    EXPECT_EQ(sender.finish(), 0U);
    SpoolReader reader(settings.spool_file);
    std::vector<std::uint32_t> held;
    std::uint64_t next = 0;
    while (const auto frame = reader.next()) {
      held.push_back(frame->held);
      EXPECT_EQ(frame->messages, frame->held);
      if (format != Format::kPacked) continue;
      wire::Batch batch;
      ASSERT_EQ(wire::read_batch(frame->body.view(), test::kAnyBytes, batch), wire::Fault::kNone);
      EXPECT_EQ(batch.header.first, next) << "a gap for receivers";
      next += batch.header.count;
      EXPECT_EQ(frame->awaited, test::ack_for(frame->body.view()));
    }
    EXPECT_EQ(held, (std::vector<std::uint32_t>{2, 2, 1}));
  }
}

TEST_F(SpoolingSender, SavesWhatIsNotAcknowledgedInTheOrderOfItsFirstSending) {
  use_acked();
  settings_.ack_window = 3;
  settings_.batch_max_messages = 1;
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c", "d", "e"});
  EXPECT_FALSE(sender().drain(start_));
  acknowledge(1);
  socket_.answer_next(SendResult::kSent);  // the first, again
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_FALSE(sender().drain(start_ + 10s));
  socket_.keep_back(4);  // copies of what is in flight
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_EQ(saved(), (Strings{"0+1", "2+1", "3+1", "4+1"}));
  EXPECT_EQ(stats_.spooled.value(), 4U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR), 0U);
}

TEST_F(SpoolingSender, SavesThoughTheSocketNeverOpened) {
  socket_.fail_to_open(1000);
  const auto lane = open_lane();
  publish(*lane, {"a", "b"});
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_EQ(saved(), (Strings{"a", "b"}));
}

TEST_F(SpoolingSender, CountsWhatCouldNotBeSaved) {
  settings_.spool_file = directory_.file("no-directory") + "/spool";
  const auto lane = open_lane();
  publish(*lane, {"a", "b"});
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 2U);
  EXPECT_EQ(stats_.spooled.value(), 0U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "stopped with 2 messages"), 1U);
}

TEST_F(SpoolingSender, SendsWhatAnEarlierRunLeftBeforeEverythingElseAndRemovesTheFile) {
  leave_raw({"old 1", "old 2"});
  sender().open_spool();
  const auto lane = open_lane();
  publish(*lane, {"new"});
  socket_.answer_next(SendResult::kSent);
  socket_.answer_next(SendResult::kWouldBlock);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_TRUE(has_file()) << "not all of it is delivered";
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"old 1", "old 2", "new"}));
  EXPECT_FALSE(has_file());
  EXPECT_EQ(stats_.replayed.value(), 2U);
  EXPECT_EQ(stats_.sent_messages.value(), 1U);
}

TEST_F(SpoolingSender, KeepsTheFileUntilAllOfItIsAcknowledged) {
  use_acked();
  std::vector<Frame> frames;
  frames.push_back(test::batch_of(10, 2));
  frames.push_back(test::batch_of(12, 3));
  leave(frames);
  sender().open_spool();
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"10+2", "12+3"}));
  EXPECT_EQ(socket_.bodies()[0], frames[0].body.view()) << "unchanged, with its old epoch";
  EXPECT_TRUE(has_file());
  acknowledge(0);
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_TRUE(has_file());
  EXPECT_EQ(work(10s), Outcome::kIdle);  // it goes out again
  acknowledge(2);
  EXPECT_EQ(work(10s), Outcome::kIdle);
  EXPECT_FALSE(has_file());
  EXPECT_EQ(stats_.replayed.value(), 5U);
  EXPECT_EQ(stats_.acked.value(), 5U);
  EXPECT_EQ(stats_.sent_messages.value(), 0U);
}

TEST_F(SpoolingSender, SendsNewBatchesWhileOldOnesWaitForTheirAcknowledgement) {
  use_acked();
  std::vector<Frame> frames;
  frames.push_back(test::batch_of(10, 2));
  leave(frames);
  sender().open_spool();
  const auto lane = open_lane();
  publish(*lane, {"new"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"10+2", "0+1"}));
  acknowledge(1);
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_TRUE(lane->is_confirmed());
  EXPECT_TRUE(has_file());
}

TEST_F(SpoolingSender, ReplaysMoreThanTheWindowWithoutHoldingIt) {
  use_acked();
  settings_.ack_window = 2;
  std::vector<Frame> frames;
  for (std::uint64_t first = 0; first < 100; ++first) frames.push_back(test::batch_of(first));
  const std::size_t each = frames.front().body.size();
  leave(frames);
  sender().open_spool();
  for (std::size_t acked = 0; acked < 100; ++acked) {
    static_cast<void>(work());
    ASSERT_LE(stats_.open_bytes.value(), 4 * each);
    acknowledge(acked);
  }
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_FALSE(has_file());
  EXPECT_EQ(sent().size(), 100U);
}

TEST_F(SpoolingSender, SavesAnewWhatItCouldNotReplayBeforeWhatIsNewer) {
  leave_raw({"1", "2", "3", "4"});
  sender().open_spool();
  const auto lane = open_lane();
  publish(*lane, {"5", "6"});
  socket_.answer_next(SendResult::kSent);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_EQ(sent(), Strings{"1"});
  EXPECT_EQ(saved(), (Strings{"2", "3", "4", "5", "6"}));
}

TEST_F(SpoolingSender, SavesAnewTheReplaysThatNobodyAcknowledged) {
  use_acked();
  settings_.ack_window = 2;
  std::vector<Frame> frames;
  for (const std::uint64_t first : {10U, 11U, 12U, 13U}) frames.push_back(test::batch_of(first));
  leave(frames);
  sender().open_spool();
  const auto lane = open_lane();
  publish(*lane, {"new"});
  EXPECT_FALSE(sender().drain(start_));
  acknowledge(0);
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sent(), (Strings{"10+1", "11+1", "12+1"}));
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_EQ(saved(), (Strings{"11+1", "12+1", "13+1", "0+1"}));
}

TEST_F(SpoolingSender, KeepsTheFileWhenItStopsBeforeItCouldBegin) {
  leave_raw({"1", "2"});
  socket_.fail_to_open(1000);
  sender().open_spool();
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_EQ(saved(), (Strings{"1", "2"}));
}

TEST_F(SpoolingSender, RemovesTheFileOfAReplayThatEndsWithTheStop) {
  leave_raw({"1", "2"});
  sender().open_spool();
  EXPECT_TRUE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_EQ(sent(), (Strings{"1", "2"}));
  EXPECT_FALSE(has_file());
}

TEST_F(SpoolingSender, RemovesTheFileWhenTheLastAcknowledgementComesAtTheStop) {
  use_acked();
  std::vector<Frame> frames;
  frames.push_back(test::batch_of(10));
  leave(frames);
  sender().open_spool();
  EXPECT_FALSE(sender().drain(start_));
  acknowledge(0);
  EXPECT_TRUE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_FALSE(has_file());
}

TEST_F(SpoolingSender, SavesAcrossTwoStopsInARowAndLosesNothing) {
  leave_raw({"1", "2", "3"});
  for (int run = 0; run < 2; ++run) {
    Handoff handoff(kLaneBytes);
    test::FakeSocket socket;
    test::FakeSink sink(socket);
    Sender sender(settings_, handoff, sink, stats_, log_);
    sender.open_spool();
    socket.answer(SendResult::kWouldBlock);
    EXPECT_FALSE(sender.drain(start_));
    EXPECT_EQ(sender.finish(), 0U);
    EXPECT_EQ(saved(), (Strings{"1", "2", "3"}));
  }
  sender().open_spool();
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"1", "2", "3"}));
  EXPECT_FALSE(has_file());
}

TEST_F(SpoolingSender, SendsReplaysToTheirTopics) {
  settings_.sock_type = SocketType::kPub;
  settings_.topics = {"t"};
  settings_.topic_frame = true;
  socket_.answer(SendResult::kWouldBlock);
  const auto lane = open_lane();
  publish(*lane, {"a"});
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 0U);
  Handoff handoff(kLaneBytes);
  test::FakeSocket socket;
  test::FakeSink sink(socket);
  Sender next(settings_, handoff, sink, stats_, log_);
  next.open_spool();
  EXPECT_EQ(next.do_work(start_), Outcome::kIdle);
  ASSERT_EQ(socket.sent().size(), 1U);
  EXPECT_EQ(socket.sent()[0].topics, Strings{"t"});
  EXPECT_EQ(socket.sent()[0].body, "a");
  EXPECT_FALSE(has_file());
}

}  // namespace
}  // namespace omzmq
