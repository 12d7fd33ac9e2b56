// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "counting_sink.hpp"

#include <gtest/gtest.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <span>
#include <stdexcept>

#include "common/format.hpp"
#include "stress.hpp"

namespace omzmq::stress {
namespace {

std::uint64_t checksum_of(std::string_view text) {
  return checksum(std::as_bytes(std::span(text.data(), text.size())));
}

/// Takes a number and the space behind it off the front of `text`.
std::uint64_t take_number(std::string_view& text, int base) {
  std::uint64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number, base);
  const auto used = static_cast<std::size_t>(result.ptr - text.data());
  text.remove_prefix(std::min(text.size(), used + 1));
  return number;
}

}  // namespace

std::string make_payload(std::uint64_t worker, std::uint64_t number, std::size_t filling) {
  std::string text = formatted("{} {} ", worker, number);
  text.append(filling, static_cast<char>('a' + (worker + number) % 26));
  return formatted("{:x} {}", checksum_of(text), text);
}

CountingSink::CountingSink(Arrivals& arrivals, Format format, std::mt19937 random)
    : arrivals_(arrivals),
      format_(format),
      random_(random),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (timer_ < 0) throw std::runtime_error("no timerfd");
}

CountingSink::~CountingSink() { ::close(timer_); }

void CountingSink::open() {
  if (random_() % 4 == 0) throw std::runtime_error("the endpoint is in use");
  is_open_ = true;
  is_writable_ = true;
}

SendResult CountingSink::send(Frame& frame) noexcept {
  EXPECT_TRUE(is_open_);
  const auto chance = random_() % 4096;
  if (chance < 64 && frame.is_run) return send_run(frame, random_() % frame.held);
  if (chance < 64) return refuse(frame, SendResult::kWouldBlock);
  if (chance == 64 && random_() % 64 == 0) return refuse(frame, SendResult::kBroken);
  if (!refused_.empty()) {
    EXPECT_EQ(frame.body.view(), refused_) << "another frame than the one that was refused";
    refused_.clear();
  }
  if (frame.is_run) return send_run(frame, frame.held);
  ++arrivals_.frames;
  arrivals_.bytes += frame.body.size();
  const std::uint64_t before = arrivals_.messages;
  check_body(frame.body.view());
  EXPECT_EQ(arrivals_.messages - before, frame.messages);
  return SendResult::kSent;
}

SendResult CountingSink::send_run(Frame& run, std::size_t most) {
  EXPECT_TRUE(refused_.empty() || run.body.view() == refused_) << "another run than that one";
  wire::Records records(run.body.view());
  for (std::size_t i = 0; i < taken_; ++i) static_cast<void>(records.next());
  for (; most != 0; --most) {
    const auto payload = records.next();
    check_message(*payload);
    ++arrivals_.frames;
    arrivals_.bytes += payload->size();
    ++taken_;
    run.note_taken(payload->size());
  }
  if (run.held != 0) return refuse(run, SendResult::kWouldBlock);
  EXPECT_EQ(records.rest(), "");
  taken_ = 0;
  refused_.clear();
  return SendResult::kSent;
}

SendResult CountingSink::refuse(const Frame& frame, SendResult how) {
  refused_ = frame.body.view();
  is_writable_ = false;
  const itimerspec soon{{0, 0}, {0, 1 + static_cast<long>(random_() % 200'000)}};
  ::timerfd_settime(timer_, 0, &soon, nullptr);
  return how;
}

bool CountingSink::writable() noexcept {
  std::uint64_t expirations = 0;
  if (::read(timer_, &expirations, sizeof expirations) > 0) is_writable_ = true;
  return is_writable_;
}

void CountingSink::close(std::chrono::milliseconds /*linger*/) noexcept { is_open_ = false; }

void CountingSink::check_body(std::string_view body) {
  if (format_ == Format::kRaw) return check_message(body);
  for (auto lf = body.find('\n'); lf != std::string_view::npos; lf = body.find('\n')) {
    check_message(body.substr(0, lf));
    body.remove_prefix(lf + 1);
  }
  check_message(body);
}

void CountingSink::check_message(std::string_view payload) {
  ++arrivals_.messages;
  const std::uint64_t sum = take_number(payload, 16);
  EXPECT_EQ(sum, checksum_of(payload));
  const std::uint64_t worker = take_number(payload, 10);
  const std::uint64_t number = take_number(payload, 10);
  std::uint64_t& next = arrivals_.next[worker];
  EXPECT_GE(number, next) << "of worker " << worker << ": twice, or out of order";
  arrivals_.skipped += number - next;
  next = number + 1;
}

}  // namespace omzmq::stress
