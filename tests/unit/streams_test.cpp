// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/streams.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr Clock::time_point kStart{1h};

TEST(Streams, NumberTheirRecordsFromZero) {
  Streams streams;
  Stream& stream = streams.open("a", kStart);
  EXPECT_EQ(stream.next, 0U);
  streams.note_batch(stream, 3, kStart);
  EXPECT_EQ(stream.next, 3U);
  streams.note_batch(stream, 1, kStart);
  EXPECT_EQ(stream.next, 4U);
  EXPECT_EQ(streams.find("a"), &stream);
  EXPECT_EQ(streams.find("b"), nullptr);
}

TEST(Streams, NeverUseANumberAgain) {
  Streams streams(1);
  EXPECT_FALSE(streams.is_full());
  EXPECT_EQ(streams.open("a", kStart).number, 0U);
  EXPECT_TRUE(streams.is_full());
  streams.close_least_used();
  EXPECT_EQ(streams.find("a"), nullptr);
  EXPECT_EQ(streams.open("a", kStart).number, 1U);
}

TEST(Streams, AreFullAlsoWhenTheirTopicsAreLong) {
  Streams streams;
  std::size_t bytes = 0;
  for (char letter = 'a'; bytes < Streams::kMostTopicBytes; ++letter) {
    EXPECT_FALSE(streams.is_full());
    const std::string topic(1 << 20, letter);
    streams.open(topic, kStart);
    bytes += topic.size();
  }
  EXPECT_TRUE(streams.is_full());
  streams.close_least_used();
  EXPECT_FALSE(streams.is_full());
}

TEST(Streams, CloseTheOneWithoutABatchForTheLongestTime) {
  Streams streams;
  for (const char* topic : {"a", "b", "c"}) streams.open(topic, kStart);
  streams.note_batch(*streams.find("a"), 1, kStart + 1s);
  streams.note_beat(*streams.find("b"), kStart + 2s);  // does not count as use
  EXPECT_EQ(streams.least_used().topic, "b");
  streams.close_least_used();
  EXPECT_EQ(streams.least_used().topic, "c");
}

TEST(Streams, KnowWhoWasSilentForTheLongestTime) {
  Streams streams;
  for (const char* topic : {"a", "b", "c"}) streams.open(topic, kStart);
  streams.note_beat(*streams.find("a"), kStart + 1s);
  streams.note_batch(*streams.find("b"), 1, kStart + 2s);
  EXPECT_EQ(streams.most_silent().topic, "c");
  streams.note_beat(*streams.find("c"), kStart + 3s);
  EXPECT_EQ(streams.most_silent().topic, "a");
  EXPECT_EQ(streams.most_silent().last_spoken, kStart + 1s);
}

TEST(Streams, KnowWhetherABeatHasSaidTheirNextNumber) {
  Streams streams;
  Stream& stream = streams.open("a", kStart);
  EXPECT_TRUE(stream.has_said_next);  // nobody can have missed anything
  streams.note_batch(stream, 1, kStart);
  EXPECT_FALSE(stream.has_said_next);
  streams.note_beat(stream, kStart);
  EXPECT_TRUE(stream.has_said_next);
}

TEST(Streams, AreVisitedFromTheMostRecentlyUsedOn) {
  Streams streams;
  for (const char* topic : {"a", "b", "c"}) streams.open(topic, kStart);
  streams.note_batch(*streams.find("b"), 1, kStart);
  std::vector<std::string> visited;
  streams.visit_recent([&](const Stream& stream) {
    visited.push_back(stream.topic);
    return visited.size() < 2;
  });
  EXPECT_EQ(visited, (std::vector<std::string>{"b", "c"}));
}

}  // namespace
}  // namespace omzmq
