// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/sender.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "core/format.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;

/// Messages of one duty cycle: some milliseconds of work at most ...
constexpr std::size_t kCycleMessages = 4096;
/// ... but for compression: then a cycle ends with the frame during which this was over.
constexpr Clock::duration kCycleTime = 10ms;
constexpr Clock::duration kFirstOpenPause = 100ms;
constexpr Clock::duration kLongestOpenPause = 5s;
/// A socket that says "writable" and refuses is asked again after this.
constexpr Clock::duration kRefusalPause = 1ms;
/// However quiet the socket, look at it this often.
constexpr Clock::duration kLongestSleep = 1s;
/// While stopping: how often to look whether ZeroMQ has got rid of what it took, and the pause
/// between beats.
constexpr Clock::duration kDrainPause = 1ms;
/// A full socket is normal for moments under load; longer is worth a line.
constexpr Clock::duration kTellBlockedAfter = 1s;
/// A linger that is too short for anybody to see whether a full frame went out before it was over.
constexpr std::chrono::milliseconds kUnnoticed = 10ms;
constexpr std::chrono::milliseconds kLastLinger = 500ms;
/// libzmq closes a connection as soon as it has taken the last message from its queue, linger or
/// not, and drops what its engine could not write to a full kernel buffer at once: 8 KiB of small
/// messages at most. So the socket stays open for a moment more, in which a peer that reads makes
/// room.
constexpr std::chrono::milliseconds kSettling = 50ms;
/// Thousands of streams may be due a beat at once. So many go out, then there is a pause: they must
/// not fill a peer's queue, where a PUB drops batches.
constexpr std::size_t kBeatsAtOnce = 32;
constexpr Clock::duration kBeatsPause = 1ms;

}  // namespace

Sender::Sender(const Settings& settings, Handoff& handoff, FrameSink& sink, SenderStats& stats,
               const Log& log)
    : settings_(settings),
      handoff_(handoff),
      sink_(sink),
      stats_(stats),
      log_(log),
      batcher_(settings, Clock::now()),
      slices_each_(settings.templates().size()),
      compresses_(settings.compression_driver != Compression::kNone),
      open_pause_(kFirstOpenPause) {}

bool Sender::try_open(Clock::time_point now) {
  if (is_open_ || now < next_open_) return is_open_;
  try {
    sink_.open();
    is_open_ = true;
    if (!has_broken_) note_recovered("the socket is open now");
  } catch (const std::exception& why) {
    pause_after_failure(now, why.what());
  }
  return is_open_;
}

void Sender::note_recovered(const char* how) {
  if (has_failed_) log_.info(how);
  has_failed_ = false;
  has_broken_ = false;
  open_pause_ = kFirstOpenPause;
}

void Sender::pause_after_failure(Clock::time_point now, const char* why) {
  is_open_ = false;
  if (!has_failed_) log_.error(formatted("{}; messages are held back, trying again", why));
  has_failed_ = true;
  next_open_ = now + open_pause_;
  open_pause_ = std::min(2 * open_pause_, kLongestOpenPause);
}

Sender::Outcome Sender::do_work(Clock::time_point now) {
  if (!try_open(now)) {
    discard_oldest();
    return Outcome::kBlocked;
  }
  const auto begun = Clock::now();
  Outcome outcome = Outcome::kMore;
  for (std::size_t n = 0; n < kCycleMessages && outcome == Outcome::kMore; ++n) {
    if (!flush(now)) {
      outcome = Outcome::kBlocked;
    } else if (!next_message()) {
      outcome = Outcome::kIdle;
    } else {
      batcher_.add(*message_, now, ready_);
      finish_message();
      if (compresses_ && !ready_.empty() && Clock::now() - begun > kCycleTime) break;
    }
  }
  if (outcome == Outcome::kIdle && settings_.batch_linger.count() == 0) {
    batcher_.cut_all(now, ready_);
  }
  if (outcome != Outcome::kBlocked) {
    batcher_.cut_due(now, ready_);
    if (!flush(now) || !send_beats(now)) outcome = Outcome::kBlocked;
  }
  if (outcome == Outcome::kBlocked) discard_oldest();
  note_blocked(outcome == Outcome::kBlocked, now);
  note_compression();
  update_gauges();
  return outcome;
}

