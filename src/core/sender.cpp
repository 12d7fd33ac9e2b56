// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/sender.hpp"

#include <algorithm>
#include <chrono>
#include <exception>
#include <new>
#include <utility>

#include "common/format.hpp"

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
/// A full socket is normal for moments under load; longer is worth a line.
constexpr Clock::duration kTellBlockedAfter = 1s;
/// A linger that is too short for anybody to see whether a full frame went out before it was over.
constexpr std::chrono::milliseconds kUnnoticed = 10ms;
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
      peers_(stats, log),
      batcher_(settings, Clock::now()),
      outbox_(settings, sink, stats),
      spool_(settings, log),
      slices_each_(settings.templates().size()),
      compresses_(settings.compression_driver != Compression::kNone),
      is_awaited_(settings.confirm != Confirm::kHandoff),
      open_pause_(kFirstOpenPause) {}

bool Sender::try_open(Clock::time_point now) {
  if (is_open_ || now < next_open_) return is_open_;
  try {
    sink_.open();
    batcher_.take_memory_from(sink_.spares());
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

void Sender::watch_peers(Clock::time_point now) noexcept {
  sink_.watch_peers(peers_, now);
  peers_.tell_due(now);
}

Sender::Outcome Sender::do_work(Clock::time_point now) {
  watch_peers(now);
  if (!try_open(now)) {
    discard_oldest();
    return Outcome::kBlocked;
  }
  outbox_.read_acks(now);
  const auto begun = Clock::now();
  Outcome outcome = Outcome::kMore;
  for (std::size_t n = 0; n < kCycleMessages && outcome == Outcome::kMore;) {
    if (!flush(now)) {
      outcome = Outcome::kBlocked;
    } else if (replay_one()) {
      ++n;
    } else if (const std::size_t taken = take_messages(kCycleMessages - n, now); taken == 0) {
      outcome = Outcome::kIdle;
    } else if (compresses_ && !outbox_.ready().empty() && Clock::now() - begun > kCycleTime) {
      break;
    } else {
      n += taken;
    }
  }
  // Nothing joins a frame whose workers wait for it, and raw messages gain nothing by company.
  const bool lingers =
      settings_.format != Format::kRaw && settings_.batch_linger.count() != 0 && !is_awaited_;
  if (outcome == Outcome::kIdle && !lingers) batcher_.cut_all(now, outbox_.ready());
  if (outcome != Outcome::kBlocked) {
    batcher_.cut_due(now, outbox_.ready());
    if (!flush(now) || !send_beats(now)) outcome = Outcome::kBlocked;
  }
  if (outcome == Outcome::kBlocked) discard_oldest();
  note_blocked(outcome == Outcome::kBlocked, now);
  note_compression();
  outbox_.settle_latency();
  update_gauges();
  return outcome;
}

/// Until a frame is ready. \return how many it took; 0: there are none
std::size_t Sender::take_messages(std::size_t most, Clock::time_point now) {
  std::size_t taken = 0;
  while (taken < most && outbox_.ready().empty() && next_transaction()) {
    taken += batcher_.take_from(reader_, is_awaited_ ? lane_ : nullptr, most - taken, now,
                                outbox_.ready());
    if (reader_.left() == 0) skip_transaction();
  }
  return taken;
}

/// What an earlier run left goes before everything else.
bool Sender::replay_one() {
  if (spool_.has_more()) {
    if (outbox_.replay([this] { return spool_.next(); })) return true;
    if (spool_.has_more()) throw std::bad_alloc();  // later; nothing may overtake it
  }
  if (!outbox_.has_replays()) spool_.remove();
  return false;
}

bool Sender::next_transaction() {
  if (lane_ != nullptr) return true;
  const auto& lanes = handoff_.lanes();
  // A worker that found its lane full at the stop goes on in another one behind it.
  if (log_.stopping()) next_lane_ = 0;
  for (std::size_t i = 0; i < lanes.size(); ++i) {
    Lane* const lane = lanes[(next_lane_ + i) % lanes.size()].get();
    const auto body = lane->front();
    if (body.empty()) continue;
    lane_ = lane;
    reader_ = TransactionReader(body, slices_each_);
    next_lane_ = (next_lane_ + i + 1) % lanes.size();
    return true;
  }
  return false;
}

/// \return messages that were not taken
std::size_t Sender::skip_transaction() {
  const std::size_t skipped = reader_.left();
  reader_ = TransactionReader();
  Lane* const lane = std::exchange(lane_, nullptr);
  lane->release();
  lane->answer_room_request();
  if (is_awaited_) lane->confirm_settled();
  return skipped;
}

bool Sender::flush(Clock::time_point now) {
  const std::uint64_t frames_before = stats_.sent_frames.value();
  const Outbox::Flushed flushed = outbox_.flush(now);
  if (has_broken_ && stats_.sent_frames.value() != frames_before) {
    note_recovered("the socket works again");
  }
  if (flushed == Outbox::Flushed::kBroken) {
    sink_.close(kLastLinger);
    outbox_.note_closed(now);
    peers_.note_closed();
    pause_after_failure(now, "the socket failed");
    has_broken_ = true;
  }
  return flushed == Outbox::Flushed::kAll;
}

bool Sender::send_beats(Clock::time_point now) {
  if (next_beats() > now) return true;
  // A beat waits for nobody: where no batch could go, there is nobody to tell.
  if (!sink_.writable()) {
    no_beats_before_ = now + std::min<Clock::duration>(settings_.beat_interval, kLongestSleep);
    return true;
  }
  batcher_.packer()->beat_due(now, kBeatsAtOnce, outbox_.ready());
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
  // A window that is full is the rule under load: nothing is held back while acknowledgements come.
  const std::uint64_t acked = stats_.acked.value();
  const bool is_acked = outbox_.is_window_full() && acked != acked_before_;
  // One now and then does not end what was told of, or there would be two lines for each.
  const bool is_flowing = is_acked && (!told_blocked_ || now - last_acked_ < kTellBlockedAfter);
  const bool moves = !blocked || is_flowing;
  acked_before_ = acked;
  if (is_acked) last_acked_ = now;
  if (moves) {
    if (told_blocked_) {
      const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(now - *blocked_since_);
      log_.info(formatted("messages are taken again, after {} s", lasted.count()));
    }
    blocked_since_.reset();
    told_blocked_ = false;
  }
  if (!blocked) return;
  if (!blocked_since_) blocked_since_ = now;
  if (!told_blocked_ && is_open_ && now - *blocked_since_ >= kTellBlockedAfter) {
    told_blocked_ = true;
    log_.warning(outbox_.is_window_full()
                     ? "no receiver acknowledges anything: messages are held back"
                     : "no peer is there, or the peers are full: messages are held back");
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
  if (!is_open_) return std::min(next_open_, peers_.next_deadline());
  return std::min(
      {batcher_.next_deadline(), next_beats(), outbox_.next_resend(), peers_.next_deadline()});
}

void Sender::update_gauges() { stats_.open_bytes.set(batcher_.open_bytes() + outbox_.bytes()); }

void Sender::sleep_after(Outcome outcome) {
  const auto now = Clock::now();
  auto deadline = std::min(next_deadline(), now + kLongestSleep);
  // Before sleeping on its descriptor, the socket has to have seen to all that waits.
  const bool writable = is_open_ && sink_.writable();
  if (outcome == Outcome::kBlocked && outbox_.is_window_full()) {
    deadline = std::min(outbox_.next_resend(), now + kLongestSleep);
  } else if (outcome == Outcome::kBlocked) {
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
  open_spool();
  while (!stop.stop_requested()) {
    try {
      const Outcome outcome = do_work(Clock::now());
      told_failure_ = false;
      if (outcome != Outcome::kMore) sleep_after(outcome);
    } catch (const std::exception& error) {
      // No memory, most likely. What was not taken is still in its lane: the same again, later.
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

bool Sender::send_last_beats(Clock::time_point now) {
  Packer* const packer = batcher_.packer();
  if (packer == nullptr || !sink_.writable()) return true;
  const bool were_left = packer->beat_last(now, kBeatsAtOnce, outbox_.ready());
  return flush(now) && !were_left;
}

}  // namespace omzmq
