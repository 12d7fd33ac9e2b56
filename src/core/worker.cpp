// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/worker.hpp"

#include <algorithm>
#include <chrono>
#include <new>
#include <utility>

namespace omzmq {
namespace {

using namespace std::chrono_literals;

/// Longest sleep before looking whether the daemon stops.
constexpr Clock::duration kSlice = 50ms;
/// The same in a wait that may take hours.
constexpr Clock::duration kPatientSlice = 100ms;
/// Longest wait for the sender to drop its oldest: it answers within microseconds, unless it gets
/// no processor.
constexpr Clock::duration kDropAnswer = 1s;
/// While the daemon stops, rsyslog before 8.2606 offers a refused transaction again and again
/// without a pause of its own: each refusal takes this long.
constexpr Clock::duration kStoppingPause = 50ms;
/// While the daemon stops, a worker gives up waiting for confirmation after this. What it holds
/// then is the sender's, and has left rsyslog's queue: so not too soon. rsyslog waits a second for
/// it.
constexpr Clock::duration kStoppingPatience = 500ms;

int to_poll_ms(Clock::duration duration) noexcept {
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

}  // namespace

Worker::Worker(std::shared_ptr<Action> action)
    : action_(std::move(action)), handoff_(action_->handoff()), lane_(handoff_.open_lane()) {}

Worker::~Worker() {
  lane_->retire();
  handoff_.wake_sender();
}

Worker::Status Worker::submit(const omzmq_slice* slices, std::size_t count) {
  const Batch batch{slices, count, action_->slices_each()};
  const auto plan = plan_transaction(batch, action_->settings().max_message_size);
  if (plan.messages != 0 && !place(batch, plan) && !place_after_waiting(batch, plan)) {
    if (action_->settings().handoff_full != WhenFull::kSuspend) return drop(batch, plan);
    if (!place_at_stop(batch, plan)) return refuse(plan);
  }
  lane_->stats.submitted.add(count);
  if (plan.dead != 0) bury_dead(batch, plan);
  if (plan.messages != 0) refused_bytes_ = 0;
  if (action_->settings().confirm != Confirm::kHandoff) await_confirmation();
  return Status::kTaken;
}

bool Worker::ready() noexcept {
  const auto is_ready = [this] {
    return refused_bytes_ == 0 || lane_->has_room_for(refused_bytes_) ||
           (action_->log().stopping() && action_->takes_refused_at_stop());
  };
  if (!action_->settings().retries_for_ever) return is_ready();
  while (!is_ready() && !action_->log().stopping()) {
    static_cast<void>(wait_for_room(refused_bytes_, kPatientSlice, false));
  }
  return is_ready();
}

bool Worker::place(const Batch& batch, const TransactionPlan& plan) {
  const std::size_t limit = action_->settings().max_message_size;
  if (std::byte* const room = lane_->try_reserve(plan.bytes)) {
    write_transaction(room, batch, plan, limit, Clock::now());
    lane_->publish();
  } else if (lane_->is_too_large(plan.bytes) && lane_->has_room_for(plan.bytes)) {
    std::unique_ptr<std::byte[]> block(new (std::nothrow) std::byte[plan.bytes]);
    if (!block) return false;
    write_transaction(block.get(), batch, plan, limit, Clock::now());
    if (!lane_->publish_block(block, plan.bytes)) return false;
    handoff_.wake_sender();  // the ring holds only its address: too little for a threshold
  } else {
    return false;
  }
  handoff_.wake_sender_for(lane_->used_bytes());
  return true;
}

bool Worker::place_after_waiting(const Batch& batch, const TransactionPlan& plan) {
  const Settings& settings = action_->settings();
  const bool stopping = action_->log().stopping();
  const Clock::duration patience =
      stopping ? std::max<Clock::duration>(settings.handoff_timeout, kStoppingPause)
               : settings.handoff_timeout;
  const bool worth_waiting = stopping || lane_->reader_position() != stalled_at_;
  if (patience.count() != 0 && worth_waiting) {
    if (wait_for_room(plan.bytes, patience, false) && place(batch, plan)) return true;
    stalled_at_ = lane_->reader_position();
  }
  if (settings.handoff_full != WhenFull::kDropOldest) return false;
  const bool has_room = wait_for_room(plan.bytes, kDropAnswer, true);
  stalled_at_ = lane_->reader_position();  // it moved by dropping: the stall is still the same
  return has_room && place(batch, plan);
}

/// The daemon would lose what it is not told OK for: so the rest of the lane is left to the sender,
/// and the transaction goes into another one.
bool Worker::place_at_stop(const Batch& batch, const TransactionPlan& plan) {
  if (!action_->log().stopping() || !action_->takes_refused_at_stop()) return false;
  auto fresh = handoff_.open_empty_lane();
  lane_->retire();
  lane_ = std::move(fresh);
  return place(batch, plan);
}

void Worker::await_confirmation() {
  const auto start = Clock::now();
  auto deadline = Clock::time_point::max();
  lane_->request_confirmation();
  while (!lane_->is_confirmed()) {
    const auto now = Clock::now();
    if (action_->log().stopping()) deadline = std::min(deadline, now + kStoppingPatience);
    if (now >= deadline) break;
    lane_->wait_for_answer(to_poll_ms(std::min(deadline - now, kPatientSlice)));
  }
  lane_->withdraw_confirmation_request();
  const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  lane_->stats.waited_us.add(static_cast<std::uint64_t>(waited.count()));
}

bool Worker::wait_for_room(std::size_t bytes, Clock::duration timeout, bool by_discarding) {
  const auto start = Clock::now();
  auto deadline = start + timeout;
  lane_->request_room(bytes, by_discarding);
  handoff_.wake_sender();
  bool has_room = lane_->has_room_for(bytes);
  for (auto now = start; !has_room && now < deadline; now = Clock::now()) {
    if (action_->log().stopping()) deadline = std::min(deadline, now + kStoppingPause);
    lane_->wait_for_answer(to_poll_ms(std::min(deadline - now, kSlice)));
    has_room = lane_->has_room_for(bytes);
  }
  lane_->withdraw_room_request();
  const auto waited = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - start);
  lane_->stats.waited_us.add(static_cast<std::uint64_t>(waited.count()));
  return has_room;
}

Worker::Status Worker::refuse(const TransactionPlan& plan) {
  refused_bytes_ = plan.bytes;
  lane_->stats.suspended.add(1);
  tell(
      "the lane is full: transactions are handed back to rsyslog's queue "
      "(handoff.full=\"suspend\")");
  return Status::kSuspended;
}

Worker::Status Worker::drop(const Batch& batch, const TransactionPlan& plan) {
  lane_->stats.submitted.add(batch.count);
  lane_->stats.dropped_newest.add(plan.messages);
  if (plan.dead != 0) bury_dead(batch, plan);
  tell("the lane is full: messages are dropped and counted (handoff.full)");
  return Status::kTaken;
}

void Worker::bury_dead(const Batch& batch, const TransactionPlan& plan) {
  const std::size_t limit = action_->settings().max_message_size;
  for (std::size_t i = 0; i < batch.count; ++i) {
    const omzmq_slice& payload = batch.message(i).front();
    if (payload.size <= limit) continue;
    action_->dead_letters().write({reinterpret_cast<const char*>(payload.data), payload.size},
                                  "longer than maxMessageSize");
  }
  lane_->stats.dropped_dead.add(plan.dead);
}

void Worker::tell(const char* what) {
  if (const auto before = told_.admit(Clock::now())) {
    action_->log().warning(what + told_suppressed(*before));
  }
}

}  // namespace omzmq
