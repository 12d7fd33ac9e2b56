// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "core/lane.hpp"
#include "stress.hpp"

namespace omzmq {
namespace {

/// A body is its number, its checksum, and bytes that follow from the number.
constexpr std::size_t kHeader = 2 * sizeof(std::uint64_t);
constexpr int kFarMs = 30'000;  // a wait for room that lasts so long has missed its answer

void write_body(std::span<std::byte> to, std::uint64_t number) {
  stress::fill(to.subspan(kHeader), number);
  const std::uint64_t sum = stress::checksum(to.subspan(kHeader));
  std::memcpy(to.data(), &number, sizeof number);
  std::memcpy(to.data() + sizeof number, &sum, sizeof sum);
}

/// The number of a body; fails the test when its bytes are not those that were written.
std::uint64_t read_body(std::span<const std::byte> body) {
  std::uint64_t number = 0;
  std::uint64_t sum = 0;
  std::memcpy(&number, body.data(), sizeof number);
  std::memcpy(&sum, body.data() + sizeof number, sizeof sum);
  EXPECT_EQ(sum, stress::checksum(body.subspan(kHeader))) << "of number " << number;
  return number;
}

/// Bodies of random sizes: most are small, some fill the lane, some are larger.
std::size_t random_size(std::mt19937& random, std::size_t capacity) {
  switch (random() % 16) {
    case 0:
      return kHeader + random() % (2 * capacity);
    case 1:
      return capacity - Lane::kWord - random() % 3;
    default:
      return kHeader + random() % (capacity / 3);
  }
}

class Writer {
 public:
  Writer(Lane& lane, std::size_t capacity, bool discards, std::mt19937 random)
      : lane_(lane), capacity_(capacity), discards_(discards), random_(random) {}

  void write(std::uint64_t number) {
    const std::size_t bytes = random_size(random_, capacity_);
    roll_back_at_random();
    while (!try_write(number, bytes)) wait_for_room(bytes);
    stress::pause_at_random(random_);
  }

 private:
  void roll_back_at_random() {
    if (random_() % 8 != 0) return;
    const std::size_t bytes = kHeader + random_() % capacity_;
    if (std::byte* const room = lane_.try_reserve(bytes)) std::fill_n(room, bytes, std::byte{0xee});
  }

  bool try_write(std::uint64_t number, std::size_t bytes) {
    if (lane_.is_too_large(bytes)) {
      std::unique_ptr<std::byte[]> block(new std::byte[bytes]);
      write_body({block.get(), bytes}, number);
      return lane_.publish_block(block, bytes);
    }
    std::byte* const room = lane_.try_reserve(bytes);
    if (room == nullptr) return false;
    write_body({room, bytes}, number);
    stress::pause_at_random(random_);
    lane_.publish();
    return true;
  }

  void wait_for_room(std::size_t bytes) {
    // Some give up at once, so that answers come late.
    const bool is_patient = random_() % 4 != 0;
    lane_.request_room(bytes, discards_);
    if (is_patient) {
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kFarMs);
      while (!lane_.has_room_for(bytes)) {
        lane_.wait_for_answer(kFarMs);
        if (std::chrono::steady_clock::now() > end)
          ADD_FAILURE() << "there is room; no answer came";
      }
    } else {
      stress::pause_at_random(random_);
    }
    lane_.withdraw_room_request();
  }

  Lane& lane_;
  const std::size_t capacity_;
  const bool discards_;
  std::mt19937 random_;
};

void run_one_lane(std::size_t capacity, bool discards) {
  const stress::Run run;
  Lane lane(capacity);
  std::uint64_t written = 0;
  std::jthread writer_thread([&, random = run.random(1)] {
    Writer writer(lane, capacity, discards, random);
    while (run.goes_on()) writer.write(written++);
    lane.retire();
  });
  auto random = run.random(2);
  std::uint64_t next = 0;
  std::uint64_t discarded = 0;
  const auto take = [&] {
    EXPECT_EQ(read_body(lane.front()), next++);
    lane.release();
    lane.answer_room_request();
  };
  for (bool retired = false; !retired;) {
    retired = lane.is_retired();  // before the look at what is left
    if (discards && random() % 8 != 0) {
      for (; lane.must_discard() && !lane.front().empty(); ++discarded) take();
    } else {
      for (auto n = random() % 64; n > 0 && !lane.front().empty(); --n) take();
    }
    if (retired) {
      while (!lane.front().empty()) take();
    }
    stress::pause_at_random(random);
  }
  writer_thread.join();
  EXPECT_EQ(next, written);
  EXPECT_EQ(lane.held_bytes(), 0U);
  EXPECT_EQ(lane.used_bytes(), 0U);
  std::printf("%llu transactions, %llu of them discarded\n", static_cast<unsigned long long>(next),
              static_cast<unsigned long long>(discarded));
}

TEST(LaneStress, BodiesArriveOnceInOrderAndWhole) { run_one_lane(4096, false); }

TEST(LaneStress, BodiesArriveThroughALaneThatIsAlmostAlwaysFull) { run_one_lane(128, false); }

TEST(LaneStress, TheOldestMakeRoom) { run_one_lane(512, true); }

}  // namespace
}  // namespace omzmq
