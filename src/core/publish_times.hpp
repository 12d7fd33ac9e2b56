// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>

#include "core/transaction.hpp"

namespace omzmq {

/// When the messages of a frame were published, in a fixed number of segments. When there is one
/// too many, two neighbours become one, for which its oldest time stands: so no message is taken
/// for younger than it is, and none for older by more than a quarter of the time over which those
/// of the frame were published.
class PublishTimes {
 public:
  static constexpr std::size_t kMost = 8;

  /// So many more messages. Times may come in any order.
  void add(Clock::time_point published, std::uint32_t messages = 1) noexcept {
    if (several_ == nullptr && (only_messages_ == 0 || only_ == published)) {
      only_ = published;
      only_messages_ += messages;
    } else {
      add_another(published, messages);
    }
  }

  /// The times of the oldest so many messages, which are not among these any more.
  [[nodiscard]] PublishTimes take_oldest(std::uint32_t messages) noexcept {
    PublishTimes taken;
    const auto take = [&](Clock::time_point published, std::uint32_t& from) {
      const std::uint32_t part = std::min(messages, from);
      if (part != 0) taken.add(published, part);
      from -= part;
      messages -= part;
    };
    if (several_ == nullptr) {
      take(only_, only_messages_);
      return taken;
    }
    auto& list = several_->list;
    const auto end = list.begin() + static_cast<std::ptrdiff_t>(several_->count);
    for (auto segment = list.begin(); segment != end; ++segment) {
      take(segment->oldest, segment->messages);
    }
    const auto rest = std::find_if(list.begin(), end,
                                   [](const Segment& segment) { return segment.messages != 0; });
    several_->count = static_cast<std::size_t>(end - rest);
    std::move(rest, end, list.begin());
    if (several_->count == 0) {
      several_.reset();
      only_messages_ = 0;
    }
    return taken;
  }

  /// Calls `visit(oldest, messages)` for each segment, the oldest first; they do not overlap.
  template <typename Visit>
  void visit(Visit&& visit) const {
    if (several_) {
      for (std::size_t i = 0; i < several_->count; ++i) {
        visit(several_->list[i].oldest, several_->list[i].messages);
      }
    } else if (only_messages_ != 0) {
      visit(only_, only_messages_);
    }
  }

 private:
  struct Segment {
    Clock::time_point oldest;
    Clock::time_point newest;
    std::uint32_t messages;
  };

  /// A list that has room for one too many.
  struct Several {
    std::array<Segment, kMost + 1> list;
    std::size_t count;
  };

  void add_another(Clock::time_point published, std::uint32_t messages) noexcept {
    if (!several_) {
      several_.reset(new (std::nothrow) Several);
      if (!several_) {
        only_ = std::min(only_, published);
        only_messages_ += messages;
        return;
      }
      several_->list.front() = {only_, only_, only_messages_};
      several_->count = 1;
    }
    Segment& last = several_->list[several_->count - 1];
    if (last.newest == published) {
      last.messages += messages;
    } else {
      insert(published, messages);
    }
  }

  void insert(Clock::time_point published, std::uint32_t messages) noexcept {
    const auto begin = several_->list.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(several_->count);
    const auto at = std::find_if(
        begin, end, [published](const Segment& segment) { return published <= segment.newest; });
    if (at != end && at->oldest <= published) {
      at->messages += messages;
      return;
    }
    std::move_backward(at, end, end + 1);
    *at = {published, published, messages};
    if (++several_->count > kMost) join(*several_);
  }

  /// The pair of neighbours that covers the shortest time. Of kMost pairs, which cover the whole
  /// twice at most, that is 2 / kMost of it or less.
  static void join(Several& several) noexcept {
    auto& list = several.list;
    const auto covered = [&list](std::size_t i) { return list[i + 1].newest - list[i].oldest; };
    std::size_t best = 0;
    for (std::size_t i = 1; i + 1 < several.count; ++i) {
      if (covered(i) < covered(best)) best = i;
    }
    list[best].newest = list[best + 1].newest;
    list[best].messages += list[best + 1].messages;
    const auto second = list.begin() + static_cast<std::ptrdiff_t>(best) + 1;
    std::move(second + 1, list.begin() + static_cast<std::ptrdiff_t>(several.count), second);
    --several.count;
  }

  std::unique_ptr<Several> several_;  ///< once there are several: of most frames there are not
  Clock::time_point only_;            ///< until then
  std::uint32_t only_messages_ = 0;
};

}  // namespace omzmq
