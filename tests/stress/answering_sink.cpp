// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "answering_sink.hpp"

#include <gtest/gtest.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <stdexcept>

#include "common/format.hpp"

namespace omzmq::stress {
namespace {

constexpr std::size_t kAnyBytes = std::size_t{1} << 30;

std::uint64_t take_number(std::string_view& text) {
  std::uint64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  EXPECT_EQ(result.ec, std::errc()) << "damaged: " << text;
  const auto used = static_cast<std::size_t>(result.ptr - text.data());
  text.remove_prefix(std::min(text.size(), used + 1));
  return number;
}

std::string bytes_of(const wire::Ack& ack) {
  std::array<char, wire::kAckBytes> bytes{};
  wire::write_ack(bytes.data(), ack);
  return {bytes.data(), bytes.size()};
}

}  // namespace

std::string Ledger::text(std::uint64_t worker, std::uint64_t number, std::size_t filling) {
  return formatted("{} {} {}", worker, number, std::string(filling, 'x'));
}

void Ledger::confirm(std::string_view text) {
  const auto worker = take_number(text);
  const auto number = static_cast<std::size_t>(take_number(text));
  EXPECT_EQ(text.find_first_not_of('x'), std::string_view::npos) << "damaged: " << text;
  const std::lock_guard lock(mutex_);
  std::vector<bool>& its = confirmed_[worker];
  if (its.size() <= number) its.resize(number + 1);
  if (its[number]) ++repeated_;
  its[number] = true;
}

void Ledger::confirm_frame(std::string_view body, Format format) {
  if (format == Format::kRaw) return confirm(body);
  wire::Batch batch;
  ASSERT_EQ(wire::read_batch(body, kAnyBytes, batch), wire::Fault::kNone);
  wire::Records records(batch.body);
  while (const auto record = records.next()) confirm(*record);
}

bool Ledger::are_confirmed(std::uint64_t worker, std::uint64_t first, std::uint64_t count) const {
  const std::lock_guard lock(mutex_);
  const auto its = confirmed_.find(worker);
  if (its == confirmed_.end()) return count == 0;
  for (std::uint64_t number = first; number < first + count; ++number) {
    if (number >= its->second.size() || !its->second[static_cast<std::size_t>(number)])
      return false;
  }
  return true;
}

std::uint64_t Ledger::repeated() const {
  const std::lock_guard lock(mutex_);
  return repeated_;
}

AnsweringSink::AnsweringSink(Ledger& ledger, const std::atomic<bool>& is_stuck, Confirm confirm,
                             Format format, std::mt19937 random)
    : ledger_(ledger),
      is_stuck_(is_stuck),
      confirm_(confirm),
      format_(format),
      random_(random),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (timer_ < 0) throw std::runtime_error("no timerfd");
}

AnsweringSink::~AnsweringSink() { ::close(timer_); }

void AnsweringSink::open() {
  EXPECT_FALSE(is_open_);
  if (random_() % 4 == 0) throw std::runtime_error("the endpoint is in use");
  is_open_ = true;
  blocked_until_ = Time::min();
}

SendResult AnsweringSink::send(Frame& frame) noexcept {
  EXPECT_TRUE(is_open_);
  if (!has_body_) {
    body_ = std::move(frame.body);
    frame.body = FrameBuffer();
    has_body_ = true;
  }
  EXPECT_TRUE(frame.body.view().empty()) << "another frame than the one that was refused";
  const auto chance = random_() % 4096;
  if (frame.is_run && chance < 64 && !is_stuck_) take_of_run(frame, random_() % frame.held);
  if (chance < 64 || is_stuck_) return refuse(SendResult::kWouldBlock);
  if (chance == 64 && random_() % 16 == 0) return refuse(SendResult::kBroken);
  has_body_ = false;
  if (frame.is_run) {
    take_of_run(frame, frame.held);
    return SendResult::kSent;
  }
  std::string body(body_.view());
  body_ = FrameBuffer();
  if (confirm_ == Confirm::kAcked) {
    answer(body);
    if (chance == 65) lose_peer();
  } else {
    ledger_.confirm_frame(body, format_);
  }
  return SendResult::kSent;
}

