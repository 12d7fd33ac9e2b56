// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>
#include <omzmq/wire.hpp>

#include <algorithm>
#include <stop_token>

#include "support/sender_fixture.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::SenderTest;

constexpr std::size_t kAny = 1 << 20;

/// A sender of the packed format. The sender's own clock begins a little after start_, so all times
/// here are far from the ends of an interval.
class BeatingSender : public SenderTest {
 protected:
  BeatingSender() {
    settings_.format = Format::kPacked;
    settings_.beat_interval = 1h;
    settings_.batch_linger = 0ms;
  }

  // What was sent, as "first+count", or "beat first".
  Strings sent() {
    Strings all;
    for (const std::string& body : socket_.bodies()) {
      wire::Batch batch;
      EXPECT_EQ(wire::read_batch(body, kAny, batch), wire::Fault::kNone);
      const wire::BatchHeader& header = batch.header;
      all.push_back(header.is_beat
                        ? "beat " + std::to_string(header.first)
                        : std::to_string(header.first) + "+" + std::to_string(header.count));
    }
    return all;
  }
};

TEST_F(BeatingSender, BeatsWhileItIsIdle) {
  const auto lane = open_lane();
  publish(*lane, {"a", "b"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(sender().next_deadline(), start_ + 1h);
  EXPECT_EQ(work(30min), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"0+2"}));
  EXPECT_EQ(work(90min), Outcome::kIdle);
  EXPECT_EQ(work(100min), Outcome::kIdle);
  EXPECT_EQ(work(160min), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"0+2", "beat 2", "beat 2"}));
  EXPECT_EQ(stats_.sent_messages.value(), 2U);
  EXPECT_EQ(stats_.sent_frames.value(), 3U);
}

TEST_F(BeatingSender, DoesNotBeatWhileBatchesGoOut) {
  const auto lane = open_lane();
  for (const auto after : {40min, 80min, 120min}) {
    publish(*lane, {"x"}, after);
    EXPECT_EQ(work(after), Outcome::kIdle);
  }
  EXPECT_EQ(sent(), (Strings{"0+1", "1+1", "2+1"}));
}

TEST_F(BeatingSender, BeatsForNobodyWhereNobodyIs) {
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(work(90min), Outcome::kIdle);  // and not blocked: nothing is held back
  EXPECT_EQ(stats_.open_bytes.value(), 0U);
  // It does not ask all the time either.
  EXPECT_EQ(sender().next_deadline(), start_ + 90min + 1s);
  socket_.answer(SendResult::kSent);
  EXPECT_EQ(work(90min + 1ms), Outcome::kIdle);
  EXPECT_TRUE(socket_.sent().empty());
  EXPECT_EQ(work(90min + 1s), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"beat 0"}));
}

TEST_F(BeatingSender, SendsTheBeatsOfManyStreamsBitByBit) {
  for (int i = 0; i < 40; ++i) settings_.topics.push_back("topic" + std::to_string(i));
  settings_.sock_type = SocketType::kPub;
  EXPECT_EQ(work(90min), Outcome::kIdle);
  EXPECT_EQ(socket_.sent().size(), 32U);
  EXPECT_EQ(sender().next_deadline(), start_ + 90min + 1ms);
  EXPECT_EQ(work(90min + 1ms), Outcome::kIdle);
  EXPECT_EQ(socket_.sent().size(), 40U);
}

TEST_F(BeatingSender, SendsABeatAgainThatASocketRefused) {
  socket_.answer_next(SendResult::kWouldBlock);  // though it had said that it is writable
  EXPECT_EQ(work(90min), Outcome::kBlocked);
  EXPECT_EQ(work(91min), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"beat 0"}));
  EXPECT_EQ(socket_.breach(), "");
}

TEST_F(BeatingSender, SaysItsNextNumberWhenItStops) {
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c"});
  std::stop_source stop;
  stop.request_stop();
  sender().run(stop.get_token());
  EXPECT_EQ(sent(), (Strings{"0+3", "beat 3"}));
}

TEST_F(BeatingSender, StopsWithoutALastBeatWhenToldNotToBeat) {
  settings_.beat_interval = 0ms;
  const auto lane = open_lane();
  publish(*lane, {"a"});
  std::stop_source stop;
  stop.request_stop();
  sender().run(stop.get_token());
  EXPECT_EQ(sent(), (Strings{"0+1"}));
}

TEST_F(BeatingSender, TellsEachOfManyStreamsItsLastNumber) {
  settings_.sock_type = SocketType::kPub;
  for (int i = 0; i < 100; ++i) settings_.topics.push_back("topic" + std::to_string(i));
  const auto lane = open_lane();
  publish(*lane, {"a"});
  std::stop_source stop;
  stop.request_stop();
  sender().run(stop.get_token());
  const Strings all = sent();
  EXPECT_EQ(all.size(), 200U);
  EXPECT_EQ(std::count(all.begin(), all.end(), "beat 1"), 100);
}

TEST_F(BeatingSender, SaysItsLastNumberThoughAPeerTakesNothing) {
  settings_.close_timeout = 20ms;
  socket_.set_unsent(1);  // for ever: a subscriber that is stopped
  const auto lane = open_lane();
  publish(*lane, {"a"});
  std::stop_source stop;
  stop.request_stop();
  sender().run(stop.get_token());
  EXPECT_EQ(sent(), (Strings{"0+1", "beat 1"}));
}

TEST_F(BeatingSender, CountsWhatItCannotSendWithoutNumberingIt) {
  settings_.batch_linger = 1h;
  const auto lane = open_lane();
  publish(*lane, {"a", "b"});
  EXPECT_EQ(work(), Outcome::kIdle);  // in a frame that waits for company
  EXPECT_EQ(sender().finish(), 2U);
  EXPECT_TRUE(socket_.sent().empty());
  EXPECT_EQ(stats_.open_bytes.value(), 0U);
}

TEST_F(BeatingSender, KeepsItsNumbersWhenTheSocketBreaks) {
  const auto lane = open_lane();
  publish(*lane, {"a"});
  EXPECT_EQ(work(), Outcome::kIdle);
  socket_.answer_next(SendResult::kBroken);
  publish(*lane, {"b"});
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(work(1min), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"0+1", "1+1"}));
}

}  // namespace
}  // namespace omzmq
