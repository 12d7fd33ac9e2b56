// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/batcher.hpp"
#include "core/lane.hpp"

// Which frames settle what of whose lane.

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr Clock::time_point kStart{1h};

class Shares : public testing::TestWithParam<Format> {
 protected:
  Shares() { settings_.format = GetParam(); }

  // The batcher reads the settings when it is made: so the first call of it comes after them.
  Batcher& batcher() {
    if (!batcher_) batcher_.emplace(settings_, kStart);
    return *batcher_;
  }

  void add(Lane* lane, std::string_view payload, const std::vector<std::string_view>& topics = {}) {
    Message message;
    message.payload = payload;
    for (const auto topic : topics) message.topics[message.topic_count++] = topic;
    message.published = kStart;
    message.awaited_by = lane;
    batcher().add(message, kStart, ready_);
  }

  void cut_all() { batcher().cut_all(kStart, ready_); }

  // What all frames that are ready settle of the lane.
  std::uint32_t shares_of(const Lane& lane) const {
    std::uint32_t messages = 0;
    for (const Frame& frame : ready_) {
      std::map<const Lane*, int> seen;
      for (const Share& share : frame.shares) {
        EXPECT_EQ(++seen[share.lane], 1) << "twice in one frame";
        if (share.lane == &lane) messages += share.messages;
      }
    }
    return messages;
  }

  // Settles what the frame at the front is answered for, as when it is sent.
  void settle_front() {
    for (const Share& share : ready_.front().shares) share.lane->settle(share.messages);
    ready_.pop_front();
  }

  void settle_all() {
    while (!ready_.empty()) settle_front();
  }

  Settings settings_;
  Lane one_{1024};
  Lane two_{1024};
  std::deque<Frame> ready_;

 private:
  std::optional<Batcher> batcher_;
};

TEST_P(Shares, AreNotTakenWhereNobodyWaits) {
  for (const char* payload : {"a", "b", "c"}) add(nullptr, payload);
  cut_all();
  ASSERT_FALSE(ready_.empty());
  for (const Frame& frame : ready_) EXPECT_TRUE(frame.shares.empty());
}

TEST_P(Shares, AreHeldUntilTheLastFrameIsSettled) {
  settings_.batch_max_messages = 2;
  for (const char* payload : {"a", "b", "c", "d", "e"}) add(&one_, payload);
  EXPECT_FALSE(one_.is_settled());
  cut_all();
  EXPECT_EQ(ready_.size(), GetParam() == Format::kRaw ? 5U : 3U);
  EXPECT_EQ(shares_of(one_), 5U);
  while (ready_.size() > 1) {
    settle_front();
    EXPECT_FALSE(one_.is_settled());
  }
  settle_front();
  EXPECT_TRUE(one_.is_settled());
}

TEST_P(Shares, AreHeldFromTheBeginning) {
  add(&one_, "a");
  EXPECT_EQ(ready_.empty(), GetParam() != Format::kRaw);
  EXPECT_FALSE(one_.is_settled());
}

TEST_P(Shares, BelongToTheLaneThatTheMessageCameFrom) {
  add(&one_, "a");
  add(&two_, "b");
  add(nullptr, "of nobody");
  add(&one_, "c");
  cut_all();
  EXPECT_EQ(shares_of(one_), 2U);
  EXPECT_EQ(shares_of(two_), 1U);
  settle_all();
  EXPECT_TRUE(one_.is_settled() && two_.is_settled());
}

TEST_P(Shares, OfAMessageWithSeveralDynamicTopicsAreInEachOfItsFrames) {
  settings_.sock_type = SocketType::kPub;
  settings_.topics = {"template1", "template2", "template3"};
  settings_.dyna_topic = true;
  add(&one_, "a", {"x", "y", "z"});
  add(&one_, "b", {"x", "x", "y"});
  cut_all();
  EXPECT_EQ(shares_of(one_), 6U);
  std::uint32_t messages = 0;
  for (const Frame& frame : ready_) messages += frame.messages;
  EXPECT_EQ(messages, 2U) << "each message counts once";
  while (ready_.size() > 1) {
    settle_front();
    EXPECT_FALSE(one_.is_settled());
  }
  settle_front();
  EXPECT_TRUE(one_.is_settled());
}

TEST_P(Shares, OfAMessageWithSeveralFixedTopicsAreSettledWithItsLastFrame) {
  settings_.sock_type = SocketType::kPub;
  settings_.topics = {"x", "y"};
  add(&one_, "a");
  cut_all();
  while (ready_.size() > 1) {
    settle_front();
    EXPECT_FALSE(one_.is_settled());
  }
  settle_front();
  EXPECT_TRUE(one_.is_settled());
}

TEST_P(Shares, AreInAFrameThatIsCutForAMessageThatDoesNotFit) {
  settings_.batch_max_bytes = 1024;
  add(&one_, std::string(1000, 'a'));
  add(&two_, std::string(1000, 'b'));
  ASSERT_FALSE(ready_.empty());
  EXPECT_EQ(shares_of(one_), 1U);
  settle_front();
  EXPECT_TRUE(one_.is_settled());
  EXPECT_FALSE(two_.is_settled());
  cut_all();
  settle_all();
  EXPECT_TRUE(two_.is_settled());
}

std::string name_of(const testing::TestParamInfo<Format>& tested) {
  switch (tested.param) {
    case Format::kRaw:
      return "Raw";
    case Format::kLines:
      return "Lines";
    case Format::kPacked:
      break;
  }
  return "Packed";
}

INSTANTIATE_TEST_SUITE_P(OfEachFormat, Shares,
                         testing::Values(Format::kRaw, Format::kLines, Format::kPacked), name_of);

}  // namespace
}  // namespace omzmq
