// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Messages that are taken many at a time come into the same frames as one by one.
#include <gtest/gtest.h>
#include <omzmq/wire.hpp>

#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "core/batcher.hpp"
#include "core/lane.hpp"
#include "support/batch_builder.hpp"

namespace omzmq {
namespace {

using test::BatchBuilder;
using test::kAnySize;
using namespace std::chrono_literals;

constexpr Clock::time_point kStart{std::chrono::hours(1)};

std::vector<std::byte> transaction(const std::vector<std::string>& payloads, bool has_topic,
                                   Clock::time_point published) {
  BatchBuilder builder;
  for (const std::string& payload : payloads) {
    has_topic ? builder.add({payload, payload.substr(0, 1)}) : builder.add({payload});
  }
  const auto plan = plan_transaction(builder.batch(), kAnySize);
  std::vector<std::byte> body(plan.bytes);
  write_transaction(body.data(), builder.batch(), plan, kAnySize, published);
  return body;
}

struct Cut {
  std::string records;
  std::uint32_t messages;
  std::uint32_t held;
  friend bool operator==(const Cut&, const Cut&) = default;
};

/// A run is looked at as the messages that it goes out as.
std::vector<Cut> cuts_of(const Frame& frame, std::size_t room) {
  if (!frame.is_run)
    return {{std::string(frame.body.view().substr(room)), frame.messages, frame.held}};
  std::vector<Cut> cuts;
  wire::Records records(frame.body.view());
  while (const auto payload = records.next()) cuts.push_back({std::string(*payload), 1, 1});
  EXPECT_EQ(records.rest(), "");
  EXPECT_EQ(frame.messages, cuts.size());
  EXPECT_EQ(frame.held, cuts.size());
  return cuts;
}

/// The random part of a batch's header differs between two batchers, and so does its checksum.
std::vector<Cut> cuts(const Settings& settings, std::deque<Frame>& ready,
                      SpareBuffers* spares = nullptr) {
  const std::size_t room = settings.format == Format::kPacked ? Packer::kRoom : 0;
  std::vector<Cut> cuts;
  for (Frame& frame : ready) {
    for (Cut& cut : cuts_of(frame, room)) cuts.push_back(std::move(cut));
    if (spares != nullptr) spares->put(frame.body.release());
  }
  ready.clear();
  return cuts;
}

class ManyAtATime : public testing::TestWithParam<std::tuple<Format, bool>> {
 protected:
  ManyAtATime() {
    settings_.format = std::get<0>(GetParam());
    settings_.dyna_topic = std::get<1>(GetParam());
    if (settings_.dyna_topic) settings_.topics = {"template"};
    settings_.batch_max_bytes = 100;
    settings_.batch_max_messages = 7;
  }

  std::vector<std::string> random_payloads() {
    std::vector<std::string> payloads(1 + random_() % 20);
    for (std::string& payload : payloads) {
      payload.assign(random_() % (random_() % 8 == 0 ? 150 : 30), "ab\nc"[random_() % 4]);
    }
    return payloads;
  }

  [[nodiscard]] bool makes_runs() const {
    return settings_.format == Format::kRaw && !settings_.dyna_topic;
  }

