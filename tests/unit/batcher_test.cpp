// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/batcher.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr Clock::time_point kStart{std::chrono::hours(1)};
constexpr std::size_t kMiB = std::size_t{1} << 20;

class BatcherTest : public testing::Test {
 protected:
  void add(std::string_view payload, const std::vector<std::string_view>& topics = {},
           Clock::time_point published = kStart) {
    Message message;
    message.payload = payload;
    for (const auto topic : topics) message.topics[message.topic_count++] = topic;
    message.published = published;
    batcher_.add(message, kStart, ready_);
  }

  // Each frame that is ready as "topic,topic|body|messages".
  std::vector<std::string> taken() {
    std::vector<std::string> frames;
    for (const Frame& frame : ready_) {
      std::string shown;
      for (const std::string& topic : frame.topics) shown += (shown.empty() ? "" : ",") + topic;
      shown += '|' + std::string(frame.body.view()) + '|' + std::to_string(frame.messages);
      frames.push_back(shown);
    }
    ready_.clear();
    return frames;
  }

  using Frames = std::vector<std::string>;

  Settings settings_;
  std::deque<Frame> ready_;
  Batcher batcher_{settings_, kStart};
};

class RawBatcher : public BatcherTest {};

TEST_F(RawBatcher, MakesOneFrameOfEachMessage) {
  add("one");
  add(std::string_view("\0two\n", 5));
  add("");
  EXPECT_EQ(taken(), (Frames{"|one|1", std::string("|\0two\n|1", 8), "||1"}));
  EXPECT_EQ(batcher_.next_deadline(), Clock::time_point::max());
  EXPECT_EQ(batcher_.open_bytes(), 0U);
}

TEST_F(RawBatcher, PutsEachTopicBeforeThePayload) {
  settings_.topics = {"a.", "b."};
  add("x");
  // Two frames, one message.
  EXPECT_EQ(taken(), (Frames{"|a.x|1", "|b.x|0"}));
}

TEST_F(RawBatcher, SendsTopicsAsFramesOfTheirOwnWhenAsked) {
  settings_.topics = {"a", "b"};
  settings_.topic_frame = true;
  add("x");
  EXPECT_EQ(taken(), (Frames{"a,b|x|1"}));
}

TEST_F(RawBatcher, PutsRenderedTopicsBeforeThePayload) {
  settings_.topics = {"template1", "template2"};
  settings_.dyna_topic = true;
  add("x", {"t1", "t2"});
  add("y", {"", "t3"});
  EXPECT_EQ(taken(), (Frames{"|t1x|1", "|t2x|0", "|y|1", "|t3y|0"}));
}

TEST_F(RawBatcher, SendsRenderedTopicsAsFramesOfTheirOwnWhenAsked) {
  settings_.topics = {"template1", "template2"};
  settings_.dyna_topic = true;
  settings_.topic_frame = true;
  add("x", {"t1", "t2"});
  add("y", {"t3", ""});
  EXPECT_EQ(taken(), (Frames{"t1,t2|x|1", "t3,|y|1"}));
}

TEST_F(RawBatcher, CountsEveryByteOfEveryCopy) {
  settings_.topics = {"a", "bcd"};
  settings_.topic_frame = true;
  add("12345");
  EXPECT_EQ(ready_.front().wire_bytes, 2U * 5U + 4U);
}

class LineBatcher : public BatcherTest {
 protected:
  LineBatcher() { settings_.format = Format::kLines; }
};

TEST_F(LineBatcher, CutsAtTheNumberOfMessages) {
  settings_.batch_max_messages = 3;
  for (const char* payload : {"1", "2", "3", "4"}) add(payload);
  EXPECT_EQ(taken(), (Frames{"|1\n2\n3|3"}));
  batcher_.cut_all(kStart, ready_);
  EXPECT_EQ(taken(), (Frames{"|4|1"}));
}

TEST_F(LineBatcher, MakesSingleFramesWhenOneMessageIsTheLimit) {
  settings_.batch_max_messages = 1;
  add("1");
  add("");
  EXPECT_EQ(taken(), (Frames{"|1|1", "||1"}));
}

