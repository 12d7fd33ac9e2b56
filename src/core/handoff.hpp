// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

#include "core/event_fd.hpp"
#include "core/lane.hpp"
#include "core/stats.hpp"
#include "core/transaction.hpp"

namespace omzmq {

/// The lanes of one action and the wake-up of its sender.
///
/// A sender that is about to sleep says from how many bytes in a lane on it wants to be woken, then
/// looks at the lanes once more. A worker publishes, then looks at that threshold. Both sides store
/// before they load, in the one order of seq_cst, so that at least one of them sees the other: no
/// wake-up is lost. The threshold goes back to "awake" with the first wake-up, so that a sleep
/// costs one system call at most, however many transactions end it. tests/model has the proof.
///
/// Threads: open_lane() and collect() any; wake_sender_for() and wake_sender() any; the members
/// under "Sender" the sender thread.
class Handoff {
 public:
  /// \param lane_bytes  capacity of each lane
  /// \throws std::system_error when no file descriptor is left
  explicit Handoff(std::size_t lane_bytes);

  /// A lane for a worker that comes: that of one that is gone, where the sender has not emptied it,
  /// so that workers that come and go while nothing is sent need no more memory than those that
  /// stay. The worker calls retire() on it when it goes.
  /// \throws std::bad_alloc, std::system_error, std::runtime_error
  [[nodiscard]] std::shared_ptr<Lane> open_lane();

  /// A lane that nobody has used. \throws std::bad_alloc, std::runtime_error
  [[nodiscard]] std::shared_ptr<Lane> open_empty_lane();

  /// After a publish: wakes the sender if it sleeps and `used_bytes` of the lane reach its
  /// threshold.
  void wake_sender_for(std::size_t used_bytes) noexcept {
    // Partner: the store in begin_sleep().
    if (used_bytes < wake_at_.load(std::memory_order_seq_cst)) return;
    if (wake_at_.exchange(kAwake, std::memory_order_seq_cst) != kAwake) wake_.notify();
  }

  /// Makes the sender look around, whatever it waits for.
  void wake_sender() noexcept { wake_.notify(); }

  /// Replaces `into` by what the workers counted and what the lanes hold; workers that left count.
  void collect(StatsSnapshot& into) const;

  // ---- Sender

  /// The lanes there are now. Lanes that are retired and empty are taken off first.
  [[nodiscard]] const std::vector<std::shared_ptr<Lane>>& lanes();

  /// Announces a sleep. REQUIRES: sleep() or end_sleep() follows.
  /// \param wake_at_bytes  wake up when a lane holds this much; kNever: only for wake_sender()
  /// \return false when a lane holds as much already
  [[nodiscard]] bool begin_sleep(std::size_t wake_at_bytes) noexcept;

  /// Sleeps until woken, until `deadline`, or until `fd` (-1: none) is readable; then end_sleep().
  void sleep(Clock::time_point deadline, int fd) noexcept;

  void end_sleep() noexcept;

  /// As a threshold: publishing wakes nobody.
  static constexpr std::size_t kNever = std::numeric_limits<std::size_t>::max();

 private:
  static constexpr std::size_t kAwake = kNever;

  void drop_retired_lanes();

  const std::size_t lane_bytes_;
  EventFd wake_;
  alignas(128) std::atomic<std::size_t> wake_at_{kAwake};

  mutable std::mutex mutex_;  ///< held for moments only, and by no worker that has its lane
  std::vector<std::shared_ptr<Lane>> registered_;  ///< guarded by mutex_
  StatsSnapshot departed_;                         ///< guarded by mutex_: counts of dropped lanes
  std::atomic<std::uint64_t> version_{0};          ///< of registered_

  std::vector<std::shared_ptr<Lane>> lanes_;  ///< the sender's copy of registered_ ...
  std::uint64_t lanes_version_ = 0;           ///< ... at this version
};

}  // namespace omzmq
