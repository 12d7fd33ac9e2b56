// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/lane.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <random>
#include <span>
#include <utility>
#include <vector>

namespace omzmq {
namespace {

constexpr std::size_t kCapacity = 64;  // the smallest that is allowed: eight words
constexpr std::size_t kLargestBody = kCapacity - Lane::kWord;
constexpr int kFarMs = 60'000;  // a wait that ought to end at once; ctest ends one that does not

/// Bytes that differ from one seed to the next, at every place.
std::vector<std::byte> make_body(std::size_t bytes, unsigned seed) {
  std::vector<std::byte> body(bytes);
  for (std::size_t i = 0; i < bytes; ++i) body[i] = static_cast<std::byte>(seed * 31 + i * 7 + 1);
  return body;
}

// Its positions have 64 bits everywhere.
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

bool put(Lane& lane, const std::vector<std::byte>& body) {
  std::byte* const room = lane.try_reserve(body.size());
  if (room == nullptr) return false;
  std::copy(body.begin(), body.end(), room);
  lane.publish();
  return true;
}

bool put(Lane& lane, std::size_t bytes, unsigned seed) { return put(lane, make_body(bytes, seed)); }

bool put_block(Lane& lane, std::size_t bytes, unsigned seed) {
  std::unique_ptr<std::byte[]> block(new std::byte[bytes]);
  const auto body = make_body(bytes, seed);
  std::copy(body.begin(), body.end(), block.get());
  return lane.publish_block(block, bytes);
}

bool front_is(const Lane& lane, std::span<const std::byte> body) {
  const auto front = lane.front();
  return std::equal(front.begin(), front.end(), body.begin(), body.end());
}

bool front_is(const Lane& lane, std::size_t bytes, unsigned seed) {
  return front_is(lane, make_body(bytes, seed));
}

/// Has the last `held` words before an offset in the lane, which was empty and begins again else.
/// At an offset of 0 the lane is empty; one word alone cannot be had, and is a turn more.
/// \return bytes that are held
std::size_t move_to_offset(Lane& lane, std::size_t words) {
  if (words == 1) words += kCapacity / Lane::kWord;
  std::size_t held = 0;
  for (std::size_t next = 0; words > 0; words -= next / Lane::kWord) {
    next = (words == 3 ? 3 : 2) * Lane::kWord;
    EXPECT_TRUE(put(lane, next - Lane::kWord, 0));
    if (held != 0) lane.release();
    held = next;
  }
  return held;
}

/// A lane, and whether its writer would be woken: the lane's only descriptor is the one that a
/// sleeping writer polls.
struct WatchedLane {
  // The lowest number that is free is the one the lane will get.
  const int fd = [] {
    const int lowest = ::dup(STDERR_FILENO);
    ::close(lowest);
    return lowest;
  }();
  Lane lane{kCapacity};