TEST_F(LineBatcher, CutsWhenTheBytesAreReachedExactly) {
  settings_.batch_max_bytes = 7;
  add("123");
  EXPECT_EQ(taken(), Frames{});
  add("456");
  EXPECT_EQ(taken(), (Frames{"|123\n456|2"}));
}

TEST_F(LineBatcher, CutsBeforeTheMessageThatIsOneByteTooLong) {
  settings_.batch_max_bytes = 7;
  add("123");
  add("4567");
  EXPECT_EQ(taken(), (Frames{"|123|1"}));
  batcher_.cut_all(kStart, ready_);
  EXPECT_EQ(taken(), (Frames{"|4567|1"}));
}

TEST_F(LineBatcher, SendsALargerMessageAlone) {
  settings_.batch_max_bytes = 7;
  add("1");
  add("a far larger message");
  add("2");
  EXPECT_EQ(taken(), (Frames{"|1|1", "|a far larger message|1"}));
  batcher_.cut_all(kStart, ready_);
  EXPECT_EQ(taken(), (Frames{"|2|1"}));
}

TEST_F(LineBatcher, MeasuresWhatEscapingAdds) {
  settings_.batch_max_bytes = 7;
  add("1");
  add("2\n3");  // "2#0123"
  EXPECT_EQ(taken(), (Frames{"|1|1"}));
  EXPECT_EQ(batcher_.open_bytes(), 6U);
}

TEST_F(LineBatcher, FillsFramesUpToTheLargestSizeThatCanBeSet) {
  settings_.batch_max_bytes = 64 * kMiB;
  const std::string payload(kMiB - 1, 'x');
  for (int i = 0; i < 10; ++i) add(payload);
  EXPECT_TRUE(ready_.empty()) << "cut at " << ready_.front().body.size() << " bytes";
}

TEST_F(LineBatcher, CutsWhenTheFirstMessageHasLingered) {
  settings_.batch_linger = 10ms;
  add("1", {}, kStart);
  add("2", {}, kStart + 9ms);
  EXPECT_EQ(batcher_.next_deadline(), kStart + 10ms);
  batcher_.cut_due(kStart + 10ms - 1ns, ready_);
  EXPECT_EQ(taken(), Frames{});
  batcher_.cut_due(kStart + 10ms, ready_);
  EXPECT_EQ(taken(), (Frames{"|1\n2|2"}));
  EXPECT_EQ(batcher_.next_deadline(), Clock::time_point::max());
}

TEST_F(LineBatcher, LingersAsLongAsTheOldestMessageAllows) {
  // Two workers: the one whose lane is read later may have published earlier.
  settings_.batch_linger = 10ms;
  add("late", {}, kStart + 9ms);
  add("early", {}, kStart);
  EXPECT_EQ(batcher_.next_deadline(), kStart + 10ms);
  batcher_.cut_due(kStart + 10ms, ready_);
  EXPECT_EQ(taken(), (Frames{"|late\nearly|2"}));
}

TEST_F(LineBatcher, StartsAnewAfterEachCut) {
  settings_.batch_max_messages = 2;
  for (int i = 0; i < 6; ++i) add("x");
  EXPECT_EQ(taken(), (Frames{"|x\nx|2", "|x\nx|2", "|x\nx|2"}));
  EXPECT_EQ(batcher_.open_bytes(), 0U);
}

TEST_F(LineBatcher, SendsStaticTopicsAsFramesOfTheirOwn) {
  settings_.topics = {"a", "b"};
  add("1");
  add("2");
  batcher_.cut_all(kStart, ready_);
  EXPECT_EQ(taken(), (Frames{"a,b|1\n2|2"}));
}

TEST_F(LineBatcher, CutsNothingWhenNothingIsOpen) {
  batcher_.cut_all(kStart, ready_);
  batcher_.cut_due(Clock::time_point::max(), ready_);
  EXPECT_TRUE(ready_.empty());
}

class TopicBatcher : public LineBatcher {
 protected:
  TopicBatcher() {
    settings_.dyna_topic = true;
    settings_.topics = {"template"};
  }
};

