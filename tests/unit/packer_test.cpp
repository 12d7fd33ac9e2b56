// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/packer.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "core/encoder.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr Clock::time_point kStart{1h};
constexpr std::uint64_t kEpoch = 0x1122334455667788;
constexpr std::uint64_t kNow = 1'700'000'000'123'456'789;
constexpr std::size_t kAny = 1 << 20;

class PackerTest : public testing::Test {
 protected:
  PackerTest() {
    settings_.format = Format::kPacked;
    settings_.sock_type = SocketType::kPub;
  }

  // The packer reads some settings when it is made: so the first call of it comes after them.
  Packer& packer() {
    if (!packer_) packer_.emplace(settings_, kStart, kEpoch, []() noexcept { return kNow; });
    return *packer_;
  }

  void pack(const std::vector<std::string>& records, std::string_view topic = {},
            Clock::time_point now = kStart) {
    FrameBuffer body;
    body.reserve(Packer::kRoom);
    body.resize(Packer::kRoom);
    for (const std::string& record : records) append_record(body, record);
    const auto count = static_cast<std::uint32_t>(records.size());
    packer().pack(topic, body, count, count, now, ready_);
  }

  // A frame as a receiver sees it.
  struct Received {
    std::string topic;
    wire::BatchHeader header;
    std::string body;
    std::uint32_t settles = 0;
  };

  std::vector<Received> taken() {
    std::vector<Received> frames;
    for (const Frame& frame : ready_) {
      wire::Batch batch;
      EXPECT_EQ(wire::read_batch(frame.body.view(), kAny, batch), wire::Fault::kNone);
      EXPECT_LE(frame.topics.size(), 1U);
      frames.push_back({frame.topics.empty() ? "" : frame.topics.front(), batch.header,
                        std::string(batch.body), frame.messages});
    }
    ready_.clear();
    return frames;
  }

  Received taken_one() {
    auto frames = taken();
    EXPECT_EQ(frames.size(), 1U);
    return frames.empty() ? Received() : frames.front();
  }

  static std::vector<std::string> records(const std::string& body) {
    std::vector<std::string> all;
    wire::Records records(body);
    while (const auto record = records.next()) all.emplace_back(*record);
    EXPECT_TRUE(records.rest().empty());
    return all;
  }

  Settings settings_;
  std::deque<Frame> ready_;

 private:
  std::optional<Packer> packer_;
};

using Strings = std::vector<std::string>;

TEST_F(PackerTest, MakesABatchThatSaysWhatIsInIt) {
  const Strings lines{"one", std::string("\0\n\xFF", 3), ""};
  pack(lines);
  const Received batch = taken_one();
  EXPECT_FALSE(batch.header.is_beat);
  EXPECT_EQ(batch.header.codec, wire::Codec::kNone);
  EXPECT_EQ(batch.header.epoch, kEpoch);
  EXPECT_EQ(batch.header.count, 3U);
  EXPECT_EQ(batch.header.raw_bytes, 3U * 4 + 3 + 3);
  EXPECT_EQ(batch.header.time_ns, kNow);
  EXPECT_EQ(batch.settles, 3U);
  EXPECT_EQ(records(batch.body), lines);
}

TEST_F(PackerTest, NumbersRecordsFromZeroWithoutAGap) {
  pack({"a", "b"});
  pack({"c"});
  pack({"d", "e", "f"});
  std::vector<std::uint64_t> firsts;
  for (const Received& batch : taken()) firsts.push_back(batch.header.first);
  EXPECT_EQ(firsts, (std::vector<std::uint64_t>{0, 2, 3}));
}

TEST_F(PackerTest, GivesEachFixedTopicAStreamOfItsOwn) {
  settings_.topics = {"a", "b"};
  pack({"1", "2"});
  pack({"3"});
  const auto frames = taken();
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_EQ(frames[0].topic, "a");
  EXPECT_EQ(frames[1].topic, "b");
  EXPECT_NE(frames[0].header.stream, frames[1].header.stream);
  EXPECT_EQ(frames[0].body, frames[1].body);
  EXPECT_EQ(frames[2].header.first, 2U);
  EXPECT_EQ(frames[3].header.first, 2U);
  EXPECT_EQ(frames[2].header.stream, frames[0].header.stream);
  // A message that goes out twice counts once.
  EXPECT_EQ(frames[0].settles, 2U);
  EXPECT_EQ(frames[1].settles, 0U);
}

TEST_F(PackerTest, NumbersDynamicTopicsOneByOne) {
  settings_.topics = {"template"};
  settings_.dyna_topic = true;
  for (const char* topic : {"a", "b", "a", ""}) pack({"x", "y"}, topic);
  const auto frames = taken();
  ASSERT_EQ(frames.size(), 4U);
  EXPECT_EQ(frames[1].topic, "b");
  EXPECT_EQ(frames[1].header.first, 0U);
  EXPECT_EQ(frames[2].header.stream, frames[0].header.stream);
  EXPECT_EQ(frames[2].header.first, 2U);
  EXPECT_EQ(frames[3].topic, "");
  EXPECT_EQ(frames[3].header.first, 0U);
}

