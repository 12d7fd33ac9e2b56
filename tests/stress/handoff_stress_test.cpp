// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "core/handoff.hpp"
#include "stress.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLaneBytes = 1024;
constexpr auto kFar = 30s;  // a sleep that lasts so long has missed its wake-up
constexpr std::size_t kWriters = 4;

/// A body: which lane, its number there, and bytes that follow from both.
struct Header {
  std::uint64_t lane;
  std::uint64_t number;
};

std::uint64_t key_of(const Header& header) { return header.lane << 32U | header.number; }

void write_body(std::span<std::byte> to, const Header& header) {
  std::memcpy(to.data(), &header, sizeof header);
  stress::fill(to.subspan(sizeof header), key_of(header));
}

Header read_body(std::span<const std::byte> body) {
  Header header{};
  std::memcpy(&header, body.data(), sizeof header);
  std::vector<std::byte> expected(body.size() - sizeof header);
  stress::fill(expected, key_of(header));
  EXPECT_EQ(stress::checksum(expected), stress::checksum(body.subspan(sizeof header)))
      << "number " << header.number << " of lane " << header.lane;
  return header;
}

/// One worker from its coming to its going.
void write_one_life(Handoff& handoff, std::uint64_t lane_number, std::mt19937& random) {
  const auto lane = handoff.open_lane();
  const std::uint64_t transactions = random() % 400;
  for (std::uint64_t i = 0; i < transactions; ++i) {
    const std::size_t bytes = sizeof(Header) + random() % (kLaneBytes / 4);
    std::byte* room = lane->try_reserve(bytes);
    while (room == nullptr) {
      lane->request_room(bytes, false);
      handoff.wake_sender();
      const auto end = Clock::now() + kFar;
      while (!lane->has_room_for(bytes)) {
        lane->wait_for_answer(30'000);
        if (Clock::now() > end) ADD_FAILURE() << "a writer waited for room in vain";
      }
      lane->withdraw_room_request();
      room = lane->try_reserve(bytes);
    }
    write_body({room, bytes}, {lane_number, i});
    lane->publish();
    handoff.wake_sender_for(lane->used_bytes());
    lane->stats.submitted.add(1);
    stress::pause_at_random(random);
  }
  // Some go only when all is read: then no wake-up but that of the last publish is to be had.
  if (random() % 2 == 0) {
    const auto end = Clock::now() + kFar;
    while (lane->used_bytes() != 0 && Clock::now() < end) std::this_thread::yield();
    EXPECT_EQ(lane->used_bytes(), 0U) << "the sender sleeps on what was published";
  }
  lane->retire();
  handoff.wake_sender();
}

class Reader {
 public:
  Reader(Handoff& handoff, std::mt19937 random) : handoff_(handoff), random_(random) {}

  /// Reads and sleeps until `done`, and all that was published is read.
  void run(const std::atomic<bool>& done) {
    while (true) {
      const bool last = done.load();
      const std::size_t taken = read_some();
      if (last && taken == 0 && handoff_.lanes().empty()) return;
      if (taken == 0 && !last) sleep();
      stress::pause_at_random(random_);
    }
  }

  [[nodiscard]] std::uint64_t read() const { return read_; }
  [[nodiscard]] std::uint64_t sleeps() const { return sleeps_; }

 private:
  std::size_t read_some() {
    std::size_t taken = 0;
    for (const auto& lane : handoff_.lanes()) {
      for (; !lane->front().empty(); ++taken) {
        const Header header = read_body(lane->front());
        EXPECT_EQ(header.number, next_[header.lane]++) << "of lane " << header.lane;
        lane->release();
        lane->answer_room_request();
      }
    }
    read_ += taken;
    return taken;
  }

  /// As Sender::sleep_after(): an open frame has a threshold and a deadline, and without one the
  /// first byte wakes.
  void sleep() {
    const bool lingers = random_() % 2 == 0;
    const std::size_t wake_at = lingers ? 1 + random_() % (kLaneBytes / 2) : 1;
    const auto now = Clock::now();
    const auto deadline = lingers ? now + std::chrono::microseconds(random_() % 2000) : now + kFar;
    if (!handoff_.begin_sleep(wake_at)) return;
    stress::pause_at_random(random_);
    handoff_.sleep(deadline, -1);
    ++sleeps_;
    EXPECT_LT(Clock::now(), now + kFar) << "a wake-up was lost";
  }

  Handoff& handoff_;
  std::mt19937 random_;
  std::map<std::uint64_t, std::uint64_t> next_;  // by lane
  std::uint64_t read_ = 0;
  std::uint64_t sleeps_ = 0;
};

TEST(HandoffStress, NoWakeUpIsLostWhileWritersComeAndGo) {
  const stress::Run run;
  Handoff handoff(kLaneBytes);
  std::atomic<std::uint64_t> lanes{0};
  std::atomic<bool> done{false};
  Reader reader(handoff, run.random(0));
  std::jthread reader_thread([&] { reader.run(done); });
  std::vector<std::jthread> writers;
  for (std::size_t i = 1; i <= kWriters; ++i) {
    writers.emplace_back([&, random = run.random(i)]() mutable {
      while (run.goes_on()) write_one_life(handoff, lanes++, random);
    });
  }
  writers.clear();
  done = true;
  handoff.wake_sender();
  reader_thread.join();
  StatsSnapshot stats;
  handoff.collect(stats);
  EXPECT_EQ(stats.submitted, reader.read());
  EXPECT_EQ(stats.lane_bytes, 0U);
  std::printf("%llu transactions of %llu lanes, %llu sleeps\n",
              static_cast<unsigned long long>(reader.read()),
              static_cast<unsigned long long>(lanes.load()),
              static_cast<unsigned long long>(reader.sleeps()));
}

// One writer that publishes as soon as the last transaction is read, so that every publish meets a
// sender on its way to sleep, and nothing else wakes it.
TEST(HandoffStress, EachPublishWakesASenderThatFallsAsleep) {
  const stress::Run run;
  Handoff handoff(kLaneBytes);
  const auto lane = handoff.open_lane();
  std::atomic<bool> done{false};
  std::uint64_t published = 0;
  std::jthread writer([&, random = run.random(1)]() mutable {
    while (run.goes_on()) {
      std::byte* const room = lane->try_reserve(8);
      ASSERT_NE(room, nullptr);
      std::memset(room, 0, 8);
      for (auto n = random() % 512; n > 0; --n) std::atomic_signal_fence(std::memory_order_seq_cst);
      lane->publish();
      handoff.wake_sender_for(lane->used_bytes());
      ++published;
      const auto end = Clock::now() + kFar;
      while (lane->used_bytes() != 0 && Clock::now() < end) std::this_thread::yield();
    }
    done = true;
    handoff.wake_sender();
  });
  std::uint64_t read = 0;
  while (!done) {
    for (const auto& known : handoff.lanes()) {
      for (; !known->front().empty(); known->release()) ++read;
    }
    const auto now = Clock::now();
    if (handoff.begin_sleep(1)) handoff.sleep(now + kFar, -1);
    ASSERT_LT(Clock::now(), now + kFar) << "a wake-up was lost";
  }
  writer.join();
  EXPECT_EQ(read, published);
}

}  // namespace
}  // namespace omzmq