bool Sender::next_message() {
  if (message_) return true;  // add() failed for want of memory
  if (lane_ == nullptr) {
    const auto& lanes = handoff_.lanes();
    for (std::size_t i = 0; i < lanes.size() && lane_ == nullptr; ++i) {
      Lane* const lane = lanes[(next_lane_ + i) % lanes.size()].get();
      const auto body = lane->front();
      if (body.empty()) continue;
      lane_ = lane;
      reader_ = TransactionReader(body, slices_each_);
      next_lane_ = (next_lane_ + i + 1) % lanes.size();
    }
    if (lane_ == nullptr) return false;
  }
  message_ = reader_.next();
  return true;
}

void Sender::finish_message() {
  message_.reset();
  if (reader_.left() == 0) skip_transaction();
}

std::size_t Sender::skip_transaction() {
  const std::size_t skipped = reader_.left() + (message_ ? 1 : 0);
  message_.reset();
  reader_ = TransactionReader();
  Lane* const lane = std::exchange(lane_, nullptr);
  lane->release();
  lane->answer_room_request();
  return skipped;
}

bool Sender::flush(Clock::time_point now) {
  while (!ready_.empty()) {
    Frame& frame = ready_.front();
    switch (sink_.send(frame)) {
      case SendResult::kSent:
        stats_.sent_messages.add(frame.messages);
        stats_.sent_bytes.add(frame.wire_bytes);
        stats_.sent_frames.add(frame.copies());
        ready_.pop_front();
        if (has_broken_) note_recovered("the socket works again");
        break;
      case SendResult::kWouldBlock:
        return false;
      case SendResult::kBroken:
        sink_.close(kLastLinger);
        pause_after_failure(now, "the socket failed");
        has_broken_ = true;
        return false;
    }
  }
  return true;
}

bool Sender::send_beats(Clock::time_point now) {
  if (next_beats() > now) return true;
  // A beat waits for nobody: where no batch could go, there is nobody to tell.
  if (!sink_.writable()) {
    no_beats_before_ = now + std::min<Clock::duration>(settings_.beat_interval, kLongestSleep);
    return true;
  }
  batcher_.packer()->beat_due(now, kBeatsAtOnce, ready_);
  no_beats_before_ = now + kBeatsPause;
  return flush(now);
}

Clock::time_point Sender::next_beats() const noexcept {
  const Packer* const packer = batcher_.packer();
  if (packer == nullptr) return Clock::time_point::max();
  return std::max(packer->next_beat(), no_beats_before_);
}

void Sender::discard_oldest() {
  for (const auto& lane : handoff_.lanes()) {
    while (lane->must_discard() && !lane->front().empty()) {
      if (lane_ != nullptr && lane_ != lane.get()) {
        // Another lane's transaction is half read. It stays; this lane's oldest goes.
        stats_.dropped_oldest.add(TransactionReader(lane->front(), slices_each_).left());
        lane->release();
        lane->answer_room_request();
        continue;
      }
      if (lane_ == nullptr) {
        lane_ = lane.get();
        reader_ = TransactionReader(lane->front(), slices_each_);
      }
      stats_.dropped_oldest.add(skip_transaction());
    }
  }
}

void Sender::note_blocked(bool blocked, Clock::time_point now) {
  if (!blocked) {
    if (told_blocked_) {
      const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(now - *blocked_since_);
      log_.info(formatted("messages are taken again, after {} s", lasted.count()));
    }
    blocked_since_.reset();
    told_blocked_ = false;
    return;
  }
  if (!blocked_since_) blocked_since_ = now;
  if (!told_blocked_ && is_open_ && now - *blocked_since_ >= kTellBlockedAfter) {
    told_blocked_ = true;
    log_.warning("no peer is there, or the peers are full: messages are held back");
  }
}

void Sender::note_compression() {
  if (told_compression_ || !batcher_.packer() || !batcher_.packer()->has_failed_to_compress())
    return;
  told_compression_ = true;
  log_.warning(
      "compression failed, most likely for want of memory: frames go out uncompressed, trying "
      "again with each");
}

Clock::time_point Sender::next_deadline() const noexcept {
  return is_open_ ? std::min(batcher_.next_deadline(), next_beats()) : next_open_;
}

void Sender::update_gauges() {
  std::size_t bytes = batcher_.open_bytes();
  for (const Frame& frame : ready_) bytes += frame.wire_bytes;
  stats_.open_bytes.set(bytes);
}

