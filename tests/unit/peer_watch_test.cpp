// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/peer_watch.hpp"

#include <gtest/gtest.h>

#include "support/recording_host.hpp"
#include "support/sender_fixture.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using Kind = PeerEvent::Kind;

class PeerWatchTest : public testing::Test {
 protected:
  void note(Kind kind, std::string_view address = "192.0.2.1:5", std::string_view why = {}) {
    watch_.note({kind, address, why}, now_);
  }
  void pass(Clock::duration time) {
    now_ += time;
    watch_.tell_due(now_);
  }
  std::size_t lines(omzmq_severity severity, std::string_view text) {
    return host_.count(severity, std::string(text));
  }
  std::size_t lines() {
    return lines(OMZMQ_LOG_INFO, "") + lines(OMZMQ_LOG_WARNING, "") + lines(OMZMQ_LOG_ERROR, "");
  }

  test::RecordingHost host_;
  Log log_ = host_.log();
  SenderStats stats_;
  PeerWatch watch_{stats_, log_};
  Clock::time_point now_{1000s};
};

TEST_F(PeerWatchTest, CountsAndTellsOfPeersThatComeAndGo) {
  note(Kind::kCame);
  note(Kind::kCame, "192.0.2.2:6");
  EXPECT_EQ(stats_.peers.value(), 2U);
  note(Kind::kWent);
  EXPECT_EQ(stats_.peers.value(), 1U);
  EXPECT_EQ(stats_.connects.value(), 2U);
  EXPECT_EQ(stats_.disconnects.value(), 1U);
  EXPECT_EQ(lines(OMZMQ_LOG_INFO, "a peer has come: 192.0.2.1:5 (1 now)"), 1U);
  EXPECT_EQ(lines(OMZMQ_LOG_INFO, "a peer has come: 192.0.2.2:6 (2 now)"), 1U);
  EXPECT_EQ(lines(OMZMQ_LOG_INFO, "a peer has gone: 192.0.2.1:5 (1 left)"), 1U);
  EXPECT_EQ(lines(), 3U);
}

TEST_F(PeerWatchTest, NeverCountsFewerThanNoPeers) {
  note(Kind::kWent);
  EXPECT_EQ(stats_.peers.value(), 0U);
  note(Kind::kCame);
  EXPECT_EQ(stats_.peers.value(), 1U);
}

TEST_F(PeerWatchTest, CountsAndTellsOfHandshakesThatFail) {
  note(Kind::kFailed, "192.0.2.1:5", "because");
  EXPECT_EQ(stats_.handshake_failed.value(), 1U);
  EXPECT_EQ(stats_.auth_failed.value(), 0U);
  EXPECT_EQ(lines(OMZMQ_LOG_WARNING, "no handshake with 192.0.2.1:5: because"), 1U);
}

TEST_F(PeerWatchTest, TellsOfTheServerThatRefusesUs) {
  note(Kind::kRefused, "tcp://logs:5555");
  EXPECT_EQ(stats_.auth_failed.value(), 1U);
  EXPECT_EQ(stats_.handshake_failed.value(), 0U);
  EXPECT_EQ(lines(OMZMQ_LOG_ERROR, "tcp://logs:5555 refuses us"), 1U);
}

TEST_F(PeerWatchTest, OnlyCountsThoseThatAreTurnedAway) {
  note(Kind::kTurnedAway);
  EXPECT_EQ(stats_.auth_failed.value(), 1U);
  EXPECT_EQ(lines(), 0U);
}

TEST_F(PeerWatchTest, MakesAFewLinesOfAThousandPeers) {
  for (int i = 0; i < 1000; ++i) note(Kind::kCame);
  pass(1s);
  EXPECT_EQ(lines(), LogLimit::kAtOnce);
  EXPECT_EQ(watch_.next_deadline(), now_ - 1s + LogLimit::kInterval);
  pass(LogLimit::kInterval);
  EXPECT_EQ(lines(), LogLimit::kAtOnce + 1);
  EXPECT_EQ(lines(OMZMQ_LOG_INFO, "995 more peers have come and were not logged"), 1U);
  EXPECT_EQ(stats_.connects.value(), 1000U);
  EXPECT_EQ(watch_.next_deadline(), Clock::time_point::max());
}

TEST_F(PeerWatchTest, DoesNotLetOneKindOfLineHideAnother) {
  for (int i = 0; i < 100; ++i) note(Kind::kFailed);
  note(Kind::kCame);
  EXPECT_EQ(lines(OMZMQ_LOG_INFO, "a peer has come"), 1U);
}

TEST_F(PeerWatchTest, KeepsTheGaugeRightWhenTheSocketIsClosed) {
  note(Kind::kCame);
  note(Kind::kCame);
  watch_.note_closed();
  EXPECT_EQ(stats_.peers.value(), 0U);
  EXPECT_EQ(stats_.disconnects.value(), 2U);
  note(Kind::kCame);
  EXPECT_EQ(stats_.peers.value(), 1U);
}

