// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/text/iso_time.hpp"

#include <chrono>

#include "common/format.hpp"

namespace omzmq::tap {
namespace {

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr std::size_t kSecondBytes = sizeof("2026-03-01T12:00:00") - 1;

std::string text_of_second(std::uint64_t second) {
  using namespace std::chrono;
  const sys_seconds time{seconds{static_cast<seconds::rep>(second)}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return formatted("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                   static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                   clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

std::string_view IsoTime::of(std::uint64_t ns) {
  if (ns == ns_ && !text_.empty()) return text_;
  const std::uint64_t second = ns / kNsPerSecond;
  if (text_.empty() || second != ns_ / kNsPerSecond) text_ = text_of_second(second);
  text_.resize(kSecondBytes);
  text_ += formatted(".{:09}Z", ns % kNsPerSecond);
  ns_ = ns;
  return text_;
}

}  // namespace omzmq::tap
