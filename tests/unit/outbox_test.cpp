// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/outbox.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/lane.hpp"
#include "support/batch_builder.hpp"
#include "support/batches.hpp"
#include "support/fake_sink.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::ack_of;
using test::batch_of;
using Flushed = Outbox::Flushed;
using Strings = std::vector<std::string>;

constexpr Clock::time_point kStart{1h};

class OutboxTest : public testing::Test {
 protected:
  explicit OutboxTest(Confirm confirm) {
    settings_.sock_type = SocketType::kDealer;
    settings_.format = Format::kPacked;
    settings_.confirm = confirm;
    settings_.ack_timeout = 10s;
    settings_.ack_window = 2;
    sink_.open();
  }

  // It copies some settings when it is made: so the first call of it comes after them.
  Outbox& outbox() {
    if (!outbox_) outbox_ = std::make_unique<Outbox>(settings_, sink_, stats_);
    return *outbox_;
  }

  // A transaction of so many messages of the lane's worker, which waits for them.
  void publish_and_read(std::uint32_t messages) {
    test::BatchBuilder batch;
    for (std::uint32_t i = 0; i < messages; ++i) batch.add({"m"});
    ASSERT_TRUE(test::publish(lane_, batch, kStart));
    lane_.hold(messages);
    lane_.release();
    lane_.confirm_settled();
    ASSERT_FALSE(lane_.is_confirmed());
  }

  // A batch is cut; it holds so many messages of the lane.
  void cut(std::uint64_t first, std::uint32_t shares = 0, std::uint32_t count = 1) {
    Frame frame = batch_of(first, count);
    if (shares != 0) frame.shares.push_back({&lane_, shares});
    outbox().ready().push_back(std::move(frame));
  }

  void replay(std::uint64_t first, std::uint32_t count = 1) {
    Frame frame = batch_of(first, count);
    frame.is_replayed = true;
    EXPECT_TRUE(outbox().replay([&] { return std::optional(std::move(frame)); }));
  }

  Flushed flush(Clock::duration after = {}) { return outbox().flush(kStart + after); }

  // What the sink has taken so far, see shown().
  Strings sent() const {
    Strings all;
    for (const std::string& body : socket_.bodies()) all.push_back(test::shown(body));
    return all;
  }

  void acknowledge(const wire::Ack& ack, Clock::duration after = {}) {
    socket_.deliver(test::bytes_of(ack));
    EXPECT_TRUE(outbox().read_acks(kStart + after));
  }

  static std::vector<std::uint64_t> firsts_of(const std::deque<Frame>& frames) {
    std::vector<std::uint64_t> firsts;
    for (const Frame& frame : frames) {
      EXPECT_EQ(test::ack_for(frame.body.view()), frame.awaited) << "its body is gone";
      firsts.push_back(frame.awaited.first);
    }
    return firsts;
  }

  Settings settings_;
  test::FakeSocket socket_;
  test::FakeSink sink_{socket_};
  SenderStats stats_;
  Lane lane_{4096};

 private:
  std::unique_ptr<Outbox> outbox_;
};

class SentOutbox : public OutboxTest {
 protected:
  SentOutbox() : OutboxTest(Confirm::kSent) {}
};

class AckedOutbox : public OutboxTest {
 protected:
  AckedOutbox() : OutboxTest(Confirm::kAcked) {}
};

TEST_F(SentOutbox, SettlesWhatTheSinkHasTaken) {
  publish_and_read(3);
  cut(0, 2, 2);
  cut(2, 1);
  socket_.answer_next(SendResult::kSent);
  socket_.answer_next(SendResult::kWouldBlock);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  EXPECT_FALSE(lane_.is_confirmed());
  EXPECT_FALSE(lane_.is_settled());
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_TRUE(lane_.is_confirmed());
  EXPECT_EQ(sent(), (Strings{"0+2", "2+1"}));
  EXPECT_EQ(stats_.sent_messages.value(), 3U);
  EXPECT_FALSE(outbox().awaits_acks());
}

