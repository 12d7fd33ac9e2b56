// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What is made of the events of libzmq's monitor, in orders that cannot be had at will from libzmq.
#include "zmq/connections.hpp"

#include <gtest/gtest.h>
#include <zmq.h>

#include <cerrno>
#include <string>
#include <vector>

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using Kind = PeerEvent::Kind;

constexpr const char* kEndpoint = "tcp://192.0.2.1:5555";

struct Heard {
  Kind kind;
  std::string address;
  bool operator==(const Heard&) const = default;
};

class Ear final : public PeerListener {
 public:
  void note(const PeerEvent& event, Clock::time_point /*now*/) noexcept override {
    heard.push_back({event.kind, std::string(event.address)});
    why = event.why;
  }

  std::vector<Heard> heard;
  std::string why;  ///< of the last one
};

class ConnectionsTest : public testing::Test {
 protected:
  void event(int kind, unsigned value, const std::string& endpoint = kEndpoint,
             const std::string& peer = {}) {
    connections_.note({static_cast<std::uint16_t>(kind), value, endpoint, peer}, now_, ear_);
  }
  void accept(int fd) {
    event(ZMQ_EVENT_ACCEPTED, static_cast<unsigned>(fd), kEndpoint, "peer-" + std::to_string(fd));
  }
  void succeed(const std::string& endpoint = kEndpoint) {
    event(ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0, endpoint);
  }
  void refuse() { event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400); }
  void end(int fd, const std::string& endpoint = kEndpoint) {
    event(ZMQ_EVENT_DISCONNECTED, static_cast<unsigned>(fd), endpoint);
  }
  void fail(int fd, const std::string& endpoint = kEndpoint) {
    event(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EPIPE, endpoint);
    end(fd, endpoint);
  }
  void break_protocol(int fd, unsigned code) {
    event(ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, code);
    end(fd);
  }
  std::size_t count(Kind kind) const {
    std::size_t n = 0;
    for (const Heard& one : ear_.heard) n += one.kind == kind ? 1 : 0;
    return n;
  }

  Connections connections_{true, 10s};
  Ear ear_;
  Clock::time_point now_{1000s};
};

TEST_F(ConnectionsTest, APeerComesAndGoesWithItsAddress) {
  accept(5);
  succeed();
  end(5);
  EXPECT_EQ(ear_.heard, (std::vector<Heard>{{Kind::kCame, "peer-5"}, {Kind::kWent, "peer-5"}}));
  EXPECT_EQ(connections_.losses(), 1U);
}

TEST_F(ConnectionsTest, AnAddressThatIsNotKnownIsSaidToBeUnknown) {
  event(ZMQ_EVENT_ACCEPTED, 5);
  succeed();
  EXPECT_EQ(ear_.heard, (std::vector<Heard>{{Kind::kCame, "an unknown address"}}));
}

TEST_F(ConnectionsTest, AFailureIsToldWithItsAddress) {
  accept(5);
  fail(5);
  EXPECT_EQ(ear_.heard, (std::vector<Heard>{{Kind::kFailed, "peer-5"}}));
  EXPECT_NE(ear_.why.find("closed the connection"), std::string::npos);
  EXPECT_EQ(connections_.losses(), 0U);
}

TEST_F(ConnectionsTest, WhatEndsWithoutAWordBeforeItsHandshakeFailed) {
  accept(5);
  end(5);
  EXPECT_EQ(ear_.heard, (std::vector<Heard>{{Kind::kFailed, "peer-5"}}));
  EXPECT_NE(ear_.why.find("no ZeroMQ socket"), std::string::npos);
}

TEST_F(ConnectionsTest, TheReasonIsThatOfLibzmq) {
  const auto why = [this](unsigned code) {
    accept(5);
    break_protocol(5, code);
    return ear_.why;
  };
  EXPECT_NE(why(ZMQ_PROTOCOL_ERROR_ZMTP_MECHANISM_MISMATCH).find("CURVE"), std::string::npos);
  EXPECT_NE(why(ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC).find("keys"), std::string::npos);
  EXPECT_NE(why(ZMQ_PROTOCOL_ERROR_ZMTP_INVALID_METADATA).find("socket type"), std::string::npos);
  EXPECT_NE(why(0x10000012).find("0x10000012"), std::string::npos);
  EXPECT_EQ(count(Kind::kFailed), 4U);
}

