// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/action.hpp"

#include <exception>
#include <stdexcept>
#include <utility>

#include "core/own_thread.hpp"
#include "core/sender.hpp"

namespace omzmq {
Action::Action(Settings settings, const omzmq_host& host, SinkFactory make_sink)
    : settings_(std::move(settings)),
      name_(settings_.display_name()),
      templates_(settings_.templates()),
      log_(host, name_),
      make_sink_(std::move(make_sink)),
      dead_letters_(settings_.dead_letter_file, name_, log_) {}

Action::~Action() {
  request_stop();
  join();
}

void Action::prepare() {
  if (handoff_) return;
  handoff_.emplace(settings_.handoff_size);
  is_prepared_.store(true, std::memory_order_release);  // Partners: handoff(), stats()
}

void Action::start() {
  const std::lock_guard lock(start_mutex_);
  if (thread_.joinable() || stop_.stop_requested()) return;
  prepare();
  if (!sink_) sink_ = make_sink_(settings_);
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(stop_.get_token(), *sink_); });
}

void Action::run(const std::stop_token& stop, FrameSink& sink) noexcept {
  try {
    name_this_thread(name_);
    Sender sender(settings_, *handoff_, sink, sender_stats_, log_);
    sender.try_open(Clock::now());
    mark_opened();
    sender.run(stop);
  } catch (const std::exception& error) {
    log_.failure("the sender ended, nothing more is sent", error.what());
    mark_opened();
  }
}

Handoff& Action::handoff() {
  if (!is_prepared_.load(std::memory_order_acquire))
    throw std::logic_error("the action has not been started");
  return *handoff_;
}

void Action::mark_opened() {
  {
    const std::lock_guard lock(mutex_);
    opened_ = true;
  }
  opened_changed_.notify_all();
}

void Action::wait_until_opened(Clock::time_point deadline) {
  if (!thread_.joinable()) return;
  std::unique_lock lock(mutex_);
  opened_changed_.wait_until(lock, deadline, [this] { return opened_; });
}

void Action::request_stop() noexcept { stop_.request_stop(); }

void Action::join() noexcept {
  if (thread_.joinable()) thread_.join();
}

StatsSnapshot Action::stats() const {
  StatsSnapshot snapshot;
  if (!is_prepared_.load(std::memory_order_acquire)) return snapshot;
  handoff_->collect(snapshot);
  snapshot.sent_messages = sender_stats_.sent_messages.value();
  snapshot.sent_bytes = sender_stats_.sent_bytes.value();
  snapshot.sent_frames = sender_stats_.sent_frames.value();
  snapshot.dropped_oldest = sender_stats_.dropped_oldest.value();
  snapshot.acked = sender_stats_.acked.value();
  snapshot.resent = sender_stats_.resent.value();
  snapshot.acks_ignored = sender_stats_.acks_ignored.value();
  snapshot.spooled = sender_stats_.spooled.value();
  snapshot.replayed = sender_stats_.replayed.value();
  snapshot.peers = sender_stats_.peers.value();
  snapshot.connects = sender_stats_.connects.value();
  snapshot.disconnects = sender_stats_.disconnects.value();
  snapshot.handshake_failed = sender_stats_.handshake_failed.value();
  snapshot.auth_failed = sender_stats_.auth_failed.value();
  snapshot.lane_bytes += sender_stats_.open_bytes.value();
  return snapshot;
}

StatsSnapshot Action::report() {
  StatsSnapshot snapshot = stats();
  const std::lock_guard lock(report_mutex_);
  const LatencyQuantiles latency = latency_report_.take(sender_stats_.latency);
  snapshot.latency_p50_us = latency.p50_us;
  snapshot.latency_p99_us = latency.p99_us;
  snapshot.latency_max_us = latency.max_us;
  return snapshot;
}

}  // namespace omzmq