TEST_F(SentOutbox, CountsWhatTheSinkHasTakenOfARun) {
  publish_and_read(4);
  Frame run;
  run.is_run = true;
  for (const char* payload : {"a", "bc", "def", ""}) append_record(run.body, payload);
  run.messages = run.held = 4;
  run.shares.push_back({&lane_, 4});
  run.published.add(kStart, 4);
  run.seal();
  outbox().ready().push_back(std::move(run));
  const auto counted = [this] {
    outbox().settle_latency();
    std::uint64_t latencies = 0;
    for (std::size_t i = 0; i < log_linear::kBuckets; ++i) latencies += stats_.latency.at(i);
    EXPECT_EQ(latencies, stats_.sent_messages.value());
    EXPECT_EQ(stats_.sent_frames.value(), stats_.sent_messages.value());
    return std::pair(stats_.sent_messages.value(), stats_.sent_bytes.value());
  };
  socket_.answer_next(SendResult::kSent, 2);
  socket_.answer_next(SendResult::kWouldBlock, 2);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  EXPECT_EQ(counted(), std::pair(std::uint64_t{2}, std::uint64_t{3}));
  EXPECT_EQ(outbox().bytes(), 3U);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  EXPECT_EQ(counted(), std::pair(std::uint64_t{2}, std::uint64_t{3}));
  EXPECT_FALSE(lane_.is_confirmed());
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_EQ(counted(), std::pair(std::uint64_t{4}, std::uint64_t{6}));
  EXPECT_TRUE(lane_.is_confirmed());
  EXPECT_EQ(socket_.bodies(), (Strings{"a", "bc", "def", ""}));
}

TEST_F(SentOutbox, SettlesNothingThatBroke) {
  publish_and_read(1);
  cut(0, 1);
  socket_.answer_next(SendResult::kBroken);
  EXPECT_EQ(flush(), Flushed::kBroken);
  sink_.close(0ms);
  outbox().note_closed(kStart);
  EXPECT_FALSE(lane_.is_confirmed());
  sink_.open();
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_TRUE(lane_.is_confirmed());
  EXPECT_EQ(sent(), Strings{"0+1"});
  EXPECT_EQ(socket_.breach(), "");
}

TEST_F(SentOutbox, SettlesTheSharesOfEachLane) {
  Lane other(4096);
  publish_and_read(1);
  other.hold(2);
  cut(0, 1, 3);
  outbox().ready().back().shares.push_back({&other, 2});
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_TRUE(lane_.is_settled());
  EXPECT_TRUE(other.is_settled());
}

TEST_F(SentOutbox, ReadsAndIgnoresWhatPeersSay) {
  cut(0);
  EXPECT_EQ(flush(), Flushed::kAll);
  socket_.deliver(test::bytes_of(ack_of(0)));
  EXPECT_TRUE(outbox().read_acks(kStart));
  EXPECT_EQ(stats_.acked.value(), 0U);
  EXPECT_EQ(stats_.acks_ignored.value(), 1U);
  EXPECT_EQ(outbox().next_resend(), Clock::time_point::max());
}

TEST_F(SentOutbox, GivesUpWhatTheSinkHasNotTaken) {
  for (const std::uint64_t first : {0U, 1U, 2U}) cut(first);
  socket_.answer_next(SendResult::kSent);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  ASSERT_NE(outbox().offered(), nullptr);
  static_cast<void>(sink_.recover(outbox().offered()));
  EXPECT_EQ(firsts_of(outbox().take_all()), (std::vector<std::uint64_t>{1, 2}));
  EXPECT_EQ(outbox().offered(), nullptr);
  EXPECT_EQ(outbox().bytes(), 0U);
}

