// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <stop_token>
#include <string>
#include <thread>

#include "support/batches.hpp"
#include "support/sender_fixture.hpp"
#include "support/wait.hpp"

// The sender where workers wait for the fate of what they hand over.

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::SenderTest;

class ConfirmingSender : public SenderTest {
 protected:
  explicit ConfirmingSender(Confirm confirm) {
    settings_.sock_type = SocketType::kDealer;
    settings_.format = Format::kPacked;
    settings_.confirm = confirm;
    settings_.beat_interval = 0ms;
    settings_.ack_timeout = 10s;
    settings_.ack_window = 2;
  }

  // What the sink has taken so far, see shown().
  Strings sent() const {
    Strings all;
    for (const std::string& body : socket_.bodies()) all.push_back(test::shown(body));
    return all;
  }

  // A receiver acknowledges the frame that was sent as this one.
  void acknowledge(std::size_t index) {
    socket_.deliver(test::bytes_of(test::ack_for(socket_.bodies().at(index))));
  }
};

class SentSender : public ConfirmingSender {
 protected:
  SentSender() : ConfirmingSender(Confirm::kSent) {}
};

class AckedSender : public ConfirmingSender {
 protected:
  AckedSender() : ConfirmingSender(Confirm::kAcked) {}
};

TEST_F(SentSender, CutsAsSoonAsTheLanesAreEmptyBecauseWorkersWait) {
  settings_.batch_linger = 1h;
  const auto lane = open_lane();
  publish(*lane, {"a", "b"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(sent(), Strings{"0+2"});
  EXPECT_TRUE(lane->is_confirmed());
}

TEST_F(SentSender, ConfirmsNothingThatTheSinkRefuses) {
  const auto lane = open_lane();
  publish(*lane, {"a", "b"});
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_FALSE(lane->is_confirmed());
  socket_.answer(SendResult::kSent);
  EXPECT_EQ(work(1s), Outcome::kIdle);
  EXPECT_TRUE(lane->is_confirmed());
}

TEST_F(SentSender, ConfirmsATransactionThatGoesIntoSeveralFramesWithTheLast) {
  settings_.batch_max_messages = 2;
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c", "d", "e"});
  socket_.answer_next(SendResult::kSent, 2);
  socket_.answer_next(SendResult::kWouldBlock);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(sent(), (Strings{"0+2", "2+2"}));
  EXPECT_FALSE(lane->is_confirmed());
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(sent().back(), "4+1");
  EXPECT_TRUE(lane->is_confirmed());
}

TEST_F(SentSender, ConfirmsTheTransactionsOfSeveralLanesInOneFrame) {
  const auto one = open_lane();
  const auto two = open_lane();
  publish(*one, {"a", "b"});
  publish(*two, {"c"});
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_FALSE(one->is_confirmed() || two->is_confirmed());
  socket_.answer(SendResult::kSent);
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(sent(), Strings{"0+3"});
  EXPECT_TRUE(one->is_confirmed() && two->is_confirmed());
}

TEST_F(SentSender, ConfirmsEachFormat) {
  for (const Format format : {Format::kRaw, Format::kLines}) {
    Settings settings;
    settings.confirm = Confirm::kSent;
    settings.format = format;
    Handoff handoff(kLaneBytes);
    test::FakeSocket socket;
    test::FakeSink sink(socket);
    Sender sender(settings, handoff, sink, stats_, log_);
    const auto lane = handoff.open_lane();
    publish(*lane, {"a", "b"});
    socket.answer_next(SendResult::kWouldBlock);
    EXPECT_EQ(sender.do_work(start_), Outcome::kBlocked);
    EXPECT_FALSE(lane->is_confirmed());
    EXPECT_EQ(sender.do_work(start_), Outcome::kIdle);
    EXPECT_TRUE(lane->is_confirmed());
  }
}

TEST_F(SentSender, ConfirmsWithTheLastOfTheFramesOfAMessage) {
  for (const Format format : {Format::kRaw, Format::kLines, Format::kPacked}) {
    for (const bool is_dynamic : {false, true}) {
      Settings settings;
      settings.confirm = Confirm::kSent;
      settings.sock_type = SocketType::kPub;
      settings.format = format;
      settings.beat_interval = 0ms;
      settings.topics = {"t1", "t2"};
      settings.dyna_topic = is_dynamic;
      Handoff handoff(kLaneBytes);
      test::FakeSocket socket;
      test::FakeSink sink(socket);
      Sender sender(settings, handoff, sink, stats_, log_);
      const auto lane = handoff.open_lane();
      test::BatchBuilder batch;
      batch.add(is_dynamic ? Strings{"m", "one", "two"} : Strings{"m"});
      publish(*lane, batch);
      socket.answer_next(SendResult::kSent);
      socket.answer_next(SendResult::kWouldBlock);
      if (sender.do_work(start_) == Outcome::kBlocked) {
        EXPECT_EQ(socket.sent().size(), 1U);
        EXPECT_FALSE(lane->is_confirmed());
      }
      EXPECT_EQ(sender.do_work(start_), Outcome::kIdle);
      EXPECT_TRUE(lane->is_confirmed());
    }
  }
}

TEST_F(SentSender, ConfirmsAfterTheSocketBroke) {
  const auto lane = open_lane();
  publish(*lane, {"a"});
  socket_.answer_next(SendResult::kBroken);
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_FALSE(lane->is_confirmed());
  EXPECT_EQ(work(1s), Outcome::kIdle);
  EXPECT_TRUE(lane->is_confirmed());
  EXPECT_EQ(sent(), Strings{"0+1"});
}

TEST_F(AckedSender, ConfirmsWithTheAcknowledgement) {
  const auto lane = open_lane();
  publish(*lane, {"a", "b"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(sent(), Strings{"0+2"});
  EXPECT_FALSE(lane->is_confirmed());
  EXPECT_EQ(sender().next_deadline(), start_ + 10s);
  acknowledge(0);
  EXPECT_EQ(work(1s), Outcome::kIdle);
  EXPECT_TRUE(lane->is_confirmed());
  EXPECT_EQ(sender().next_deadline(), Clock::time_point::max());
  EXPECT_EQ(stats_.open_bytes.value(), 0U);
}

TEST_F(AckedSender, KeepsALaneWhoseWorkerIsGoneUntilItsMessagesAreAcknowledged) {
  auto lane = open_lane();
  publish(*lane, {"a"});
  EXPECT_EQ(work(), Outcome::kIdle);
  lane->retire();
  lane.reset();
  EXPECT_EQ(work(1s), Outcome::kIdle);
  EXPECT_EQ(handoff_.lanes().size(), 1U);
  acknowledge(0);
  EXPECT_EQ(work(2s), Outcome::kIdle);
  EXPECT_EQ(handoff_.lanes().size(), 0U);
}

TEST_F(AckedSender, ConfirmsEachOfManyLanesWithItsOwnBatch) {
  settings_.ack_window = 8;
  std::vector<std::shared_ptr<Lane>> lanes;
  for (int i = 0; i < 5; ++i) {
    lanes.push_back(open_lane());
    publish(*lanes.back(), {std::to_string(i)});
    EXPECT_EQ(work(), Outcome::kIdle);
  }
  for (const std::size_t i : {3U, 0U, 4U}) acknowledge(i);
  EXPECT_EQ(work(), Outcome::kIdle);
  std::string confirmed;
  for (const auto& lane : lanes) confirmed += lane->is_confirmed() ? 'y' : 'n';
  EXPECT_EQ(confirmed, "ynnyy");
}

TEST_F(AckedSender, StopsAtItsWindowAndGoesOnWithAnAcknowledgement) {
  settings_.batch_max_messages = 1;
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c", "d"});
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(sent(), (Strings{"0+1", "1+1"}));
  acknowledge(0);
  acknowledge(1);
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(sent().size(), 4U);
  EXPECT_FALSE(lane->is_confirmed());
  acknowledge(2);
  acknowledge(3);
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_TRUE(lane->is_confirmed());
}

TEST_F(AckedSender, SendsAgainWhenItIsTime) {
  const auto lane = open_lane();
  publish(*lane, {"a"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(work(9s), Outcome::kIdle);
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_EQ(work(10s), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"0+1", "0+1"}));
  EXPECT_EQ(sender().next_deadline(), start_ + 20s);
}

TEST_F(AckedSender, SendsCompressedBatchesAgainUnchanged) {
  for (const auto driver : {Compression::kZstd, Compression::kLz4}) {
    settings_.compression_driver = driver;
    Handoff handoff(kLaneBytes);
    test::FakeSocket socket;
    test::FakeSink sink(socket);
    Sender sender(settings_, handoff, sink, stats_, log_);
    const auto lane = handoff.open_lane();
    publish(*lane, {std::string(3000, 'a'), std::string(3000, 'b')});
    EXPECT_EQ(sender.do_work(start_), Outcome::kIdle);
    EXPECT_EQ(sender.do_work(start_ + 10s), Outcome::kIdle);
    ASSERT_EQ(socket.bodies().size(), 2U);
    EXPECT_LT(socket.bodies()[0].size(), 1000U);
    EXPECT_EQ(socket.bodies()[0], socket.bodies()[1]);
    socket.deliver(test::bytes_of(test::ack_for(socket.bodies()[1])));
    EXPECT_EQ(sender.do_work(start_ + 10s), Outcome::kIdle);
    EXPECT_TRUE(lane->is_confirmed());
  }
}

TEST_F(AckedSender, BeatsWhileItWaitsForAnAcknowledgement) {
  settings_.beat_interval = 1h;
  settings_.ack_timeout = 100h;
  const auto lane = open_lane();
  publish(*lane, {"a"});
  EXPECT_EQ(work(), Outcome::kIdle);
  EXPECT_EQ(work(90min), Outcome::kIdle);
  EXPECT_EQ(sent(), (Strings{"0+1", "beat 1"}));
  EXPECT_FALSE(lane->is_confirmed());
  acknowledge(1);  // of the beat: it answers nothing
  EXPECT_EQ(work(90min), Outcome::kIdle);
  EXPECT_EQ(stats_.acks_ignored.value(), 1U);
  acknowledge(0);
  EXPECT_EQ(work(90min), Outcome::kIdle);
  EXPECT_TRUE(lane->is_confirmed());
}

TEST_F(AckedSender, SaysWhenNobodyAcknowledgesAnything) {
  settings_.batch_max_messages = 1;
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c"});
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(work(2s), Outcome::kBlocked);
  EXPECT_EQ(host_.count(OMZMQ_LOG_WARNING, "acknowledges"), 1U);
  for (int s = 3; s < 60; s += 5) EXPECT_EQ(work(std::chrono::seconds(s)), Outcome::kBlocked);
  EXPECT_EQ(host_.lines().size(), 1U) << "once";
  acknowledge(0);
  acknowledge(1);
  EXPECT_EQ(work(60s), Outcome::kIdle);
  EXPECT_EQ(host_.count(OMZMQ_LOG_INFO, "taken again, after 60 s"), 1U);
}

TEST_F(AckedSender, SaysNothingWhileAcknowledgementsComeThoughItsWindowIsAlwaysFull) {
  settings_.batch_max_messages = 1;
  settings_.ack_timeout = 1h;
  const auto lane = open_lane();
  for (int i = 0; i < 100; ++i) publish(*lane, {std::to_string(i)});
  EXPECT_EQ(work(), Outcome::kBlocked);
  for (int i = 1; i < 50; ++i) {
    acknowledge(static_cast<std::size_t>(i) - 1);
    ASSERT_EQ(work(i * 100ms), Outcome::kBlocked);
    ASSERT_EQ(sent().size(), static_cast<std::size_t>(i) + 2);
  }
  EXPECT_TRUE(host_.lines().empty()) << host_.lines().front().second;
}

TEST_F(AckedSender, SaysOnceThatAcknowledgementsComeTooSlowly) {
  settings_.batch_max_messages = 1;
  settings_.ack_timeout = 1h;
  const auto lane = open_lane();
  for (int i = 0; i < 100; ++i) publish(*lane, {std::to_string(i)});
  EXPECT_EQ(work(), Outcome::kBlocked);
  for (int i = 1; i < 20; ++i) {
    EXPECT_EQ(work(i * 3s - 1s), Outcome::kBlocked);
    acknowledge(static_cast<std::size_t>(i) - 1);
    EXPECT_EQ(work(i * 3s), Outcome::kBlocked);
  }
  EXPECT_EQ(host_.lines().size(), 1U);
  for (std::size_t i = 19; i < 21; ++i) {
    acknowledge(i);
    EXPECT_EQ(work(61s), Outcome::kBlocked);
  }
  EXPECT_EQ(host_.count(OMZMQ_LOG_INFO, "taken again, after 61 s"), 1U);
  EXPECT_EQ(host_.lines().size(), 2U);
}

TEST_F(AckedSender, StopsWhenAllIsAcknowledged) {
  const auto lane = open_lane();
  publish(*lane, {"a"});
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sent(), Strings{"0+1"});
  EXPECT_FALSE(sender().drain(start_ + 1s));
  socket_.set_unsent(1);  // of a batch that went out again, most likely: nobody needs it
  acknowledge(0);
  EXPECT_TRUE(sender().drain(start_ + 2s));
  EXPECT_EQ(sender().finish(), 0U);
  EXPECT_TRUE(host_.lines().empty());
}

TEST_F(AckedSender, SaysLastNumbersOnceAndWaitsForAcknowledgementsBesides) {
  settings_.beat_interval = 1h;
  const auto lane = open_lane();
  publish(*lane, {"a"});
  for (const auto after : {0s, 1s, 2s}) EXPECT_FALSE(sender().drain(start_ + after));
  EXPECT_EQ(sent(), (Strings{"0+1", "beat 1"}));
  acknowledge(0);
  EXPECT_TRUE(sender().drain(start_ + 3s));
}

TEST_F(AckedSender, CountsWhatIsNotAcknowledgedAtTheStop) {
  settings_.batch_max_messages = 2;
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c", "d", "e", "f", "g"});
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sent(), (Strings{"0+2", "2+2"}));
  acknowledge(0);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_FALSE(sender().drain(start_));
  EXPECT_EQ(sender().finish(), 5U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR,
                        "stopped with 5 messages unsent: 3 were never taken by "
                        "ZeroMQ, 2 were not acknowledged"),
            1U);
  EXPECT_EQ(host_.lines().size(), 1U);
  EXPECT_FALSE(socket_.is_open());
}

TEST_F(AckedSender, CountsOnceWhatIsBeingSentAgainAtTheStop) {
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c"});
  EXPECT_FALSE(sender().drain(start_));
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_FALSE(sender().drain(start_ + 10s));
  EXPECT_EQ(sender().finish(), 3U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "0 were never taken by ZeroMQ, 3 were not acknowledged"),
            1U);
}

