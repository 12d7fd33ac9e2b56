// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/frame.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <utility>

namespace omzmq {
namespace {

TEST(FrameBuffer, IsEmptyAtFirst) {
  const FrameBuffer buffer;
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_EQ(buffer.view(), "");
}

TEST(FrameBuffer, HoldsWhatWasAppended) {
  FrameBuffer buffer;
  buffer.append("one");
  buffer.append("");
  buffer.append(std::string_view("\0two", 4));
  EXPECT_EQ(buffer.view(), std::string_view("one\0two", 7));
}

TEST(FrameBuffer, KeepsItsBytesWhileItGrows) {
  FrameBuffer buffer;
  std::string expected;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece(static_cast<std::size_t>(i % 17), static_cast<char>('a' + i % 26));
    buffer.append(piece);
    expected += piece;
  }
  EXPECT_EQ(buffer.view(), expected);
}

TEST(FrameBuffer, KeepsItsBytesWhenItShrinks) {
  FrameBuffer buffer;
  buffer.reserve(1U << 20);
  buffer.append("short");
  buffer.shrink();
  EXPECT_EQ(buffer.view(), "short");
  buffer.append(" and longer again");
  EXPECT_EQ(buffer.view(), "short and longer again");
}

TEST(FrameBuffer, ShrinksToNothing) {
  FrameBuffer buffer;
  buffer.reserve(1000);
  buffer.shrink();
  EXPECT_EQ(buffer.view(), "");
  buffer.append("x");
  EXPECT_EQ(buffer.view(), "x");
}

TEST(FrameBuffer, MovesItsBytes) {
  FrameBuffer from;
  from.append("bytes");
  const char* const where = from.view().data();
  FrameBuffer to(std::move(from));
  EXPECT_EQ(to.view().data(), where);
  FrameBuffer other;
  other = std::move(to);
  EXPECT_EQ(other.view(), "bytes");
  EXPECT_EQ(other.view().data(), where);
}

TEST(FrameBuffer, ReleasesABlockWithTheBytesBehindTheHeadroom) {
  FrameBuffer buffer;
  buffer.append("given away");
  const FrameMemory memory = buffer.release();
  EXPECT_EQ(std::string(memory.block + FrameBuffer::kHeadroom, 10), "given away");
  EXPECT_GE(memory.capacity, 10U);
  std::free(memory.block);
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_EQ(buffer.view(), "");
}

TEST(FrameBuffer, IsUsableAfterRelease) {
  FrameBuffer buffer;
  buffer.append("first");
  std::free(buffer.release().block);
  buffer.append("second");
  EXPECT_EQ(buffer.view(), "second");
}

TEST(FrameBuffer, ReleasesABlockForAnEmptyBodyToo) {
  FrameBuffer buffer;
  const FrameMemory memory = buffer.release();
  ASSERT_NE(memory.block, nullptr);
  std::free(memory.block);
}

TEST(Frame, GoesOnceWithoutTopicsAndOnceForEachTopicOtherwise) {
  Frame frame;
  frame.body.append("12345");
  EXPECT_EQ(frame.copies(), 1U);
  frame.seal();
  EXPECT_EQ(frame.wire_bytes, 5U);

  frame.own_topics = {"a", "bcd"};
  frame.topics = frame.own_topics;
  EXPECT_EQ(frame.copies(), 2U);
  frame.seal();
  EXPECT_EQ(frame.wire_bytes, 2U * 5U + 4U);
}

TEST(Frame, KeepsItsOwnTopicsWhenItMoves) {
  Frame frame;
  frame.own_topics = {"x", "a topic too long to be kept inside of the string itself"};
  frame.topics = frame.own_topics;
  const Frame moved = std::move(frame);
  ASSERT_EQ(moved.topics.size(), 2U);
  EXPECT_EQ(moved.topics.data(), moved.own_topics.data());
  EXPECT_EQ(moved.topics[0], "x");
}

}  // namespace
}  // namespace omzmq