TEST_F(SentOutbox, KnowsWhetherFramesOfAnEarlierRunAreDelivered) {
  EXPECT_FALSE(outbox().replay([] { return std::optional<Frame>(); }));
  EXPECT_TRUE(outbox().ready().empty());
  EXPECT_FALSE(outbox().has_replays());
  replay(0, 5);
  EXPECT_TRUE(outbox().has_replays());
  socket_.answer_next(SendResult::kWouldBlock);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  EXPECT_TRUE(outbox().has_replays());
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_FALSE(outbox().has_replays());
  EXPECT_EQ(stats_.replayed.value(), 5U);
  EXPECT_EQ(stats_.sent_messages.value(), 0U);
}

TEST_F(AckedOutbox, SettlesWhatIsAcknowledgedAndNothingBefore) {
  publish_and_read(3);
  cut(0, 2, 2);
  cut(2, 1);
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_FALSE(lane_.is_confirmed());
  EXPECT_EQ(outbox().unacknowledged(), 3U);
  acknowledge(ack_of(2));
  EXPECT_FALSE(lane_.is_confirmed());
  EXPECT_EQ(outbox().unacknowledged(), 2U);
  acknowledge(ack_of(0, 2));
  EXPECT_TRUE(lane_.is_confirmed());
  EXPECT_FALSE(outbox().awaits_acks());
  EXPECT_EQ(stats_.acked.value(), 3U);
  EXPECT_EQ(stats_.sent_messages.value(), 3U);
  EXPECT_EQ(stats_.resent.value() + stats_.acks_ignored.value(), 0U);
  EXPECT_EQ(outbox().bytes(), 0U);
}

TEST_F(AckedOutbox, HasNoMoreBatchesInFlightThanTheWindow) {
  for (const std::uint64_t first : {0U, 1U, 2U, 3U}) cut(first);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  EXPECT_EQ(sent(), (Strings{"0+1", "1+1"}));
  EXPECT_TRUE(outbox().is_window_full());
  acknowledge(ack_of(1));
  EXPECT_FALSE(outbox().is_window_full());
  EXPECT_EQ(flush(), Flushed::kBlocked);
  EXPECT_EQ(sent(), (Strings{"0+1", "1+1", "2+1"}));
  acknowledge(ack_of(0));
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_EQ(sent().back(), "3+1");
}

TEST_F(AckedOutbox, IsNotAtItsWindowWhileTheSinkHasAFrame) {
  settings_.ack_window = 1;
  cut(0);
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_TRUE(outbox().is_window_full());
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(flush(10s), Flushed::kBlocked);
  EXPECT_FALSE(outbox().is_window_full()) << "it is the sink that has to move";
}

TEST_F(AckedOutbox, WaitsForNoAcknowledgementOfABeat) {
  cut(0);
  outbox().ready().push_back(test::beat_of(1));
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_EQ(sent(), (Strings{"0+1", "beat 1"}));
  EXPECT_EQ(outbox().unacknowledged(), 1U);
  acknowledge(ack_of(0));
  EXPECT_FALSE(outbox().awaits_acks());
}

TEST_F(AckedOutbox, LetsNoBeatOvertakeABatch) {
  settings_.ack_window = 1;
  cut(0);
  cut(1);
  outbox().ready().push_back(test::beat_of(2));
  EXPECT_EQ(flush(), Flushed::kBlocked);
  EXPECT_EQ(sent(), Strings{"0+1"}) << "the beat tells of a batch that has not gone out";
  acknowledge(ack_of(0));
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_EQ(sent(), (Strings{"0+1", "1+1", "beat 2"}));
}

TEST_F(AckedOutbox, SendsABeatWhileTheWindowIsFull) {
  settings_.ack_window = 1;
  cut(0);
  outbox().ready().push_back(test::beat_of(1));
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_EQ(sent(), (Strings{"0+1", "beat 1"}));
}

