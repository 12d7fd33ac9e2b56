// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>
#include <omzmq/wire.hpp>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

#include "core/batcher.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr Clock::time_point kStart{1h};
constexpr std::size_t kAny = std::size_t{2} << 30;

class PackedBatcher : public testing::Test {
 protected:
  PackedBatcher() { settings_.format = Format::kPacked; }

  // The batcher reads the format when it is made: so the first call of it comes after the settings.
  Batcher& batcher() {
    if (!batcher_) batcher_.emplace(settings_, kStart);
    return *batcher_;
  }

  void add(std::string_view payload, const std::vector<std::string_view>& topics = {}) {
    Message message;
    message.payload = payload;
    for (const auto topic : topics) message.topics[message.topic_count++] = topic;
    message.published = kStart;
    batcher().add(message, kStart, ready_);
  }

  // Each frame that is ready as "topic|first+count: record,record".
  std::vector<std::string> taken() {
    std::vector<std::string> frames;
    for (const Frame& frame : ready_) {
      wire::Batch batch;
      EXPECT_EQ(wire::read_batch(frame.body.view(), kAny, batch), wire::Fault::kNone);
      EXPECT_EQ(wire::check_records(batch.body, batch.header), wire::Fault::kNone);
      std::string shown = frame.topics.empty() ? "" : frame.topics.front() + "|";
      shown += std::to_string(batch.header.first) + "+" + std::to_string(batch.header.count) + ":";
      wire::Records records(batch.body);
      while (const auto record = records.next()) shown += " " + std::string(*record);
      frames.push_back(shown);
    }
    ready_.clear();
    return frames;
  }

  using Frames = std::vector<std::string>;

  Settings settings_;
  std::deque<Frame> ready_;

 private:
  std::optional<Batcher> batcher_;
};

TEST_F(PackedBatcher, CutsAtTheNumberOfMessages) {
  settings_.batch_max_messages = 2;
  for (const char* payload : {"a", "b", "c"}) add(payload);
  EXPECT_EQ(taken(), (Frames{"0+2: a b"}));
  batcher().cut_all(kStart, ready_);
  EXPECT_EQ(taken(), (Frames{"2+1: c"}));
  EXPECT_EQ(batcher().open_bytes(), 0U);
}

TEST_F(PackedBatcher, CutsAtTheBytesOfTheRecords) {
  settings_.batch_max_bytes = 1024;
  const std::string half(512 - wire::kLengthBytes, 'x');
  add(half);
  EXPECT_EQ(batcher().open_bytes(), 512U);
  add(half);  // exactly full
  EXPECT_EQ(taken(), (Frames{"0+2: " + half + " " + half}));
  add("a");
  const std::string full(1024 - wire::kLengthBytes, 'y');
  add(full);  // does not fit behind the "a", and fills a frame by itself
  EXPECT_EQ(taken(), (Frames{"2+1: a", "3+1: " + full}));
}

TEST_F(PackedBatcher, SendsALargerMessageAlone) {
  settings_.batch_max_bytes = 1024;
  const std::string large(5000, 'x');
  add("a");
  add(large);
  add("b");
  EXPECT_EQ(taken(), (Frames{"0+1: a", "1+1: " + large}));
}

TEST_F(PackedBatcher, KeepsTopicsApart) {
  settings_.sock_type = SocketType::kPub;
  settings_.topics = {"template1", "template2"};
  settings_.dyna_topic = true;
  add("1", {"a", "b"});
  add("2", {"b", "c"});
  batcher().cut_all(kStart, ready_);
  auto frames = taken();
  std::sort(frames.begin(), frames.end());
  EXPECT_EQ(frames, (Frames{"a|0+1: 1", "b|0+2: 1 2", "c|0+1: 2"}));
}

TEST_F(PackedBatcher, CutsWhatHasLingered) {
  settings_.batch_linger = 10ms;
  add("1");
  EXPECT_EQ(batcher().next_deadline(), kStart + 10ms);
  batcher().cut_due(kStart + 9ms, ready_);
  EXPECT_TRUE(ready_.empty());
  batcher().cut_due(kStart + 10ms, ready_);
  EXPECT_EQ(taken(), (Frames{"0+1: 1"}));
}

}  // namespace
}  // namespace omzmq
