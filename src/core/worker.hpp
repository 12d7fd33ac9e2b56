// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "core/action.hpp"
#include "core/lane.hpp"
#include "core/log_limit.hpp"
#include "core/transaction.hpp"

namespace omzmq {

/// One rsyslog worker thread at one action: hands its transactions over, whole or not at all.
///
/// Holds the action, so that it may outlive rsyslog's own handle of it.
///
/// Threads: the worker's own; the destructor any, once the worker is through.
class Worker {
 public:
  /// \throws std::bad_alloc, std::system_error
  explicit Worker(std::shared_ptr<Action> action);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  enum class [[nodiscard]] Status{
      kTaken,     ///< confirmed as `confirm` says, or dropped and counted as handoff.full says
      kSuspended  ///< nothing was taken
  };

  /// Waits for room for handoff.timeout at most, once for each stall: as long as the sender has not
  /// moved since the last wait was in vain, there is no second one. With dropOldest it waits for
  /// the sender to drop, kDropAnswer at most.
  ///
  /// With confirm="sent" and "acked" it then waits until the sender says that the transaction is
  /// confirmed, however long that takes. When the daemon stops it returns at once: what is in a
  /// lane the sender sends on, saves, or counts.
  Status submit(const omzmq_slice* slices, std::size_t count);

  /// True when what was refused last would be taken now. Where rsyslog tries for ever, this waits
  /// for that, however long it takes: rsyslog would sleep for action.resumeInterval between two
  /// looks, and forget the message that it is about to try again when the daemon stops then.
  [[nodiscard]] bool ready() noexcept;

 private:
  [[nodiscard]] bool place(const Batch& batch, const TransactionPlan& plan);
  [[nodiscard]] bool wait_for_room(std::size_t bytes, Clock::duration timeout, bool by_discarding);
  [[nodiscard]] bool place_after_waiting(const Batch& batch, const TransactionPlan& plan);
  [[nodiscard]] bool place_at_stop(const Batch& batch, const TransactionPlan& plan);
  void await_confirmation();
  Status refuse(const TransactionPlan& plan);
  Status drop(const Batch& batch, const TransactionPlan& plan);
  void bury_dead(const Batch& batch, const TransactionPlan& plan);
  void tell(const char* what);

  static constexpr std::uint64_t kNowhere = std::numeric_limits<std::uint64_t>::max();

  const std::shared_ptr<Action> action_;
  Handoff& handoff_;  ///< the action's
  std::shared_ptr<Lane> lane_;
  std::size_t refused_bytes_ = 0;        ///< of the transaction refused last; 0: none was
  std::uint64_t stalled_at_ = kNowhere;  ///< where the sender was when a wait was in vain
  LogLimit told_{1};                     ///< that the lane is full
};

}  // namespace omzmq