TEST_F(AckedOutbox, SendsAgainUnchangedWhatIsNotAcknowledgedInTime) {
  publish_and_read(2);
  cut(0, 2, 2);
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_EQ(outbox().next_resend(), kStart + 10s);
  EXPECT_EQ(flush(10s - 1ns), Flushed::kAll);
  EXPECT_EQ(sent().size(), 1U);
  EXPECT_EQ(flush(10s), Flushed::kAll);
  ASSERT_EQ(sent().size(), 2U);
  EXPECT_EQ(socket_.bodies()[0], socket_.bodies()[1]);
  EXPECT_EQ(outbox().next_resend(), kStart + 20s);
  EXPECT_EQ(stats_.sent_messages.value(), 2U) << "each message once";
  EXPECT_EQ(stats_.resent.value(), 2U);
  EXPECT_EQ(stats_.sent_frames.value(), 2U);
  acknowledge(ack_of(0, 2), 11s);
  EXPECT_TRUE(lane_.is_confirmed());
  acknowledge(ack_of(0, 2), 11s);
  EXPECT_EQ(stats_.acked.value(), 2U);
  EXPECT_EQ(stats_.acks_ignored.value(), 1U) << "of the other copy";
}

TEST_F(AckedOutbox, SendsAgainBeforeWhatIsNew) {
  settings_.ack_window = 3;
  cut(0);
  cut(1);
  EXPECT_EQ(flush(), Flushed::kAll);
  cut(2);
  EXPECT_EQ(flush(10s), Flushed::kAll);
  EXPECT_EQ(sent(), (Strings{"0+1", "1+1", "0+1", "1+1", "2+1"}));
}

TEST_F(AckedOutbox, SendsAgainThoughTheWindowIsFull) {
  settings_.ack_window = 1;
  cut(0);
  cut(1);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  EXPECT_EQ(flush(10s), Flushed::kBlocked);
  EXPECT_EQ(sent(), (Strings{"0+1", "0+1"}));
  acknowledge(ack_of(0), 10s);
  EXPECT_EQ(flush(10s), Flushed::kAll);
  EXPECT_EQ(sent().back(), "1+1");
}

TEST_F(AckedOutbox, TakesAnAcknowledgementWhileTheSinkHasTheCopy) {
  publish_and_read(1);
  cut(0, 1);
  EXPECT_EQ(flush(), Flushed::kAll);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(flush(10s), Flushed::kBlocked);
  EXPECT_EQ(outbox().unacknowledged(), 1U);
  acknowledge(ack_of(0), 10s);
  EXPECT_TRUE(lane_.is_confirmed());
  EXPECT_FALSE(outbox().awaits_acks());
  // The sink has the copy: it has to come next, and nobody waits for it any more.
  socket_.answer(SendResult::kSent);
  cut(1);
  EXPECT_EQ(flush(11s), Flushed::kAll);
  EXPECT_EQ(socket_.breach(), "");
  EXPECT_EQ(sent(), (Strings{"0+1", "0+1", "1+1"}));
  EXPECT_EQ(stats_.resent.value(), 1U);
  EXPECT_EQ(outbox().unacknowledged(), 1U);
  acknowledge(ack_of(1), 11s);
  EXPECT_FALSE(outbox().awaits_acks());
}

TEST_F(AckedOutbox, IgnoresAnAcknowledgementOfWhatWasNeverSent) {
  publish_and_read(2);
  cut(0, 1);
  cut(1, 1);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  acknowledge(ack_of(0));  // the sink was offered it and has not taken it
  acknowledge(ack_of(1));  // it waits behind
  acknowledge(ack_of(2));
  EXPECT_EQ(stats_.acks_ignored.value(), 3U);
  EXPECT_FALSE(lane_.is_confirmed());
  socket_.answer(SendResult::kSent);
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_EQ(outbox().unacknowledged(), 2U);
}