  [[nodiscard]] bool is_answered() const {
    pollfd ready{fd, POLLIN, 0};
    return ::poll(&ready, 1, 0) == 1;
  }
};

TEST(Lane, IsEmptyAtFirst) {
  const Lane lane(kCapacity);
  EXPECT_TRUE(lane.front().empty());
  EXPECT_EQ(lane.used_bytes(), 0U);
  EXPECT_EQ(lane.readable_bytes(), 0U);
  EXPECT_EQ(lane.held_bytes(), 0U);
  EXPECT_EQ(lane.peak_bytes(), 0U);
  EXPECT_FALSE(lane.is_retired());
}

TEST(Lane, GivesBackWhatWasPutInInOrder) {
  Lane lane(kCapacity);
  ASSERT_TRUE(put(lane, 5, 1));
  ASSERT_TRUE(put(lane, 8, 2));
  EXPECT_TRUE(front_is(lane, 5, 1));
  EXPECT_TRUE(front_is(lane, 5, 1)) << "front() takes nothing away";
  lane.release();
  EXPECT_TRUE(front_is(lane, 8, 2));
  lane.release();
  EXPECT_TRUE(lane.front().empty());
}

TEST(Lane, CanBeFilledToItsLastByteByOneBody) {
  Lane lane(kCapacity);
  EXPECT_TRUE(lane.has_room_for(kLargestBody));
  ASSERT_TRUE(put(lane, kLargestBody, 1));
  EXPECT_EQ(lane.used_bytes(), kCapacity);
  EXPECT_EQ(lane.try_reserve(1), nullptr);
  EXPECT_FALSE(lane.has_room_for(1));
  EXPECT_TRUE(front_is(lane, kLargestBody, 1));
}

TEST(Lane, RefusesOneByteOverItsCapacity) {
  Lane lane(kCapacity);
  EXPECT_FALSE(lane.is_too_large(kLargestBody));
  EXPECT_TRUE(lane.is_too_large(kLargestBody + 1));
  EXPECT_EQ(lane.try_reserve(kLargestBody + 1), nullptr);
  EXPECT_TRUE(put(lane, kLargestBody, 1)) << "a refusal takes no room";
}

TEST(Lane, RefusesOneByteMoreThanIsLeft) {
  Lane lane(kCapacity);
  ASSERT_TRUE(put(lane, 16, 1));
  const std::size_t left = kCapacity - 24 - Lane::kWord;
  EXPECT_FALSE(lane.has_room_for(left + 1));
  EXPECT_EQ(lane.try_reserve(left + 1), nullptr);
  EXPECT_TRUE(lane.has_room_for(left));
  EXPECT_TRUE(put(lane, left, 2));
  EXPECT_EQ(lane.used_bytes(), kCapacity);
}

TEST(Lane, CanBeFilledToItsLastByteByManyBodiesAndTakesTheNextWhenOneIsReleased) {
  Lane lane(kCapacity);
  for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(put(lane, 8, i));
  EXPECT_EQ(lane.try_reserve(1), nullptr);
  lane.release();
  EXPECT_EQ(lane.try_reserve(9), nullptr) << "a word more than was released";
  ASSERT_TRUE(put(lane, 8, 4));
  for (unsigned i = 1; i < 5; ++i, lane.release()) EXPECT_TRUE(front_is(lane, 8, i));
  EXPECT_TRUE(lane.front().empty());
}

TEST(Lane, RoundsBodiesUpToWholeWords) {
  const std::pair<std::size_t, std::size_t> costs[] = {{1, 16},  {7, 16},  {8, 16},  {9, 24},
                                                       {15, 24}, {16, 24}, {17, 32}, {56, 64}};
  for (const auto& [bytes, cost] : costs) {
    Lane lane(kCapacity);
    ASSERT_TRUE(put(lane, bytes, 1));
    EXPECT_EQ(lane.used_bytes(), cost) << bytes;
    EXPECT_EQ(lane.readable_bytes(), cost) << bytes;
    EXPECT_EQ(lane.held_bytes(), bytes) << "held_bytes() counts bodies only";
    EXPECT_EQ(lane.front().size(), bytes) << "and the reader gets no filling";
  }
}

TEST(Lane, KeepsBodiesInOnePieceWhereverTheyBegin) {
  for (std::size_t offset = 0; offset < kCapacity / Lane::kWord; ++offset) {
    for (std::size_t bytes = 1; bytes <= kLargestBody; ++bytes) {
      Lane lane(kCapacity);
      const std::size_t before = move_to_offset(lane, offset);
      if (!lane.has_room_for(bytes)) break;
      ASSERT_TRUE(put(lane, bytes, 1)) << offset << " " << bytes;
      if (before != 0) lane.release();
      // What is left over is filled, too: it must touch nothing of the first.
      const std::size_t left = kCapacity - lane.used_bytes();
      const bool has_second = left >= 2 * Lane::kWord;
      if (has_second) {
        ASSERT_TRUE(put(lane, left - Lane::kWord, 2)) << offset << " " << bytes;
      }
      ASSERT_TRUE(front_is(lane, bytes, 1)) << offset << " " << bytes;
      lane.release();
      if (has_second) {
        ASSERT_TRUE(front_is(lane, left - Lane::kWord, 2)) << offset << " " << bytes;
      }
    }
  }
}

TEST(Lane, AgreesWithAQueueOverManyTurns) {
  constexpr std::size_t kLargerCapacity = 320;
  std::mt19937 random(20240229);
  Lane lane(kLargerCapacity);
  std::deque<std::vector<std::byte>> expected;
  std::uint64_t held = 0;
  std::uint64_t peak = 0;
  for (unsigned i = 0; i < 100'000; ++i) {
    if (random() % 2 == 0) {
      const std::size_t bytes = 1 + random() % (kLargerCapacity + 40);
      const bool block = lane.is_too_large(bytes);
      const bool has_room = lane.has_room_for(bytes);
      const bool taken = block ? put_block(lane, bytes, i) : put(lane, bytes, i);
      ASSERT_EQ(taken, has_room);
      if (taken) {
        expected.push_back(make_body(bytes, i));
        held += bytes;
        peak = std::max(peak, held);
      }
    } else if (!expected.empty()) {
      ASSERT_TRUE(front_is(lane, expected.front()));
      held -= expected.front().size();
      lane.release();
      expected.pop_front();
    }
    ASSERT_EQ(lane.front().empty(), expected.empty());
    ASSERT_EQ(lane.held_bytes(), held);
    ASSERT_EQ(lane.peak_bytes(), peak);
    ASSERT_EQ(lane.used_bytes(), lane.readable_bytes());
  }
}

TEST(Lane, ForgetsWhatWasReservedAndNotPublished) {
  Lane lane(kCapacity);
  ASSERT_TRUE(put(lane, 8, 1));
  const auto abandoned = make_body(24, 9);
  std::byte* const room = lane.try_reserve(abandoned.size());
  ASSERT_NE(room, nullptr);
  std::copy(abandoned.begin(), abandoned.end(), room);
  EXPECT_EQ(lane.used_bytes(), 16U);
  EXPECT_EQ(lane.held_bytes(), 8U);
  EXPECT_EQ(lane.try_reserve(16), room) << "the next begins at the same place";
  ASSERT_TRUE(put(lane, 5, 2));
  EXPECT_TRUE(front_is(lane, 8, 1));
  lane.release();
  EXPECT_TRUE(front_is(lane, 5, 2));
  lane.release();
  EXPECT_TRUE(lane.front().empty());
}

TEST(Lane, ShowsNothingThatIsOnlyReserved) {
  Lane lane(kCapacity);
  ASSERT_NE(lane.try_reserve(8), nullptr);
  EXPECT_TRUE(lane.front().empty());
  lane.retire();
  EXPECT_TRUE(lane.front().empty()) << "a writer that goes takes its reservation along";
}

TEST(Lane, TakesABodyLargerThanItselfWhenEmpty) {
  Lane lane(kCapacity);
  EXPECT_TRUE(lane.has_room_for(10 * kCapacity));
  ASSERT_TRUE(put_block(lane, 10 * kCapacity, 1));
  EXPECT_EQ(lane.held_bytes(), 10 * kCapacity);
  EXPECT_EQ(lane.used_bytes(), 16U) << "of the ring it takes a length and a pointer";
  EXPECT_TRUE(front_is(lane, 10 * kCapacity, 1));
  lane.release();
  EXPECT_EQ(lane.held_bytes(), 0U);
  EXPECT_EQ(lane.peak_bytes(), 10 * kCapacity);
  EXPECT_TRUE(lane.front().empty());
}

TEST(Lane, TakesABlockOnlyWhenEmptyAndLeavesItToTheCallerOtherwise) {
  Lane lane(kCapacity);
  ASSERT_TRUE(put(lane, 1, 1));
  EXPECT_FALSE(lane.has_room_for(kLargestBody + 1));
  std::unique_ptr<std::byte[]> block(new std::byte[100]);
  EXPECT_FALSE(lane.publish_block(block, 100));
  EXPECT_NE(block, nullptr);
  EXPECT_EQ(lane.held_bytes(), 1U);
  lane.release();
  EXPECT_TRUE(lane.publish_block(block, 100));
  EXPECT_EQ(block, nullptr);
  std::unique_ptr<std::byte[]> second(new std::byte[100]);
  EXPECT_FALSE(lane.publish_block(second, 100)) << "one at a time";
}

TEST(Lane, TakesBodiesBehindABlock) {
  Lane lane(kCapacity);
  ASSERT_TRUE(put_block(lane, 200, 1));
  ASSERT_TRUE(put(lane, 40, 2));
  EXPECT_EQ(lane.used_bytes(), kCapacity);
  EXPECT_TRUE(front_is(lane, 200, 1));
  lane.release();
  EXPECT_TRUE(front_is(lane, 40, 2));
}

TEST(Lane, BeginsAgainAtItsStartOnceItIsEmpty) {
  Lane lane(kCapacity);
  std::byte* const start = lane.try_reserve(8);
  lane.publish();
  std::byte* const behind = lane.try_reserve(8);
  EXPECT_EQ(behind, start + 2 * Lane::kWord);
  lane.publish();
  lane.release();
  EXPECT_EQ(lane.try_reserve(8), start + 4 * Lane::kWord) << "it is not empty";
  lane.release();
  EXPECT_EQ(lane.try_reserve(8), start);
  EXPECT_TRUE(lane.front().empty());
  EXPECT_EQ(lane.try_reserve(16), start) << "what is reserved and not published changes nothing";
  ASSERT_TRUE(put(lane, kLargestBody, 3)) << "all of the lane can be had from there";
  EXPECT_TRUE(front_is(lane, kLargestBody, 3));
  lane.release();
  ASSERT_TRUE(put_block(lane, 100, 4));
  ASSERT_TRUE(put(lane, 40, 5));
  EXPECT_EQ(lane.try_reserve(1), nullptr);
  EXPECT_TRUE(front_is(lane, 100, 4));
  lane.release();
  EXPECT_TRUE(front_is(lane, 40, 5));
}

// The reader comes to what was published behind a block in turn, and at the start.
TEST(Lane, TakesABlockAtItsStartWhereverTheLastOneEnded) {
  for (std::size_t offset = 0; offset < kCapacity / Lane::kWord; ++offset) {
    Lane lane(kCapacity);
    if (move_to_offset(lane, offset) != 0) lane.release();
    ASSERT_TRUE(put_block(lane, 100, 1));
    ASSERT_TRUE(put(lane, 40, 2));
    EXPECT_TRUE(front_is(lane, 100, 1)) << offset;
    lane.release();
    EXPECT_TRUE(front_is(lane, 40, 2)) << offset;
  }
}

// Whether memory is freed, and once only, is for AddressSanitizer to say.
TEST(Lane, FreesWhatWasNeverReadWhenDestroyed) {
  Lane lane(kCapacity);
  ASSERT_TRUE(put_block(lane, 1000, 1));
  ASSERT_TRUE(put(lane, 40, 2));
  lane.retire();
}

TEST(Lane, LetsTheReaderFinishAfterItWasRetired) {
  Lane lane(kCapacity);
  ASSERT_TRUE(put(lane, 8, 1));
  ASSERT_TRUE(put(lane, 8, 2));
  lane.retire();
  EXPECT_TRUE(lane.is_retired());
  EXPECT_TRUE(front_is(lane, 8, 1));
  lane.release();
  EXPECT_TRUE(front_is(lane, 8, 2));
  lane.release();
  EXPECT_TRUE(lane.front().empty());
}

TEST(Lane, CountsHeldAndPeakBytes) {
  Lane lane(kCapacity);
  ASSERT_TRUE(put(lane, 3, 1));
  ASSERT_TRUE(put(lane, 20, 2));
  EXPECT_EQ(lane.held_bytes(), 23U);
  lane.release();
  EXPECT_EQ(lane.held_bytes(), 20U);
  ASSERT_TRUE(put(lane, 1, 3));
  EXPECT_EQ(lane.held_bytes(), 21U);
  EXPECT_EQ(lane.peak_bytes(), 23U);
}

TEST(Lane, ShowsTheWriterWhetherTheReaderMoved) {
  Lane lane(kCapacity);
  ASSERT_TRUE(put(lane, 8, 1));
  const auto before = lane.reader_position();
  ASSERT_TRUE(put(lane, 8, 2));
  EXPECT_EQ(lane.reader_position(), before);
  lane.release();
  EXPECT_NE(lane.reader_position(), before);
}

TEST(Lane, AnswersARequestOnceItCanBeMet) {
  WatchedLane watched;
  Lane& lane = watched.lane;
  for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(put(lane, 8, i));
  lane.request_room(24, false);
  lane.answer_room_request();
  EXPECT_FALSE(watched.is_answered()) << "no room at all";
  lane.release();
  lane.answer_room_request();
  EXPECT_FALSE(watched.is_answered()) << "16 of 32 bytes";
  lane.release();
  lane.answer_room_request();
  EXPECT_TRUE(watched.is_answered());
  lane.wait_for_answer(kFarMs);
  EXPECT_FALSE(watched.is_answered()) << "waiting takes the answer";
  EXPECT_TRUE(lane.has_room_for(24));
}

TEST(Lane, AnswersNothingWithoutARequest) {
  WatchedLane watched;
  ASSERT_TRUE(put(watched.lane, 8, 1));
  watched.lane.release();
  watched.lane.answer_room_request();
  EXPECT_FALSE(watched.is_answered());
}

TEST(Lane, AnswersTheRequestOfABlockWhenEmpty) {
  WatchedLane watched;
  Lane& lane = watched.lane;
  ASSERT_TRUE(put(lane, 8, 1));
  ASSERT_TRUE(put(lane, 8, 2));
  lane.request_room(1000, false);
  lane.release();
  lane.answer_room_request();
  EXPECT_FALSE(watched.is_answered());
  lane.release();
  lane.answer_room_request();
  EXPECT_TRUE(watched.is_answered());
}

TEST(Lane, ForgetsAWithdrawnRequestAndItsAnswer) {
  WatchedLane watched;
  Lane& lane = watched.lane;
  ASSERT_TRUE(put(lane, kLargestBody, 1));
  lane.request_room(8, true);
  EXPECT_TRUE(lane.must_discard());
  lane.release();
  lane.answer_room_request();
  EXPECT_TRUE(watched.is_answered());
  lane.withdraw_room_request();
  EXPECT_FALSE(watched.is_answered());
  EXPECT_FALSE(lane.must_discard());
  ASSERT_TRUE(put(lane, kLargestBody, 2));
  EXPECT_FALSE(lane.must_discard());
  lane.release();
  lane.answer_room_request();
  EXPECT_FALSE(watched.is_answered());
}

TEST(Lane, WantsToBeRidOfItsOldestOnlyWhenAskedAndOnlyAsLongAsItHelps) {
  Lane lane(kCapacity);
  for (unsigned i = 0; i < 4; ++i) ASSERT_TRUE(put(lane, 8, i));
  EXPECT_FALSE(lane.must_discard()) << "nobody asked";
  lane.request_room(24, false);
  EXPECT_FALSE(lane.must_discard()) << "the writer only waits";
  lane.withdraw_room_request();
  lane.request_room(24, true);
  EXPECT_TRUE(lane.must_discard());
  lane.release();
  EXPECT_TRUE(lane.must_discard());
  lane.release();
  EXPECT_FALSE(lane.must_discard()) << "there is room now";
  lane.withdraw_room_request();
}

TEST(Lane, MakesWayForABlockByDiscardingAll) {
  Lane lane(kCapacity);
  for (unsigned i = 0; i < 3; ++i) ASSERT_TRUE(put(lane, 8, i));
  lane.request_room(1000, true);
  std::size_t discarded = 0;
  for (; lane.must_discard() && !lane.front().empty(); lane.release()) ++discarded;
  EXPECT_EQ(discarded, 3U);
  lane.withdraw_room_request();
  EXPECT_TRUE(put_block(lane, 1000, 4));
}

TEST(Lane, WaitsForRoomNoLongerThanTold) {
  Lane lane(kCapacity);
  lane.wait_for_answer(0);
  lane.wait_for_answer(1);
  SUCCEED();
}

}  // namespace
}  // namespace omzmq