void Sender::sleep_after(Outcome outcome) {
  const auto now = Clock::now();
  auto deadline = std::min(next_deadline(), now + kLongestSleep);
  // Before sleeping on its descriptor, the socket has to have seen to all that waits.
  const bool writable = is_open_ && sink_.writable();
  if (outcome == Outcome::kBlocked) {
    if (is_open_) deadline = now + kLongestSleep;  // no linger: nothing can be sent anyway
    if (writable && !std::exchange(retried_, writable)) return;
    if (writable) deadline = now + kRefusalPause;
  }
  retried_ = false;
  std::size_t wake_at = 1;
  if (outcome == Outcome::kBlocked) {
    wake_at = Handoff::kNever;
  } else if (batcher_.open_bytes() != 0 && settings_.batch_linger <= kUnnoticed) {
    // A frame is waiting for company: it is worth waking up for as much as would fill it. A frame
    // that is full by its number of messages may so wait for the rest of the linger.
    wake_at = std::min(settings_.batch_max_bytes, settings_.handoff_size / 2);
  }
  if (handoff_.begin_sleep(wake_at)) handoff_.sleep(deadline, is_open_ ? sink_.fd() : -1);
}

void Sender::run(const std::stop_token& stop) {
  const std::stop_callback wake(stop, [this] { handoff_.wake_sender(); });
  while (!stop.stop_requested()) {
    try {
      const Outcome outcome = do_work(Clock::now());
      told_failure_ = false;
      if (outcome != Outcome::kMore) sleep_after(outcome);
    } catch (const std::exception& error) {
      // No memory, most likely. Nothing was taken out of the lane: the same again, later.
      if (!std::exchange(told_failure_, true)) {
        log_.failure("trying again after a failure", error.what());
      }
      handoff_.sleep(Clock::now() + kLongestSleep, -1);
    }
  }
  try {
    send_on_until(Clock::now() + settings_.close_timeout);
  } catch (const std::exception& error) {
    log_.failure("while stopping", error.what());
  }
  finish();
}

void Sender::send_on_until(Clock::time_point deadline) {
  bool is_sent = drain(Clock::now());
  while (!is_sent && Clock::now() < deadline) {
    if (!has_more_) doze_until(std::min(deadline, Clock::now() + kDrainPause));
    is_sent = drain(Clock::now());
  }
  if (!is_sent || stats_.sent_frames.value() == 0) return;
  deadline = std::min(deadline, Clock::now() + kSettling);
  while (Clock::now() < deadline) doze_until(deadline);
}

bool Sender::send_last_beats(Clock::time_point now) {
  Packer* const packer = batcher_.packer();
  if (packer == nullptr || !sink_.writable()) return true;
  const bool were_left = packer->beat_last(now, kBeatsAtOnce, ready_);
  return flush(now) && !were_left;
}

void Sender::doze_until(Clock::time_point deadline) {
  static_cast<void>(is_open_ && sink_.writable());
  handoff_.sleep(deadline, is_open_ ? sink_.fd() : -1);
}

bool Sender::drain(Clock::time_point now) {
  const Outcome outcome = do_work(now);
  has_more_ = outcome == Outcome::kMore;
  if (outcome != Outcome::kIdle) return false;
  batcher_.cut_all(now, ready_);
  // Not only once all has left: a PUB's peer that reads nothing must not cost the others the end.
  return flush(now) && send_last_beats(now) && sink_.unsent() == 0;
}

std::size_t Sender::finish() {
  std::size_t held = 0;
  if (lane_ != nullptr) held += skip_transaction();
  for (const auto& lane : handoff_.lanes()) {
    for (; !lane->front().empty(); lane->release()) {
      held += TransactionReader(lane->front(), slices_each_).left();
    }
  }
  held += batcher_.discard_all();
  for (const Frame& frame : ready_) held += frame.messages;
  ready_.clear();
  update_gauges();
  const std::size_t taken = sink_.unsent();
  sink_.close(taken == 0 ? kLastLinger : 0ms);
  is_open_ = false;
  if (held + taken != 0) {
    log_.error(
        formatted("stopped with {} messages unsent: {} were never taken by ZeroMQ, {} were "
                  "waiting there for a peer; closeTimeout is {} ms",
                  held + taken, held, taken, settings_.close_timeout.count()));
  }
  return held + taken;
}

}  // namespace omzmq
