// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/transaction.hpp"

namespace omzmq {

/// When the messages of a frame were published, in a fixed number of segments. When there is one
/// too many, two neighbours become one, for which its oldest time stands: so no message is taken
/// for younger than it is, and none for older by more than a quarter of the time over which those
/// of the frame were published.
class PublishTimes {
 public:
  static constexpr std::size_t kMost = 8;

  struct Segment {
    Clock::time_point oldest;
    Clock::time_point newest;
    std::uint32_t messages;
  };

  PublishTimes() noexcept = default;
  PublishTimes(const PublishTimes& other) noexcept { *this = other; }
  /// Of most frames only one or two segments are in use.
  PublishTimes& operator=(const PublishTimes& other) noexcept {
    if (this == &other) return *this;
    std::copy_n(other.segments_.begin(), other.count_, segments_.begin());
    count_ = other.count_;
    return *this;
  }
  ~PublishTimes() = default;

  /// One more message. Times may come in any order.
  void add(Clock::time_point published) noexcept {
    if (count_ != 0 && segments_[count_ - 1].newest == published) {
      ++segments_[count_ - 1].messages;
    } else {
      insert(published);
    }
  }

  /// The oldest first; they do not overlap.
  [[nodiscard]] std::span<const Segment> segments() const noexcept {
    return {segments_.data(), count_};
  }

 private:
  void insert(Clock::time_point published) noexcept {
    const auto begin = segments_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(count_);
    const auto at = std::find_if(
        begin, end, [published](const Segment& segment) { return published <= segment.newest; });
    if (at != end && at->oldest <= published) {
      ++at->messages;
      return;
    }
    std::move_backward(at, end, end + 1);
    *at = {published, published, 1};
    if (++count_ > kMost) join();
  }

  /// The pair of neighbours that covers the shortest time. Of kMost pairs, which cover the whole
  /// twice at most, that is 2 / kMost of it or less.
  void join() noexcept {
    const auto covered = [this](std::size_t i) {
      return segments_[i + 1].newest - segments_[i].oldest;
    };
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < count_; ++i) {
      if (covered(i) < covered(best)) best = i;
    }
    segments_[best].newest = segments_[best + 1].newest;
    segments_[best].messages += segments_[best + 1].messages;
    const auto second = segments_.begin() + static_cast<std::ptrdiff_t>(best) + 1;
    std::move(second + 1, segments_.begin() + static_cast<std::ptrdiff_t>(count_), second);
    --count_;
  }

  std::array<Segment, kMost + 1> segments_;  ///< the first `count_` are set
  std::size_t count_ = 0;
};

}  // namespace omzmq