/// Of what is left of it.
void AnsweringSink::take_of_run(Frame& run, std::size_t most) {
  wire::Records records(body_.view());
  for (; most != 0; --most) {
    const auto payload = records.next();
    ledger_.confirm(*payload);
    run.note_taken(payload->size());
  }
  FrameBuffer rest;
  rest.append(records.rest());
  body_ = std::move(rest);
}

SendResult AnsweringSink::refuse(SendResult how) {
  blocked_until_ = soon(200);
  return how;
}

void AnsweringSink::answer(const std::string& body) {
  wire::Batch batch;
  ASSERT_EQ(wire::read_batch(body, kAnyBytes, batch), wire::Fault::kNone);
  const wire::BatchHeader& header = batch.header;
  if (header.is_beat) return;
  const wire::Ack ack{
      .epoch = header.epoch, .stream = header.stream, .first = header.first, .count = header.count};
  const auto chance = random_() % 256;
  if (chance == 0) return;  // never
  const int times = chance < 16 ? 2 : 1;
  for (int i = 0; i < times; ++i) say({bytes_of(ack), body});
  if (chance < 32) {
    wire::Ack wrong = ack;
    switch (chance % 4) {
      case 0:
        ++wrong.count;
        break;
      case 1:
        ++wrong.stream;
        break;
      case 2:
        ++wrong.epoch;
        break;
      default:
        wrong.status = 1;
    }
    say({bytes_of(wrong), {}});
    say({"nonsense", {}});
  }
}

void AnsweringSink::say(Answer answer) {
  const bool is_late = random_() % 64 == 0;  // later than ack.timeout
  answers_.emplace(soon(is_late ? 40'000 : 100), std::move(answer));
}

/// What the receivers were about to say is not said any more.
void AnsweringSink::lose_peer() {
  answers_.clear();
  has_lost_peer_ = true;
}

AnsweringSink::Time AnsweringSink::soon(std::uint64_t most_us) {
  return std::chrono::steady_clock::now() + std::chrono::microseconds(1 + random_() % most_us);
}

bool AnsweringSink::writable() noexcept {
  set_timer();
  return std::chrono::steady_clock::now() >= blocked_until_;
}

void AnsweringSink::set_timer() {
  Time next = Time::max();
  if (blocked_until_ > std::chrono::steady_clock::now()) next = blocked_until_;
  if (!answers_.empty()) next = std::min(next, answers_.begin()->first);
  if (has_lost_peer_) next = Time::min() + std::chrono::nanoseconds(1);
  itimerspec when{};  // all zero: never
  if (next != Time::max()) {
    const auto ns =
        std::max<std::int64_t>(1, std::chrono::nanoseconds(next.time_since_epoch()).count());
    when.it_value = {static_cast<time_t>(ns / 1'000'000'000),
                     static_cast<long>(ns % 1'000'000'000)};
  }
  ::timerfd_settime(timer_, TFD_TIMER_ABSTIME, &when, nullptr);
}

std::optional<std::string_view> AnsweringSink::try_receive() noexcept {
  const auto first = answers_.begin();
  if (first == answers_.end() || first->first > std::chrono::steady_clock::now() || is_stuck_) {
    return {};
  }
  Answer answer = std::move(first->second);
  answers_.erase(first);
  if (!answer.acknowledged.empty()) ledger_.confirm_frame(answer.acknowledged, format_);
  received_ = std::move(answer.bytes);
  return received_;
}

bool AnsweringSink::has_lost_peer() noexcept { return std::exchange(has_lost_peer_, false); }

std::vector<Frame> AnsweringSink::recover(Frame* offered) noexcept {
  EXPECT_EQ(has_body_, offered != nullptr && offered->body.view().empty());
  if (has_body_ && offered != nullptr) offered->body = std::move(body_);
  has_body_ = false;
  is_open_ = false;
  return {};
}

void AnsweringSink::close(std::chrono::milliseconds /*linger*/) noexcept {
  answers_.clear();
  is_open_ = false;
}

}  // namespace omzmq::stress
