// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/statistics.hpp"

#include "common/format.hpp"

namespace omzmq::tap {
namespace {

constexpr double kMegabyte = 1e6;

double seconds_between(Statistics::TimePoint from, Statistics::TimePoint to) {
  return std::chrono::duration<double>(to - from).count();
}

double per_second(std::uint64_t amount, double seconds) {
  return seconds > 0 ? static_cast<double>(amount) / seconds : 0;
}

}  // namespace

void Statistics::mark_received(TimePoint now) noexcept {
  if (!first_at_) {
    first_at_ = now;
  }
  last_at_ = now;
}

std::optional<std::string> Statistics::line_if_due(TimePoint now, const Troubles& troubles) {
  if (now < due_at()) {
    return std::nullopt;
  }
  const double seconds = seconds_between(line_at_, now);
  std::string line =
      formatted("{:.0f} messages/s, {:.1f} MB/s, {:.0f} frames/s{}, {} in all",
                per_second(messages_ - line_messages_, seconds),
                per_second(bytes_ - line_bytes_, seconds) / kMegabyte,
                per_second(frames_ - line_frames_, seconds), describe(troubles), messages_);
  line_messages_ = messages_;
  line_bytes_ = bytes_;
  line_frames_ = frames_;
  line_at_ = now;
  return line;
}

std::string Statistics::summary() const {
  const double seconds = first_at_ ? seconds_between(*first_at_, last_at_) : 0;
  std::string text = formatted("received {}, {:.1f} MB, in {:.1f} s", counted(messages_, "message"),
                               static_cast<double>(bytes_) / kMegabyte, seconds);
  if (seconds > 0) {
    text += formatted(" ({:.0f} messages/s, {:.1f} MB/s on average)",
                      per_second(messages_, seconds), per_second(bytes_, seconds) / kMegabyte);
  }
  return text;
}

}  // namespace omzmq::tap
