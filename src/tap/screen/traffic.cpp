// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/screen/traffic.hpp"

#include <algorithm>
#include <cmath>

namespace omzmq::tap {
namespace {

/// What is left of a rate in Flow::rank() after a second: half of it is gone after three.
constexpr double kRankKept = 0.8;

}  // namespace

void RateHistory::push(double rate, std::size_t seconds) noexcept {
  seconds = std::min(seconds, kSeconds);
  size_ = std::min(size_ + seconds, kSeconds);
  for (std::size_t i = 0; i < seconds; ++i) {
    rates_[next_] = static_cast<float>(rate);
    next_ = (next_ + 1) % kSeconds;
  }
}

bool RateHistory::is_silent() const noexcept {
  return std::all_of(rates_.begin(), rates_.end(), [](float rate) { return rate == 0; });
}

void Flow::close(const Interval& interval) noexcept {
  messages_per_second_ = static_cast<double>(messages_ - closed_messages_) / interval.seconds;
  bytes_per_second_ = static_cast<double>(bytes_ - closed_bytes_) / interval.seconds;
  closed_messages_ = messages_;
  closed_bytes_ = bytes_;
  const double kept = std::pow(kRankKept, static_cast<double>(interval.slots));
  rank_ = rank_ * kept + messages_per_second_ * (1 - kept);
  history_.push(messages_per_second_, interval.slots);
}

void Flow::absorb(const Flow& other) noexcept {
  count(other.messages_, other.bytes_, other.missed_);
  closed_messages_ += other.messages_;
  closed_bytes_ += other.bytes_;
}

Traffic::Traffic(TimePoint now)
    : started_at_(now), interval_start_(now), latency_slots_(kLatencySlots) {}

void Traffic::seen(const FrameSeen& frame) {
  totals_.flow.count(frame.messages, frame.bytes, frame.missed);
  if (frame.messages > 0) {
    ++totals_.frames;
    totals_.frame_bytes += frame.frame_bytes;
  }
  totals_.gaps += frame.missed > 0 ? 1 : 0;
  const std::string_view topic = frame.topic.substr(0, kMaxTopicBytes);
  topics_.at(topic).count(frame.messages, frame.bytes, frame.missed);
  if (frame.numbered) {
    streams_.at({frame.epoch, frame.stream, topic})
        .count(frame.messages, frame.bytes, frame.missed);
  }
  if (frame.latency) {
    current_latency().record(*frame.latency);
  }
}

bool Traffic::tick(TimePoint now) {
  const TimePoint::duration length = now - interval_start_;
  if (length < kInterval) {
    return false;
  }
  const double seconds = std::chrono::duration<double>(length).count();
  // A tick that comes late, after Ctrl-Z for instance, stands for all the seconds before it.
  const Interval interval{seconds, static_cast<std::size_t>(std::llround(seconds))};
  interval_start_ = now;
  totals_.flow.close(interval);
  totals_.bytes_history.push(totals_.flow.bytes_per_second(), interval.slots);
  totals_.frames_per_second = static_cast<double>(totals_.frames - closed_frames_) / seconds;
  closed_frames_ = totals_.frames;
  topics_.close(interval);
  streams_.close(interval);
  turn_latency_slots(now);
  return true;
}

void Traffic::turn_latency_slots(TimePoint now) noexcept {
  const auto slot = static_cast<std::uint64_t>((now - started_at_) / kLatencySlot);
  const std::uint64_t turns = std::min<std::uint64_t>(slot - latency_slot_, kLatencySlots);
  for (std::uint64_t i = 0; i < turns; ++i) {
    ++latency_slot_;
    older_latency_.merge(current_latency());
    current_latency().clear();
  }
  // After a long silence all slots are empty: the number may leap.
  latency_slot_ = slot;
}

LatencyHistogram Traffic::recent_latency() const noexcept {
  LatencyHistogram all;
  for (const LatencyHistogram& slot : latency_slots_) {
    all.merge(slot);
  }
  return all;
}

LatencyHistogram Traffic::latency_in_all() const noexcept {
  LatencyHistogram all = recent_latency();
  all.merge(older_latency_);
  return all;
}

}  // namespace omzmq::tap