TEST_F(AckedOutbox, IgnoresAcknowledgementsThatFitNothing) {
  publish_and_read(3);
  cut(0, 3, 3);
  EXPECT_EQ(flush(), Flushed::kAll);
  wire::Ack refused = ack_of(0, 3);
  refused.status = 1;
  for (const wire::Ack& wrong : {ack_of(0, 2), ack_of(0, 4), ack_of(1, 2), ack_of(0, 0),
                                 ack_of(0, 3, test::kEpoch + 1), wire::Ack(), refused}) {
    acknowledge(wrong);
  }
  EXPECT_EQ(stats_.acks_ignored.value(), 7U);
  EXPECT_EQ(outbox().unacknowledged(), 3U);
  EXPECT_FALSE(lane_.is_confirmed());
}

TEST_F(AckedOutbox, IgnoresWhatIsNoAcknowledgement) {
  cut(0);
  EXPECT_EQ(flush(), Flushed::kAll);
  const std::string right = test::bytes_of(ack_of(0));
  std::string damaged = right;
  damaged[8] ^= 1;
  const Strings wrong{"",
                      "hello",
                      right.substr(0, 39),
                      right + '\0',
                      std::string(100'000, 'x'),
                      damaged,
                      std::string(batch_of(0).body.view())};
  for (const std::string& message : wrong) socket_.deliver(message);
  EXPECT_TRUE(outbox().read_acks(kStart));
  EXPECT_EQ(stats_.acks_ignored.value(), wrong.size());
  EXPECT_EQ(outbox().unacknowledged(), 1U);
}

TEST_F(AckedOutbox, ReadsABoundedNumberAtATime) {
  for (int i = 0; i < 5000; ++i) socket_.deliver("flood");
  std::size_t reads = 1;
  EXPECT_TRUE(outbox().read_acks(kStart));
  EXPECT_LT(stats_.acks_ignored.value(), 5000U);
  while (outbox().read_acks(kStart)) ++reads;
  EXPECT_EQ(stats_.acks_ignored.value(), 5000U);
  EXPECT_LT(reads, 10U);
}

TEST_F(AckedOutbox, SendsAgainSoonWhatAPeerThatWentMayHaveHad) {
  cut(0);
  cut(1);
  EXPECT_EQ(flush(), Flushed::kAll);
  socket_.lose_peer();
  EXPECT_FALSE(outbox().read_acks(kStart + 1s)) << "there were none";
  EXPECT_EQ(outbox().next_resend(), kStart + 1250ms);
  acknowledge(ack_of(1), 1100ms);  // another peer had that
  EXPECT_EQ(outbox().next_resend(), kStart + 1250ms) << "it was one loss";
  EXPECT_EQ(flush(1249ms), Flushed::kAll);
  EXPECT_EQ(sent().size(), 2U);
  EXPECT_EQ(flush(1250ms), Flushed::kAll);
  EXPECT_EQ(sent(), (Strings{"0+1", "1+1", "0+1"}));
  EXPECT_EQ(outbox().next_resend(), kStart + 11250ms);
}

TEST_F(AckedOutbox, SendsAgainWhatWasInFlightWhenTheSocketBroke) {
  settings_.ack_window = 3;
  for (const std::uint64_t first : {0U, 1U}) cut(first);
  EXPECT_EQ(flush(), Flushed::kAll);
  cut(2);
  socket_.answer_next(SendResult::kBroken);
  EXPECT_EQ(flush(1s), Flushed::kBroken);
  sink_.close(0ms);
  outbox().note_closed(kStart + 1s);
  EXPECT_EQ(outbox().next_resend(), kStart + 1s);
  sink_.open();
  EXPECT_EQ(flush(2s), Flushed::kAll);
  EXPECT_EQ(sent(), (Strings{"0+1", "1+1", "2+1", "0+1", "1+1"}));
  EXPECT_EQ(socket_.breach(), "");
  EXPECT_EQ(stats_.resent.value(), 2U);
  EXPECT_EQ(stats_.sent_messages.value(), 3U);
}

TEST_F(AckedOutbox, SettlesNothingTwice) {
  publish_and_read(2);
  cut(0, 1);
  cut(1, 1);
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_EQ(flush(10s), Flushed::kAll);
  acknowledge(ack_of(0), 10s);
  acknowledge(ack_of(0), 10s);
  EXPECT_FALSE(lane_.is_confirmed());
  EXPECT_FALSE(lane_.is_settled());
  acknowledge(ack_of(1), 10s);
  EXPECT_TRUE(lane_.is_confirmed());
}

TEST_F(AckedOutbox, GivesUpInTheOrderOfTheFirstSending) {
  settings_.ack_window = 4;
  for (const std::uint64_t first : {0U, 1U, 2U}) cut(first);
  EXPECT_EQ(flush(), Flushed::kAll);
  cut(3);
  cut(4);
  outbox().ready().push_back(test::beat_of(5));
  socket_.answer_next(SendResult::kSent);  // the first one, again
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(flush(10s), Flushed::kBlocked);
  acknowledge(ack_of(2), 10s);
  EXPECT_EQ(outbox().unacknowledged(), 2U);
  static_cast<void>(sink_.recover(outbox().offered()));
  EXPECT_EQ(firsts_of(outbox().take_all()), (std::vector<std::uint64_t>{0, 1, 3, 4}));
  EXPECT_FALSE(outbox().awaits_acks());
  EXPECT_EQ(outbox().bytes(), 0U);
  EXPECT_TRUE(outbox().take_all().empty());
}

TEST_F(AckedOutbox, GivesUpWhatWasOfferedForTheFirstTimeThoughTheWindowIsFull) {
  settings_.ack_window = 1;
  cut(0);
  cut(1);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  acknowledge(ack_of(0));
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  cut(2);
  EXPECT_EQ(firsts_of(outbox().take_all()), (std::vector<std::uint64_t>{1, 2}));
}

TEST_F(AckedOutbox, GivesUpNothingThatIsAcknowledgedThoughTheSinkHasACopy) {
  cut(0);
  EXPECT_EQ(flush(), Flushed::kAll);
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(flush(10s), Flushed::kBlocked);
  acknowledge(ack_of(0), 10s);
  EXPECT_TRUE(outbox().take_all().empty());
}

TEST_F(AckedOutbox, HasReplaysUntilTheyAreAcknowledged) {
  for (const std::uint64_t first : {0U, 1U}) replay(first);
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_TRUE(outbox().has_replays());
  EXPECT_EQ(stats_.replayed.value(), 2U);
  acknowledge(ack_of(0));
  EXPECT_TRUE(outbox().has_replays());
  EXPECT_EQ(flush(10s), Flushed::kAll);
  EXPECT_EQ(stats_.replayed.value(), 2U) << "each once";
  EXPECT_EQ(stats_.resent.value(), 1U);
  acknowledge(ack_of(1), 10s);
  EXPECT_FALSE(outbox().has_replays());
  EXPECT_EQ(stats_.sent_messages.value(), 0U);
}

TEST_F(AckedOutbox, DeliversAReplayThatIsThereTwiceOnce) {
  settings_.ack_window = 3;
  for (int i = 0; i < 2; ++i) replay(4, 2);
  EXPECT_EQ(flush(), Flushed::kAll);
  EXPECT_EQ(outbox().unacknowledged(), 2U);
  EXPECT_TRUE(outbox().has_replays());
  acknowledge(ack_of(4, 2));
  EXPECT_FALSE(outbox().has_replays());
  EXPECT_FALSE(outbox().awaits_acks());
}

TEST_F(AckedOutbox, SaysHowManyBytesAreHere) {
  const std::size_t each = batch_of(0).body.size();
  cut(0);
  cut(1);
  cut(2);
  EXPECT_EQ(outbox().bytes(), 3 * each);
  EXPECT_EQ(flush(), Flushed::kBlocked);
  EXPECT_EQ(outbox().bytes(), 3 * each);
  acknowledge(ack_of(0));
  EXPECT_EQ(outbox().bytes(), 2 * each);
}

}  // namespace
}  // namespace omzmq
