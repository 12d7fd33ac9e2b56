// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/given_up.hpp"

#include <gtest/gtest.h>
#include <zmq.h>

#include <string>
#include <vector>

namespace omzmq {
namespace {

constexpr const char* kFirst = "tcp://10.0.0.1:1";
constexpr const char* kSecond = "tcp://hub:2";
constexpr const char* kBound = "tcp://10.0.0.9:9";

class GivenUpTest : public testing::Test {
 protected:
  GivenUpTest() {
    settings_.sock_type = SocketType::kPush;
    settings_.reconnect_max_interval = Settings::Ms(100);
  }
  GivenUp connected_to(const std::vector<std::string>& endpoints) {
    for (const std::string& one : endpoints) settings_.endpoints.push_back(parse_endpoint(one));
    return GivenUp(settings_);
  }
  static MonitorEvent event(int kind, const std::string& endpoint) {
    return {.kind = static_cast<std::uint16_t>(kind), .value = 0, .endpoint = endpoint, .peer = {}};
  }
  static Clock::time_point at(int ms) { return Clock::time_point(std::chrono::milliseconds(ms)); }

  Settings settings_;
};

using Strings = std::vector<std::string>;

TEST_F(GivenUpTest, IsDueAfterAPauseThatDoubles) {
  GivenUp given_up = connected_to({kFirst});
  given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, kFirst), at(0));
  EXPECT_EQ(given_up.next_deadline(), at(100));
  EXPECT_EQ(given_up.take_due(at(99)), Strings{});
  EXPECT_EQ(given_up.take_due(at(100)), Strings{kFirst});
  given_up.note(event(ZMQ_EVENT_CONNECT_DELAYED, kFirst), at(101));
  EXPECT_EQ(given_up.take_due(at(10000)), Strings{});
  given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, kFirst), at(10000));
  EXPECT_EQ(given_up.next_deadline(), at(10200));
}

TEST_F(GivenUpTest, IsDueAgainWhenNothingCameOfTheTry) {
  GivenUp given_up = connected_to({kFirst});
  given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, kFirst), at(0));
  EXPECT_EQ(given_up.take_due(at(100)), Strings{kFirst});
  EXPECT_EQ(given_up.take_due(at(100)), Strings{});
  EXPECT_EQ(given_up.take_due(at(300)), Strings{kFirst});
}

TEST_F(GivenUpTest, NeverWaitsForMoreThanAMinute) {
  GivenUp given_up = connected_to({kFirst});
  Clock::time_point now = at(0);
  for (int i = 0; i < 100; ++i) {
    given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, kFirst), now);
    EXPECT_LE(given_up.next_deadline() - now, GivenUp::kLongestPause);
    now = given_up.next_deadline();
    ASSERT_EQ(given_up.take_due(now), Strings{kFirst});
  }
  given_up.note(event(ZMQ_EVENT_HANDSHAKE_SUCCEEDED, kFirst), now);
  given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, kFirst), now);
  EXPECT_EQ(given_up.next_deadline() - now, std::chrono::milliseconds(100));
}

TEST_F(GivenUpTest, IsNothingWhileLibzmqTriesByItself) {
  GivenUp given_up = connected_to({kFirst});
  for (const int kind : {ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, ZMQ_EVENT_DISCONNECTED}) {
    given_up.note(event(kind, kFirst), at(0));
  }
  EXPECT_EQ(given_up.next_deadline(), Clock::time_point::max());
  for (const int kind : {ZMQ_EVENT_CONNECT_RETRIED, ZMQ_EVENT_CONNECTED}) {
    given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, kFirst), at(0));
    given_up.note(event(kind, kFirst), at(1));
    EXPECT_EQ(given_up.next_deadline(), Clock::time_point::max());
  }
}

TEST_F(GivenUpTest, TakesAllOfThemWhenTheFirstIsDue) {
  GivenUp given_up = connected_to({kFirst, kSecond});
  given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, kSecond), at(0));
  given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, kFirst), at(50));
  EXPECT_EQ(given_up.take_due(at(100)), (Strings{kFirst, kSecond}));
}

// libzmq's events have the address of a host when its name has been looked up.
TEST_F(GivenUpTest, KnowsTheOnlyEndpointByWhateverName) {
  GivenUp given_up = connected_to({kSecond});
  given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, "tcp://10.0.0.2:2"), at(0));
  EXPECT_EQ(given_up.take_due(at(100)), Strings{kSecond});
}

TEST_F(GivenUpTest, IsNotWhatOthersDoAtABoundEndpoint) {
  GivenUp given_up = connected_to({kFirst, std::string("@") + kBound});
  for (const char* const other : {kBound, "tcp://10.0.0.2:2"}) {
    given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, other), at(0));
    given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, other), at(0));
    EXPECT_FALSE(given_up.is_repeat({PeerEvent::Kind::kRefused, other, {}}));
  }
  EXPECT_EQ(given_up.next_deadline(), Clock::time_point::max());
}

TEST_F(GivenUpTest, TellsARepeatFromTheFirstTime) {
  GivenUp given_up = connected_to({kFirst});
  const auto fails_again = [&](PeerEvent::Kind kind, const char* why) {
    given_up.note(event(ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, kFirst), at(0));
    return given_up.is_repeat({kind, kFirst, why});
  };
  using enum PeerEvent::Kind;
  EXPECT_FALSE(fails_again(kRefused, ""));
  EXPECT_TRUE(fails_again(kRefused, ""));
  EXPECT_FALSE(fails_again(kFailed, "another fault")) << "is news";
  EXPECT_FALSE(fails_again(kFailed, "a third one")) << "is news";
  EXPECT_TRUE(fails_again(kFailed, "a third one"));
  given_up.note(event(ZMQ_EVENT_HANDSHAKE_SUCCEEDED, kFirst), at(2));
  EXPECT_FALSE(fails_again(kFailed, "a third one"));
}

}  // namespace
}  // namespace omzmq