TEST_F(ConnectionsTest, OneThatTookTheWholeTimeWasTooSlow) {
  accept(5);
  now_ += 10s;
  fail(5);
  EXPECT_NE(ear_.why.find("handshakeTimeout"), std::string::npos);
}

TEST_F(ConnectionsTest, AReasonIsNotCarriedOverToAnother) {
  accept(5);
  accept(6);
  event(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EPIPE);
  end(5);
  end(6);
  EXPECT_NE(ear_.why.find("no ZeroMQ socket"), std::string::npos);
}

// ---- Several handshakes at a time

TEST_F(ConnectionsTest, NamesAllThatAPeerMayBe) {
  accept(5);
  accept(6);
  succeed();
  ASSERT_EQ(count(Kind::kCame), 1U);
  const std::string address = ear_.heard.front().address;
  EXPECT_TRUE(address == "peer-5 or peer-6" || address == "peer-6 or peer-5") << address;
  for (int fd = 7; fd < 20; ++fd) accept(fd);
  succeed();
  EXPECT_EQ(ear_.heard.back().address, "an unknown address");
}

TEST_F(ConnectionsTest, EliminationFindsThePeer) {
  accept(5);  // says nothing
  accept(6);
  succeed();
  fail(5);
  end(6);
  EXPECT_EQ(ear_.heard.back(), (Heard{Kind::kWent, "peer-6"}));
  EXPECT_EQ(count(Kind::kFailed), 1U);
  EXPECT_EQ(connections_.losses(), 1U);
}

TEST_F(ConnectionsTest, WhoCameAfterASuccessDidNotHaveIt) {
  accept(5);
  accept(6);
  succeed();
  accept(7);
  end(7);
  EXPECT_EQ(ear_.heard.back(), (Heard{Kind::kFailed, "peer-7"}));
  EXPECT_EQ(connections_.losses(), 0U);
}

TEST_F(ConnectionsTest, AllAreKnownOnceAllHaveSucceeded) {
  accept(5);
  accept(6);
  succeed();
  succeed();
  accept(7);
  break_protocol(6, ZMQ_PROTOCOL_ERROR_ZMTP_CRYPTOGRAPHIC);  // of a peer, later on
  EXPECT_EQ(ear_.heard.back(), (Heard{Kind::kWent, "peer-6"}));
  end(5);
  EXPECT_EQ(ear_.heard.back(), (Heard{Kind::kWent, "peer-5"}));
  fail(7);
  EXPECT_EQ(count(Kind::kFailed), 1U);
}

TEST_F(ConnectionsTest, SuccessesAreThoseOfTheirEndpoint) {
  accept(5);
  event(ZMQ_EVENT_ACCEPTED, 6, "tcp://192.0.2.1:7777", "peer-6");
  succeed("tcp://192.0.2.1:7777");
  EXPECT_EQ(ear_.heard.back(), (Heard{Kind::kCame, "peer-6"}));
  end(5);
  EXPECT_EQ(ear_.heard.back(), (Heard{Kind::kFailed, "peer-5"}));
  EXPECT_EQ(connections_.losses(), 0U);
}

TEST_F(ConnectionsTest, NoPeerIsMissedWhereItCannotBeTold) {
  accept(5);
  accept(6);
  succeed();
  end(5);
  end(6);
  EXPECT_EQ(count(Kind::kWent), 1U);
  EXPECT_EQ(count(Kind::kFailed), 1U);
  EXPECT_EQ(connections_.losses(), 2U) << "either may have been the peer";
}

TEST_F(ConnectionsTest, ADescriptorIsUsedAgain) {
  for (int n = 0; n < 3; ++n) {
    accept(5);
    succeed();
    end(5);
    accept(5);
    fail(5);
  }
  EXPECT_EQ(count(Kind::kCame), 3U);
  EXPECT_EQ(count(Kind::kWent), 3U);
  EXPECT_EQ(count(Kind::kFailed), 3U);
}

// ---- Authentication

TEST_F(ConnectionsTest, WhoIsTurnedAwayIsNoFailedHandshakeToo) {
  accept(5);
  refuse();
  end(5);
  accept(6);
  refuse();
  fail(6);  // gone before it was told
  EXPECT_EQ(count(Kind::kTurnedAway), 2U);
  EXPECT_EQ(ear_.heard.size(), 2U);
}

