// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/outbox.hpp"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "core/lane.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;

/// Acknowledgements that are read at a time: whoever floods us gets no more than this.
constexpr int kAcksAtOnce = 1024;
/// Nobody knows which peer has what: when one goes, the others get so long to acknowledge theirs.
constexpr Clock::duration kGraceOfOthers = 250ms;

/// Without what only the original is answered for: its shares.
Frame copy_of(const Frame& frame) {
  Frame copy;
  copy.body.append(frame.body.view());
  copy.messages = frame.messages;
  copy.held = frame.held;
  copy.wire_bytes = frame.wire_bytes;
  copy.is_replayed = frame.is_replayed;
  return copy;
}

}  // namespace

Outbox::Outbox(const Settings& settings, FrameSink& sink, SenderStats& stats)
    : sink_(sink), stats_(stats), latency_(stats.latency) {
  if (settings.confirm == Confirm::kAcked) {
    window_.emplace(settings.ack_window, settings.ack_timeout);
  }
}

Outbox::Flushed Outbox::flush(Clock::time_point now) {
  while (offered_ != nullptr || offer_next(now)) {
    const std::uint32_t messages = offered_->messages;
    const std::size_t bytes = offered_->wire_bytes;
    const SendResult result = sink_.send(*offered_);
    if (offered_->is_run) {
      const bool is_whole = result == SendResult::kSent;
      note_part(is_whole ? messages : messages - offered_->messages,
                is_whole ? bytes : bytes - offered_->wire_bytes);
    }
    switch (result) {
      case SendResult::kSent:
        note_sent(now);
        break;
      case SendResult::kWouldBlock:
        return Flushed::kBlocked;
      case SendResult::kBroken:
        return Flushed::kBroken;
    }
  }
  return ready_.empty() ? Flushed::kAll : Flushed::kBlocked;
}

bool Outbox::offer_next(Clock::time_point now) {
  if (window_ && !original_) {
    original_ = window_->take_due(now);
    is_sent_again_ = original_.has_value();
  }
  if (!original_) {
    if (ready_.empty()) return false;
    if (!window_ || ready_.front().is_beat()) {
      offered_ = &ready_.front();
      return true;
    }
    if (window_->is_full()) return false;
    original_ = std::move(ready_.front());
    original_->serial = next_serial_++;
    ready_.pop_front();
  }
  offered_ = &copy_.emplace(copy_of(*original_));
  return true;
}

/// The sink took so much of the run that is offered.
void Outbox::note_part(std::uint32_t messages, std::size_t bytes) {
  stats_.sent_bytes.add(bytes);
  stats_.sent_frames.add(messages);
  stats_.sent_messages.add(messages);
  latency_.note(offered_->published.take_oldest(messages));
}

void Outbox::note_sent(Clock::time_point now) {
  const Frame& sent = *std::exchange(offered_, nullptr);
  if (sent.is_run) {  // see note_part()
    confirm(sent);
    return ready_.pop_front();
  }
  stats_.sent_bytes.add(sent.wire_bytes);
  stats_.sent_frames.add(sent.copies());
  (is_sent_again_     ? stats_.resent
   : sent.is_replayed ? stats_.replayed
                      : stats_.sent_messages)
      .add(sent.messages);
  if (!is_sent_again_ && !sent.is_replayed) latency_.note((copy_ ? *original_ : sent).published);
  if (!copy_) {
    confirm(sent);
    return ready_.pop_front();
  }
  copy_.reset();
  if (!original_) return;  // acknowledged while the sink had its copy
  is_sent_again_ = true;   // should memory be short now, it goes out once more
  // Two files of an earlier run may both hold it.
  if (!window_->add(*original_, now)) confirm(*original_);
  original_.reset();
}

void Outbox::confirm(const Frame& frame) noexcept {
  for (const Share& share : frame.shares) {
    // Memory may have run out between the share and its first message.
    if (share.messages != 0) share.lane->settle(share.messages);
  }
  if (frame.is_replayed) --replays_;
}

bool Outbox::read_acks(Clock::time_point now) {
  if (window_ && sink_.has_lost_peer()) window_->make_due_by(now + kGraceOfOthers);
  int n = 0;
  for (; n < kAcksAtOnce; ++n) {
    const std::optional<std::string_view> message = sink_.try_receive();
    if (!message) break;
    take_ack(*message);
  }
  return n != 0;
}

void Outbox::take_ack(std::string_view message) {
  wire::Ack ack;
  std::optional<Frame> frame;
  if (wire::read_ack(message, ack) == wire::Fault::kNone && ack.status == 0) {
    if (original_ && is_sent_again_ && original_->awaited == ack) {
      frame = std::exchange(original_, std::nullopt);
    } else if (window_) {
      frame = window_->take(ack);
    }
  }
  if (!frame) return stats_.acks_ignored.add(1);
  stats_.acked.add(frame->messages);
  confirm(*frame);
}

void Outbox::note_closed(Clock::time_point now) noexcept {
  if (window_) window_->make_due_by(now);
}

Clock::time_point Outbox::next_resend() const noexcept {
  return window_ ? window_->next_due() : Clock::time_point::max();
}

std::size_t Outbox::unacknowledged() const noexcept {
  if (!window_) return 0;
  return window_->messages() + (original_ && is_sent_again_ ? original_->messages : 0);
}

std::size_t Outbox::bytes() const noexcept {
  std::size_t bytes = window_ ? window_->bytes() : 0;
  if (original_) bytes += original_->wire_bytes;
  for (const Frame& frame : ready_) bytes += frame.wire_bytes;
  return bytes;
}

std::deque<Frame> Outbox::take_all() {
  std::deque<Frame> all;
  offered_ = nullptr;
  copy_.reset();
  if (window_) {
    if (original_ && window_->add(*original_, Clock::time_point())) original_.reset();
    all = window_->take_all();
  }
  std::move(ready_.begin(), ready_.end(), std::back_inserter(all));
  ready_.clear();
  std::erase_if(all, [](const Frame& frame) { return frame.is_beat(); });
  return all;
}

}  // namespace omzmq
