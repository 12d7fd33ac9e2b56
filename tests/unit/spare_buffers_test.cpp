// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/spare_buffers.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <set>
#include <thread>
#include <utility>
#include <vector>

namespace omzmq {
namespace {

FrameMemory memory_of(std::size_t bytes) {
  FrameBuffer buffer;
  buffer.reserve(bytes);
  return buffer.release();
}

bool has_memory(FrameBuffer&& buffer) {
  const FrameBuffer taken(std::move(buffer));
  return taken.view().data() != nullptr;
}

TEST(SpareBuffers, GiveOutWhatWasPut) {
  SpareBuffers spares;
  EXPECT_FALSE(has_memory(spares.take(100)));
  const FrameMemory first = memory_of(100);
  const FrameMemory second = memory_of(100);
  spares.put(first);
  spares.put(second);
  std::set<const void*> seen;
  for (int i = 0; i < 2; ++i) {
    FrameBuffer buffer = spares.take(100);
    EXPECT_EQ(buffer.size(), 0U);
    buffer.append("used again");
    EXPECT_EQ(buffer.view(), "used again");
    const FrameMemory again = buffer.release();
    EXPECT_EQ(again.capacity, 100U);
    seen.insert(again.block);
    std::free(again.block);
  }
  EXPECT_EQ(seen, (std::set<const void*>{first.block, second.block}));
  EXPECT_FALSE(has_memory(spares.take(100)));
}

TEST(SpareBuffers, GiveOutNothingThatIsTooSmallOrMuchTooLarge) {
  SpareBuffers spares;
  ASSERT_FALSE(has_memory(spares.take(0)));  // it is asked for
  const auto fits = [&spares](std::size_t kept, std::size_t asked) {
    spares.put(memory_of(kept));
    return has_memory(spares.take(asked));
  };
  EXPECT_TRUE(fits(1000, 1000));
  EXPECT_FALSE(fits(1000, 1001));
  EXPECT_TRUE(fits(1000, 800));
  EXPECT_FALSE(fits(1000, 700));
  EXPECT_TRUE(fits(60, 0));
}

TEST(SpareBuffers, KeepNoMoreThanTheirBound) {
  SpareBuffers spares;
  constexpr std::size_t kEach = (std::size_t{64} << 10) - FrameBuffer::kHeadroom;
  ASSERT_FALSE(has_memory(spares.take(kEach)));
  for (std::size_t bytes = 0; bytes < 4 * SpareBuffers::kMostBytes; bytes += kEach) {
    spares.put(memory_of(kEach));
  }
  std::size_t kept = 0;
  while (has_memory(spares.take(kEach))) ++kept;
  EXPECT_EQ(kept, SpareBuffers::kMostBytes / (kEach + FrameBuffer::kHeadroom));
  // Once they were taken, there is room again.
  spares.put(memory_of(kEach));
  EXPECT_TRUE(has_memory(spares.take(kEach)));
}

TEST(SpareBuffers, KeepNoMoreThanTheirBoundOfEmptyOnes) {
  SpareBuffers spares;
  ASSERT_FALSE(has_memory(spares.take(0)));
  constexpr std::size_t kMost = SpareBuffers::kMostBytes / FrameBuffer::kHeadroom + 1;
  for (std::size_t i = 0; i < 2 * kMost; ++i) spares.put(memory_of(0));
  std::size_t kept = 0;
  while (has_memory(spares.take(0))) ++kept;
  EXPECT_LE(kept, kMost);
  EXPECT_GE(kept, kMost / 2);
}

TEST(SpareBuffers, KeepNothingBeforeSomebodyAsked) {
  SpareBuffers spares;
  spares.put(memory_of(100));
  EXPECT_FALSE(has_memory(spares.take(100)));
  spares.put(memory_of(100));
  EXPECT_TRUE(has_memory(spares.take(100)));
}

TEST(SpareBuffers, KeepNothingLarge) {
  SpareBuffers spares;
  ASSERT_FALSE(has_memory(spares.take(0)));
  spares.put(memory_of(SpareBuffers::kLargest + 1));
  EXPECT_FALSE(has_memory(spares.take(SpareBuffers::kLargest + 1)));
}

TEST(SpareBuffers, ComeFromManyThreadsToOne) {
  SpareBuffers spares;
  constexpr std::size_t kEach = 64;
  ASSERT_FALSE(has_memory(spares.take(kEach)));
  constexpr std::size_t kPuts = 20000;
  std::atomic<int> putting = 2;
  const auto put_all = [&] {
    for (std::size_t i = 0; i < kPuts; ++i) {
      const FrameMemory memory = memory_of(kEach);
      // To be seen by whoever takes it.
      memory.block[FrameBuffer::kHeadroom] = 'p';
      spares.put(memory);
    }
    --putting;
  };
  std::thread one(put_all);
  std::thread other(put_all);
  std::size_t taken = 0;
  std::size_t foreign = 0;
  const auto take_one = [&] {
    FrameBuffer buffer = spares.take(kEach);
    buffer.resize(1);
    if (buffer.view().data() == nullptr) return false;
    if (buffer.view().front() != 'p') ++foreign;
    ++taken;
    return true;
  };
  while (putting.load() != 0) static_cast<void>(take_one());
  one.join();
  other.join();
  while (take_one()) {
  }
  EXPECT_EQ(foreign, 0U);
  EXPECT_EQ(taken, 2 * kPuts);
}

}  // namespace
}  // namespace omzmq