TEST_F(ConnectionsTest, GoodPeersAreNotTakenForThoseTurnedAway) {
  accept(5);
  succeed();
  accept(6);
  refuse();
  end(5);
  EXPECT_EQ(ear_.heard.back(), (Heard{Kind::kWent, "peer-5"}));
  end(6);
  EXPECT_EQ(count(Kind::kFailed), 0U);
  EXPECT_EQ(count(Kind::kTurnedAway), 1U);
}

TEST_F(ConnectionsTest, TheSumIsRightWhereAScannerTakesThePlaceOfOneTurnedAway) {
  accept(5);
  accept(6);
  refuse();
  fail(5);
  end(6);
  EXPECT_EQ(count(Kind::kTurnedAway), 1U);
  EXPECT_EQ(count(Kind::kFailed), 1U);
}

TEST_F(ConnectionsTest, AServerThatRefusesUsIsNamed) {
  event(ZMQ_EVENT_CONNECTED, 5, "tcp://logs:1");
  event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, 400, "tcp://logs:1");
  end(5, "tcp://logs:1");
  EXPECT_EQ(ear_.heard, (std::vector<Heard>{{Kind::kAnswered, "tcp://logs:1"},
                                            {Kind::kRefused, "tcp://logs:1"}}));
}

// ---- Connecting

TEST_F(ConnectionsTest, AnAttemptThatIsUnderWayHasNoAnswerYet) {
  event(ZMQ_EVENT_CONNECT_DELAYED, EINPROGRESS, "tcp://logs:1");
  event(ZMQ_EVENT_CONNECT_RETRIED, 100, "tcp://logs:1");
  event(ZMQ_EVENT_CONNECT_DELAYED, EINPROGRESS, "tcp://logs:1");
  EXPECT_EQ(count(Kind::kNoAnswer), 2U);
  EXPECT_EQ(count(Kind::kNoWay), 0U);
  event(ZMQ_EVENT_CONNECTED, 5, "tcp://logs:1");
  succeed("tcp://logs:1");
  EXPECT_EQ(ear_.heard.back(), (Heard{Kind::kCame, "tcp://logs:1"}));
}

TEST_F(ConnectionsTest, AnAttemptThatIsGivenUpAtOnceHasNoWay) {
  event(ZMQ_EVENT_CONNECT_RETRIED, 100, "tcp://logs:1");
  event(ZMQ_EVENT_CONNECT_RETRIED, 100, "tcp://logs:1");
  EXPECT_EQ(count(Kind::kNoWay), 2U);
}

// ---- Several I/O threads

TEST(ConnectionsOutOfOrder, MissNoPeerBehindAnothersFailure) {
  Connections connections(false, 10s);
  Ear ear;
  const auto event = [&](int kind, unsigned value) {
    connections.note({static_cast<std::uint16_t>(kind), value, kEndpoint, {}}, Clock::time_point(),
                     ear);
  };
  event(ZMQ_EVENT_ACCEPTED, 5);
  event(ZMQ_EVENT_ACCEPTED, 6);
  event(ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
  event(ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, EPIPE);  // of 6
  event(ZMQ_EVENT_DISCONNECTED, 5);                    // the peer
  EXPECT_EQ(connections.losses(), 1U);
  event(ZMQ_EVENT_DISCONNECTED, 6);
  EXPECT_EQ(ear.heard.size(), 3U);
}

TEST(ConnectionsOutOfOrder, CountAnEndWhoseBeginningComesLater) {
  Connections connections(false, 10s);
  Ear ear;
  const auto event = [&](int kind, unsigned value) {
    connections.note({static_cast<std::uint16_t>(kind), value, kEndpoint, {}}, Clock::time_point(),
                     ear);
  };
  event(ZMQ_EVENT_HANDSHAKE_SUCCEEDED, 0);
  event(ZMQ_EVENT_DISCONNECTED, 5);
  event(ZMQ_EVENT_ACCEPTED, 5);
  ASSERT_EQ(ear.heard.size(), 2U);
  EXPECT_EQ(ear.heard[0].kind, Kind::kCame);
  EXPECT_EQ(ear.heard[1].kind, Kind::kWent);
  EXPECT_EQ(connections.losses(), 1U);
}

}  // namespace
}  // namespace omzmq