  Settings settings_;
  std::mt19937 random_{20261122};
};

TEST_P(ManyAtATime, FramesAreThoseOfOneByOne) {
  Batcher one_by_one(settings_, kStart);
  SpareBuffers spares;  // with bytes of earlier frames in them
  Batcher many(settings_, kStart);
  many.take_memory_from(&spares);
  std::deque<Frame> ready_one;
  std::deque<Frame> ready_many;
  std::vector<Cut> expected;
  std::vector<Cut> seen;
  for (int round = 0; round < 300; ++round) {
    // Now and then another lane's, which is older.
    const auto published = kStart + std::chrono::milliseconds(random_() % 5);
    const auto body = transaction(random_payloads(), settings_.dyna_topic, published);
    const std::size_t slices = settings_.dyna_topic ? 2 : 1;
    Message message;
    for (TransactionReader reader(body, slices); reader.left() != 0; reader.take(message)) {
      reader.peek(message);
      one_by_one.add(message, kStart, ready_one);
    }
    for (TransactionReader reader(body, slices); reader.left() != 0;) {
      const std::size_t left = reader.left();
      const std::size_t most = 1 + random_() % 9;
      const std::size_t taken = many.take_from(reader, nullptr, most, kStart, ready_many);
      ASSERT_GE(taken, 1U);
      ASSERT_LE(taken, most);
      ASSERT_EQ(reader.left(), left - taken);
      for (Cut& cut : cuts(settings_, ready_many, &spares)) seen.push_back(std::move(cut));
    }
    if (makes_runs()) continue;
    ASSERT_EQ(many.open_bytes(), one_by_one.open_bytes());
    ASSERT_EQ(many.next_deadline(), one_by_one.next_deadline());
  }
  one_by_one.cut_all(kStart, ready_one);
  many.cut_all(kStart, ready_many);
  expected = cuts(settings_, ready_one);
  for (Cut& cut : cuts(settings_, ready_many, &spares)) seen.push_back(std::move(cut));
  ASSERT_GT(expected.size(), 300U);
  EXPECT_TRUE(seen == expected);
}

TEST_P(ManyAtATime, StopsWhereAFrameIsReady) {
  Batcher batcher(settings_, kStart);
  std::deque<Frame> ready;
  const auto body = transaction(std::vector<std::string>(20, "x"), settings_.dyna_topic, kStart);
  TransactionReader reader(body, settings_.dyna_topic ? 2 : 1);
  if (makes_runs()) return;  // their bounds are larger
  const std::size_t of_a_frame = settings_.format == Format::kRaw ? 1 : 7;
  EXPECT_EQ(batcher.take_from(reader, nullptr, 20, kStart, ready), of_a_frame);
  EXPECT_EQ(ready.size(), 1U);
}

Settings raw(SocketType sock_type) {
  Settings settings;
  settings.format = Format::kRaw;
  settings.sock_type = sock_type;
  return settings;
}

TEST(Runs, HaveBoundsOfTheirOwn) {
  Settings settings = raw(SocketType::kPush);
  settings.batch_max_messages = 1;  // may be written, and has no effect with raw
  Batcher batcher(settings, kStart);
  std::deque<Frame> ready;
  const auto small = transaction(std::vector<std::string>(200, "x"), false, kStart);
  TransactionReader many(small, 1);
  EXPECT_EQ(batcher.take_from(many, nullptr, 200, kStart, ready), Batcher::kMaxRunMessages);
  EXPECT_EQ(ready.front().held, Batcher::kMaxRunMessages);
  ready.clear();
  const auto large =
      transaction(std::vector<std::string>(5, std::string(20000, 'x')), false, kStart);
  TransactionReader few(large, 1);
  EXPECT_EQ(batcher.take_from(few, nullptr, 5, kStart, ready), 3U + 2U);
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_EQ(ready.front().held, 3U);
}

TEST(Runs, TakeMemoryOfTheirSize) {
  const Settings settings = raw(SocketType::kPush);
  Batcher batcher(settings, kStart);
  SpareBuffers spares;
  batcher.take_memory_from(&spares);
  static_cast<void>(spares.take(1));
  FrameBuffer spare;
  spare.append(std::string(18, '.'));  // what the two records take
  const char* const where = spare.view().data();
  spares.put(spare.release());
  std::deque<Frame> ready;
  const auto body = transaction({"abc", "defghij"}, false, kStart);
  TransactionReader reader(body, 1);
  batcher.take_from(reader, nullptr, 2, kStart, ready);
  batcher.cut_all(kStart, ready);
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_EQ(ready.front().body.view().data(), where);
}

TEST(Runs, AreNotMadeForAPub) {
  const Settings settings = raw(SocketType::kPub);
  Batcher batcher(settings, kStart);
  std::deque<Frame> ready;
  const auto body = transaction({"a", "b"}, false, kStart);
  TransactionReader reader(body, 1);
  EXPECT_EQ(batcher.take_from(reader, nullptr, 2, kStart, ready), 1U);
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_FALSE(ready.front().is_run);
  EXPECT_EQ(ready.front().body.view(), "a");
}

TEST(Runs, HoldMessagesOfOneWorkerThatWaits) {
  const Settings settings = raw(SocketType::kPush);
  Batcher batcher(settings, kStart);
  std::deque<Frame> ready;
  const auto body = transaction({"a", "b", "c"}, false, kStart);
  TransactionReader reader(body, 1);
  Lane lane(4096);
  EXPECT_EQ(batcher.take_from(reader, &lane, 2, kStart, ready), 2U);
  EXPECT_TRUE(ready.empty());
  EXPECT_EQ(batcher.take_from(reader, &lane, 2, kStart, ready), 1U);
  ASSERT_EQ(ready.size(), 1U);
  EXPECT_TRUE(ready.front().is_run);
  ASSERT_EQ(ready.front().shares.size(), 1U);
  EXPECT_EQ(ready.front().shares.front().messages, 3U);
  EXPECT_EQ(ready.front().wire_bytes, 3U);
  EXPECT_EQ(batcher.open_bytes(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Formats, ManyAtATime,
                         testing::Combine(testing::Values(Format::kRaw, Format::kLines,
                                                          Format::kPacked),
                                          testing::Bool()));

}  // namespace
}  // namespace omzmq
