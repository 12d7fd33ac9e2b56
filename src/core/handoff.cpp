// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/handoff.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <new>
#include <stdexcept>

#include "common/format.hpp"

namespace omzmq {
namespace {

void add_lane(StatsSnapshot& into, const Lane& lane) {
  into.submitted += lane.stats.submitted.value();
  into.dropped_newest += lane.stats.dropped_newest.value();
  into.dropped_dead += lane.stats.dropped_dead.value();
  into.suspended += lane.stats.suspended.value();
  into.waited_us += lane.stats.waited_us.value();
  into.lane_bytes += lane.held_bytes();
  into.lane_peak = std::max(into.lane_peak, lane.peak_bytes());
}

/// \throws std::runtime_error that names the parameter
std::shared_ptr<Lane> new_lane(std::size_t bytes) {
  try {
    return std::make_shared<Lane>(bytes);
  } catch (const std::bad_alloc&) {
    throw std::runtime_error(formatted(
        "there is no memory for a lane of handoff.size {} bytes, which takes twice as much",
        bytes));
  }
}

/// Nothing comes any more, and nobody holds a reference to it.
bool is_over(const std::shared_ptr<Lane>& lane) noexcept {
  // In this order: see Lane::retire().
  return lane->is_retired() && lane->front().empty() && lane->is_settled();
}

}  // namespace

Handoff::Handoff(std::size_t lane_bytes) : lane_bytes_(lane_bytes) {}

std::shared_ptr<Lane> Handoff::open_lane() {
  {
    // The sender takes lanes off under the same mutex, and looks again there.
    const std::lock_guard lock(mutex_);
    for (const auto& lane : registered_) {
      if (!lane->is_retired()) continue;
      lane->reopen();
      return lane;
    }
  }
  return open_empty_lane();
}

std::shared_ptr<Lane> Handoff::open_empty_lane() {
  auto lane = new_lane(lane_bytes_);
  {
    const std::lock_guard lock(mutex_);
    registered_.push_back(lane);
    // Partner: the load in lanes().
    version_.fetch_add(1, std::memory_order_release);
  }
  // A sender that is falling asleep has not seen this lane and would not look at it again.
  wake_sender();
  return lane;
}

void Handoff::collect(StatsSnapshot& into) const {
  const std::lock_guard lock(mutex_);
  into = departed_;
  for (const auto& lane : registered_) add_lane(into, *lane);
}

const std::vector<std::shared_ptr<Lane>>& Handoff::lanes() {
  if (std::any_of(lanes_.begin(), lanes_.end(), is_over)) drop_retired_lanes();
  // Partner: open_empty_lane().
  if (version_.load(std::memory_order_acquire) != lanes_version_) {
    const std::lock_guard lock(mutex_);
    lanes_ = registered_;
    lanes_version_ = version_.load(std::memory_order_relaxed);
  }
  return lanes_;
}

void Handoff::drop_retired_lanes() {
  const std::lock_guard lock(mutex_);
  std::erase_if(registered_, [this](const std::shared_ptr<Lane>& lane) {
    const bool is_gone = is_over(lane);
    if (is_gone) add_lane(departed_, *lane);
    return is_gone;
  });
  version_.fetch_add(1, std::memory_order_release);
}

bool Handoff::begin_sleep(std::size_t wake_at_bytes) noexcept {
  // Partner: the load in wake_sender_for(). The loads of the lanes' tails come after this store.
  wake_at_.store(wake_at_bytes, std::memory_order_seq_cst);
  const bool enough = std::any_of(lanes_.begin(), lanes_.end(), [=](const auto& lane) {
    return lane->readable_bytes() >= wake_at_bytes;
  });
  if (enough) end_sleep();
  return !enough;
}

void Handoff::sleep(Clock::time_point deadline, int fd) noexcept {
  const auto now = Clock::now();
  const auto left = deadline > now ? deadline - now : Clock::duration::zero();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(left);
  const timespec timeout{static_cast<std::time_t>(seconds.count()),
                         static_cast<long>(std::chrono::nanoseconds(left - seconds).count())};
  std::array<pollfd, 2> ready{pollfd{wake_.fd(), POLLIN, 0}, pollfd{fd, POLLIN, 0}};
  const bool for_ever = deadline == Clock::time_point::max();
  if (::ppoll(ready.data(), ready.size(), for_ever ? nullptr : &timeout, nullptr) > 0 &&
      ready[0].revents != 0) {
    wake_.clear();
  }
  end_sleep();
}

void Handoff::end_sleep() noexcept { wake_at_.store(kAwake, std::memory_order_relaxed); }

}  // namespace omzmq