TEST_F(PackerTest, BeginsANewStreamForATopicThatWasForgotten) {
  settings_.topics = {"template"};
  settings_.dyna_topic = true;
  pack({"x", "y"}, "first");
  const std::uint64_t number = taken_one().header.stream;
  for (std::size_t i = 1; i < Streams::kMost; ++i) pack({"x"}, "topic" + std::to_string(i));
  ready_.clear();
  pack({"x"}, "one too many");
  // The end of the stream that nobody will hear of again is told.
  const auto frames = taken();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_TRUE(frames[0].header.is_beat);
  EXPECT_EQ(frames[0].topic, "first");
  EXPECT_EQ(frames[0].header.stream, number);
  EXPECT_EQ(frames[0].header.first, 2U);
  pack({"z"}, "first");
  const Received back = taken().back();
  EXPECT_EQ(back.header.first, 0U);
  EXPECT_NE(back.header.stream, number);
}

TEST_F(PackerTest, CompressesWhatShrinks) {
  settings_.compression_driver = Compression::kZstd;
  pack({std::string(10'000, 'x')});
  const Received batch = taken_one();
  EXPECT_EQ(batch.header.codec, wire::Codec::kZstd);
  EXPECT_EQ(batch.header.raw_bytes, 10'004U);
  EXPECT_LT(batch.body.size(), 100U);
}

TEST_F(PackerTest, SendsWhatDoesNotShrinkAsItIs) {
  for (const Compression driver : {Compression::kZstd, Compression::kLz4}) {
    settings_.compression_driver = driver;
    std::mt19937 random(1);
    std::string noise(10'000, '\0');
    for (char& byte : noise) byte = static_cast<char>(random());
    pack({noise});
    const Received batch = taken_one();
    EXPECT_EQ(batch.header.codec, wire::Codec::kNone);
    EXPECT_EQ(records(batch.body), Strings{noise});
  }
}

TEST_F(PackerTest, CompressesForAllTopicsAtOnce) {
  settings_.compression_driver = Compression::kLz4;
  settings_.topics = {"a", "b", "c"};
  pack({std::string(10'000, 'x')});
  const auto frames = taken();
  ASSERT_EQ(frames.size(), 3U);
  for (const Received& frame : frames) {
    EXPECT_EQ(frame.header.codec, wire::Codec::kLz4);
    EXPECT_EQ(frame.body, frames[0].body);
  }
}

TEST_F(PackerTest, BeatsForASilentStream) {
  settings_.beat_interval = 100ms;
  EXPECT_EQ(packer().next_beat(), kStart + 100ms);  // also before the first batch
  pack({"a", "b"}, {}, kStart + 50ms);
  EXPECT_EQ(packer().next_beat(), kStart + 150ms);
  ready_.clear();
  packer().beat_due(kStart + 149ms, 9, ready_);
  EXPECT_TRUE(ready_.empty());
  packer().beat_due(kStart + 150ms, 9, ready_);
  const Received beat = taken_one();
  EXPECT_TRUE(beat.header.is_beat);
  EXPECT_EQ(beat.header.first, 2U);
  EXPECT_EQ(beat.header.count, 0U);
  EXPECT_EQ(beat.header.epoch, kEpoch);
  EXPECT_EQ(beat.header.time_ns, kNow);
  EXPECT_EQ(beat.settles, 0U);
  EXPECT_EQ(packer().next_beat(), kStart + 250ms);  // and again, as long as it is silent
}

TEST_F(PackerTest, BeatsUnderTheTopicOfTheStream) {
  settings_.topics = {"a", "b"};
  packer().beat_due(kStart + 1s, 9, ready_);
  const auto frames = taken();
  ASSERT_EQ(frames.size(), 2U);
  EXPECT_EQ(frames[0].topic, "a");
  EXPECT_EQ(frames[1].topic, "b");
  EXPECT_NE(frames[0].header.stream, frames[1].header.stream);
}

TEST_F(PackerTest, BeatsForSoManyAtOnceOnly) {
  settings_.topics = {"a", "b", "c"};
  packer().beat_due(kStart + 1s, 2, ready_);
  EXPECT_EQ(taken().size(), 2U);
  packer().beat_due(kStart + 1s, 2, ready_);
  EXPECT_EQ(taken_one().topic, "c");
}

TEST_F(PackerTest, DoesNotBeatWhenTold) {
  settings_.beat_interval = 0ms;
  pack({"a"});
  ready_.clear();
  EXPECT_EQ(packer().next_beat(), Clock::time_point::max());
  packer().beat_due(kStart + 1h, 9, ready_);
  EXPECT_FALSE(packer().beat_last(kStart + 1h, 9, ready_));
  EXPECT_TRUE(ready_.empty());
}

TEST_F(PackerTest, EndsWithABeatOfEachStreamThatHasNotSaidItsNext) {
  settings_.topics = {"template"};
  settings_.dyna_topic = true;
  for (const char* topic : {"a", "b", "c"}) pack({"x"}, topic);
  ready_.clear();
  packer().beat_due(kStart + 1s, 1, ready_);
  EXPECT_EQ(taken_one().topic, "a");
  std::set<std::string> topics;
  while (packer().beat_last(kStart + 1s, 1, ready_)) topics.insert(taken_one().topic);
  EXPECT_EQ(topics, (std::set<std::string>{"b", "c"}));
}

TEST(Packer, HasAnEpochOfItsOwnAtEachStart) {
  EXPECT_NE(Packer::random_epoch(), Packer::random_epoch());
}

TEST(Packer, KnowsTheTime) {
  const auto before = std::chrono::system_clock::now().time_since_epoch();
  const std::chrono::nanoseconds time(Packer::system_time());
  EXPECT_GE(time, before);
  EXPECT_LT(time, before + 1h);
}

}  // namespace
}  // namespace omzmq