// The thread as it runs: it must neither sleep through an acknowledgement nor turn without end.
class RunningSender : public AckedSender {
 protected:
  void run() {
    thread_ = std::jthread([this](const std::stop_token& stop) { sender().run(stop); });
  }
  std::size_t sent_count() const { return socket_.bodies().size(); }

  std::jthread thread_;
};

TEST_F(RunningSender, IsWokenByAnAcknowledgement) {
  settings_.batch_max_messages = 1;
  settings_.ack_timeout = 1h;
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c", "d", "e"});
  run();
  for (std::size_t i = 0; i < 5; ++i) {
    ASSERT_TRUE(test::eventually([&] { return sent_count() > i; }));
    acknowledge(i);
  }
  EXPECT_TRUE(test::eventually([&] { return lane->is_confirmed(); }));
}

TEST_F(RunningSender, SendsAgainByItselfWithAFullWindow) {
  settings_.batch_max_messages = 1;
  settings_.ack_timeout = 100ms;
  settings_.close_timeout = 0ms;
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c"});
  run();
  EXPECT_TRUE(test::eventually([&] { return sent_count() >= 6; }));
  const Strings all = sent();
  EXPECT_EQ((Strings{all.begin(), all.begin() + 4}), (Strings{"0+1", "1+1", "0+1", "1+1"}));
}