TEST_F(TopicBatcher, KeepsTopicsApart) {
  add("1", {"a"});
  add("2", {"b"});
  add("3", {"a"});
  EXPECT_EQ(batcher_.open_bytes(), 4U);
  batcher_.cut_all(kStart, ready_);
  EXPECT_EQ(taken(), (Frames{"a|1\n3|2", "b|2|1"}));
  EXPECT_EQ(batcher_.open_bytes(), 0U);
}

TEST_F(TopicBatcher, CountsAMessageOfManyTopicsOnce) {
  settings_.topics = {"template1", "template2"};
  add("1", {"a", "b"});
  add("2", {"b", "c"});
  batcher_.cut_all(kStart, ready_);
  EXPECT_EQ(taken(), (Frames{"a|1|1", "b|1\n2|1", "c|2|0"}));
}

TEST_F(TopicBatcher, CutsEachTopicAtItsOwnLimits) {
  settings_.batch_max_messages = 2;
  add("1", {"a"});
  add("2", {"b"});
  add("3", {"a"});
  EXPECT_EQ(taken(), (Frames{"a|1\n3|2"}));
  batcher_.cut_all(kStart, ready_);
  EXPECT_EQ(taken(), (Frames{"b|2|1"}));
}

TEST_F(TopicBatcher, CutsTheTopicsThatAreDue) {
  settings_.batch_linger = 10ms;
  add("1", {"a"}, kStart);
  add("2", {"b"}, kStart + 5ms);
  batcher_.cut_due(kStart + 10ms, ready_);
  EXPECT_EQ(taken(), (Frames{"a|1|1"}));
  EXPECT_EQ(batcher_.next_deadline(), kStart + 15ms);
}

TEST_F(TopicBatcher, CutsWhatIsDueHoweverLateItWasRead) {
  // Two workers: the one whose lane is read later may have published earlier.
  settings_.batch_linger = 10ms;
  add("late", {"a"}, kStart + 9ms);
  add("early", {"b"}, kStart);
  EXPECT_EQ(batcher_.next_deadline(), kStart + 10ms);
  batcher_.cut_due(kStart + 10ms, ready_);
  EXPECT_EQ(taken(), (Frames{"b|early|1"}));
}

TEST_F(TopicBatcher, HoldsABoundedNumberOfTopicsOpenAndCutsTheOldest) {
  for (std::size_t i = 0; i < Batcher::kMaxOpenFrames; ++i) add("x", {std::to_string(i)});
  EXPECT_EQ(taken(), Frames{});
  add("y", {"0"});  // is open: nothing has to go
  EXPECT_EQ(taken(), Frames{});
  add("z", {"one more"});
  EXPECT_EQ(taken(), (Frames{"0|x\ny|2"}));
  add("again", {"0"});
  EXPECT_EQ(taken(), (Frames{"1|x|1"}));
}

TEST_F(TopicBatcher, HoldsABoundedNumberOfBytesOpenAndCutsTheOldest) {
  settings_.batch_max_bytes = kMiB;
  const std::string payload(kMiB - 1, 'x');
  for (std::size_t i = 0; i < Batcher::kMaxOpenBytes / kMiB + 4; ++i) {
    add(payload, {std::to_string(i)});
    EXPECT_LE(batcher_.open_bytes(), Batcher::kMaxOpenBytes);
  }
  ASSERT_FALSE(ready_.empty());
  EXPECT_EQ(ready_.front().topics[0], "0");
}

TEST_F(TopicBatcher, TakesEmptyTopicsAndTopicsWithNul) {
  add("1", {""});
  add("2", {std::string_view("a\0b", 3)});
  add("3", {std::string_view("a\0c", 3)});
  add("4", {""});
  batcher_.cut_all(kStart, ready_);
  EXPECT_EQ(taken(), (Frames{"|1\n4|2", std::string("a\0b|2|1", 7), std::string("a\0c|3|1", 7)}));
}

TEST_F(TopicBatcher, SendsAMessageTwiceWhenTwoTemplatesGiveOneTopic) {
  settings_.topics = {"template1", "template2"};
  add("1", {"a", "a"});
  batcher_.cut_all(kStart, ready_);
  EXPECT_EQ(taken(), (Frames{"a|1\n1|1"}));
}

}  // namespace
}  // namespace omzmq