// ---- Endpoints that nobody answers at

TEST_F(PeerWatchTest, IsSilentAboutAnEndpointThatAnswersSoon) {
  note(Kind::kNoAnswer, "tcp://logs:5555");
  pass(PeerWatch::kTellOutageAfter - 1ms);
  note(Kind::kAnswered, "tcp://logs:5555");
  pass(1h);
  EXPECT_EQ(lines(), 0U);
}

TEST_F(PeerWatchTest, TellsOnceOfAnOutageThatLastsAndOnceOfItsEnd) {
  note(Kind::kNoAnswer, "tcp://logs:5555");
  EXPECT_EQ(watch_.next_deadline(), now_ + PeerWatch::kTellOutageAfter);
  pass(PeerWatch::kTellOutageAfter);
  EXPECT_EQ(lines(OMZMQ_LOG_WARNING, "nobody answers at 'tcp://logs:5555' for 5 s"), 1U);
  EXPECT_EQ(watch_.next_deadline(), Clock::time_point::max());
  for (int i = 0; i < 11; ++i) {
    note(Kind::kNoAnswer, "tcp://logs:5555");
    pass(5s);
  }
  EXPECT_EQ(lines(), 1U);
  note(Kind::kAnswered, "tcp://logs:5555");
  EXPECT_EQ(lines(OMZMQ_LOG_INFO, "'tcp://logs:5555' answers again, after 60 s and 12 attempts"),
            1U);
  EXPECT_EQ(lines(), 2U);
}

TEST_F(PeerWatchTest, SaysWhatIsLikelyWhereNothingCanEvenBeTried) {
  note(Kind::kNoWay, "tcp://no-such-name:5555");
  pass(PeerWatch::kTellOutageAfter);
  EXPECT_EQ(lines(OMZMQ_LOG_WARNING, "'tcp://no-such-name:5555' cannot be reached for 5 s"), 1U);
  EXPECT_EQ(lines(OMZMQ_LOG_WARNING, "name has no address"), 1U);
}

TEST_F(PeerWatchTest, MakesAFewLinesOfManyEndpointsThatDoNotAnswer) {
  for (int i = 0; i < 50; ++i) note(Kind::kNoAnswer, "tcp://logs:" + std::to_string(i));
  pass(PeerWatch::kTellOutageAfter);
  EXPECT_EQ(lines(), LogLimit::kAtOnce);
  for (int i = 0; i < 50; ++i) note(Kind::kAnswered, "tcp://logs:" + std::to_string(i));
  EXPECT_EQ(lines(OMZMQ_LOG_INFO, "answers again"), LogLimit::kAtOnce) << "an end for a beginning";
  pass(LogLimit::kInterval);
  EXPECT_EQ(lines(OMZMQ_LOG_WARNING, "45 more endpoints do not answer and were not logged"), 1U);
}

// ---- The sender asks

class SenderPeers : public test::SenderTest {};

TEST_F(SenderPeers, AreWatchedInEachDutyCycle) {
  static_cast<void>(work());
  socket_.tell({Kind::kCame, "192.0.2.1:5", {}});
  static_cast<void>(work());
  EXPECT_EQ(stats_.peers.value(), 1U);
}

TEST_F(SenderPeers, AreWatchedWhileItIsBlocked) {
  const auto lane = open_lane();
  publish(*lane, {"a"});
  socket_.answer(SendResult::kWouldBlock);
  EXPECT_EQ(work(), Outcome::kBlocked);
  socket_.tell({Kind::kCame, "192.0.2.1:5", {}});
  EXPECT_EQ(work(), Outcome::kBlocked);
  EXPECT_EQ(stats_.peers.value(), 1U);
}

TEST_F(SenderPeers, AreWatchedWhileTheSocketCannotBeOpened) {
  socket_.fail_to_open(100);
  static_cast<void>(work());
  socket_.tell({Kind::kFailed, "192.0.2.1:5", "because"});
  static_cast<void>(work());
  EXPECT_EQ(stats_.handshake_failed.value(), 1U);
}

TEST_F(SenderPeers, AreGoneWhenTheSocketBreaks) {
  const auto lane = open_lane();
  static_cast<void>(work());
  socket_.tell({Kind::kCame, "192.0.2.1:5", {}});
  publish(*lane, {"a"});
  socket_.answer_next(SendResult::kBroken);
  static_cast<void>(work());
  EXPECT_EQ(stats_.connects.value(), 1U);
  EXPECT_EQ(stats_.disconnects.value(), 1U);
  EXPECT_EQ(stats_.peers.value(), 0U);
}

}  // namespace
}  // namespace omzmq