TEST_F(RunningSender, SleepsWhileItWaitsForAcknowledgements) {
  settings_.batch_max_messages = 1;
  settings_.ack_timeout = 1h;
  settings_.close_timeout = 0ms;
  const auto lane = open_lane();
  publish(*lane, {"a", "b", "c"});
  run();
  ASSERT_TRUE(test::eventually([&] { return sent_count() == 2; }));
  clockid_t its_clock{};
  ASSERT_EQ(::pthread_getcpuclockid(thread_.native_handle(), &its_clock), 0);
  const auto used = [&] {
    timespec time{};
    ::clock_gettime(its_clock, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  };
  const auto before = used();
  std::this_thread::sleep_for(300ms);
  EXPECT_LT(used() - before, 150ms) << "of 300 ms";
}

TEST_F(RunningSender, SleepsWhileItsSocketIsClosedAndBatchesAreInFlight) {
  settings_.ack_timeout = 1h;
  settings_.ack_window = 1;
  settings_.close_timeout = 0ms;
  const auto lane = open_lane();
  publish(*lane, {"a"});
  run();
  ASSERT_TRUE(test::eventually([&] { return sent_count() == 1; }));
  // The batch in flight is due at once when the socket breaks, and there is no socket.
  socket_.lose_peer();
  socket_.fail_to_open(1'000'000);
  socket_.answer_next(SendResult::kBroken);
  ASSERT_TRUE(test::eventually([&] { return socket_.tries() >= 2; }));
  const std::size_t tries = socket_.tries();
  clockid_t its_clock{};
  ASSERT_EQ(::pthread_getcpuclockid(thread_.native_handle(), &its_clock), 0);
  timespec before{};
  timespec after{};
  ::clock_gettime(its_clock, &before);
  std::this_thread::sleep_for(300ms);
  ::clock_gettime(its_clock, &after);
  EXPECT_LT(socket_.tries() - tries, 10U);
  EXPECT_LT((after.tv_sec - before.tv_sec) * 1'000'000'000 + after.tv_nsec - before.tv_nsec,
            150'000'000)
      << "ns of 300 ms";
}

}  // namespace
}  // namespace omzmq
