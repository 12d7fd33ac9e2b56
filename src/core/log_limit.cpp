// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/log_limit.hpp"

#include <utility>

#include "common/format.hpp"

namespace omzmq {

std::optional<std::uint64_t> LogLimit::admit(Clock::time_point now) noexcept {
  if (!would_admit(now)) {
    ++suppressed_;
    return std::nullopt;
  }
  if (now >= ends_) {
    ends_ = now + interval_;
    said_ = 0;
  }
  ++said_;
  return std::exchange(suppressed_, 0);
}

std::uint64_t LogLimit::take_suppressed(Clock::time_point now) noexcept {
  return now < ends_ ? 0 : std::exchange(suppressed_, 0);
}

Clock::time_point LogLimit::next_deadline() const noexcept {
  return suppressed_ == 0 ? Clock::time_point::max() : ends_;
}

std::string told_suppressed(std::uint64_t count) {
  return count == 0 ? std::string()
                    : formatted(" ({} more like this were not logged before it)", count);
}

}  // namespace omzmq
