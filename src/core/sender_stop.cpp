// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Sender: stopping. The way of the data is in sender.cpp.
#include <algorithm>
#include <chrono>
#include <exception>
#include <string>

#include "common/format.hpp"
#include "core/sender.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;

/// How often to look whether ZeroMQ has got rid of what it took; also the pause between beats.
constexpr Clock::duration kDrainPause = 1ms;
/// libzmq closes a connection as soon as it has taken the last message from its queue, linger or
/// not, and drops what its engine could not write to a full kernel buffer at once: of messages
/// under 16 KiB, what ends in its buffer of 8 KiB. So the socket stays open for a moment more, in
/// which a peer that reads makes room.
constexpr std::chrono::milliseconds kSettling = 50ms;

}  // namespace

void Sender::send_on_until(Clock::time_point deadline) {
  bool is_sent = drain(Clock::now());
  while (!is_sent && Clock::now() < deadline) {
    if (!has_more_) doze_until(std::min(deadline, Clock::now() + kDrainPause));
    is_sent = drain(Clock::now());
  }
  if (!is_sent || stats_.sent_frames.value() == 0) return;
  deadline = std::min(deadline, Clock::now() + kSettling);
  while (Clock::now() < deadline) {
    doze_until(deadline);
    // Whatever woke us would do so again until somebody takes it in.
    static_cast<void>(drain(Clock::now()));
  }
}

void Sender::doze_until(Clock::time_point deadline) {
  static_cast<void>(is_open_ && sink_.writable());
  handoff_.sleep(deadline, is_open_ ? sink_.fd() : -1);
}

bool Sender::drain(Clock::time_point now) {
  const Outcome outcome = do_work(now);
  has_more_ = outcome == Outcome::kMore;
  is_drained_ = false;
  if (outcome != Outcome::kIdle) return false;
  batcher_.cut_all(now, outbox_.ready());
  // Not only once all has left: a PUB's peer that reads nothing must not cost the others the end.
  is_drained_ = flush(now) && send_last_beats(now) && !outbox_.awaits_acks() &&
                (settings_.confirm == Confirm::kAcked || sink_.unsent() == 0);
  return is_drained_;
}

std::size_t Sender::finish() {
  std::size_t lost = 0;
  try {
    if (!settings_.spool_file.empty() && !is_all_sent()) lost += save_rest();
  } catch (const std::exception& error) {
    log_.failure("while stopping", error.what());  // what was not saved is counted all the same
  }
  lost += forget_rest();
  peers_.note_closed();
  update_gauges();
  is_open_ = false;
  return lost;
}

/// As of now: a worker that rsyslog cancelled may have handed something over since the last
/// drain().
bool Sender::is_all_sent() {
  const auto& lanes = handoff_.lanes();
  return is_drained_ && std::all_of(lanes.begin(), lanes.end(),
                                    [](const auto& lane) { return lane->front().empty(); });
}

/// \return messages that could not be saved
std::size_t Sender::save_rest() {
  // What libzmq holds for a slow subscriber the others have had: nobody may get it twice.
  const std::size_t taken = settings_.sock_type == SocketType::kPub ? sink_.unsent() : 0;
  spool_.begin_save();
  try {
    save_all();
  } catch (const std::exception& error) {
    log_.failure("while writing the spoolFile", error.what());
  }
  const Spool::Saved saved = spool_.end_save();
  stats_.spooled.add(saved.messages + saved.older);
  if (saved.messages + saved.older != 0) {
    log_.info(
        formatted("stopped with {} messages unsent: they are in spoolFile '{}', to be sent "
                  "first at the next start",
                  saved.messages + saved.older, settings_.spool_file));
  }
  if (saved.unsaved != 0) {
    log_.error(formatted("stopped with {} messages unsent that are lost: spoolFile '{}': {}",
                         saved.unsaved, settings_.spool_file, saved.why));
  }
  if (taken != 0) {
    log_.error(
        formatted("stopped with {} messages unsent that are lost: ZeroMQ held them for a slow "
                  "subscriber",
                  taken));
  }
  return static_cast<std::size_t>(saved.unsaved) + taken;
}

void Sender::save_all() {
  std::vector<Frame> recovered = sink_.recover(outbox_.offered());
  is_open_ = false;
  if (settings_.sock_type != SocketType::kPub && settings_.confirm != Confirm::kAcked) {
    for (const Frame& frame : recovered) spool_.save(frame);
  }
  for (const Frame& frame : outbox_.take_all()) spool_.save(frame);
  spool_.save_rest();
  const auto now = Clock::now();
  if (Packer* const packer = batcher_.packer()) packer->stop_compressing();
  while (take_messages(SIZE_MAX, now) != 0) save_ready();
  batcher_.cut_all(now, outbox_.ready());
  save_ready();
}

void Sender::save_ready() {
  while (!outbox_.ready().empty()) {
    spool_.save(outbox_.ready().front());
    outbox_.ready().pop_front();
  }
}

/// Closes the socket, and counts what is still here. \return the number of messages
std::size_t Sender::forget_rest() {
  std::size_t held = 0;
  if (lane_ != nullptr) held += skip_transaction();
  for (const auto& lane : handoff_.lanes()) {
    for (; !lane->front().empty(); lane->release()) {
      held += TransactionReader(lane->front(), slices_each_).left();
    }
  }
  held += batcher_.discard_all();
  const std::size_t unacknowledged = outbox_.unacknowledged();
  for (const Frame& frame : outbox_.take_all()) held += frame.messages;
  held -= unacknowledged;
  const bool is_acked = settings_.confirm == Confirm::kAcked;
  std::size_t taken = is_acked ? unacknowledged : sink_.unsent();
  if (!is_open_ && settings_.sock_type == SocketType::kPub) taken = 0;  // save_rest() has told
  sink_.close(taken == 0 ? kLastLinger : 0ms);
  if (held + taken != 0) {
    log_.error(
        formatted("stopped with {} messages unsent: {} were never taken by ZeroMQ, {} {}; "
                  "closeTimeout is {} ms",
                  held + taken, held, taken,
                  is_acked ? "were not acknowledged" : "were waiting there for a peer",
                  settings_.close_timeout.count()));
  }
  return held + taken;
}

}  // namespace omzmq
