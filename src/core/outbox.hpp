// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>

#include "core/ack_window.hpp"
#include "core/frame.hpp"
#include "core/frame_sink.hpp"
#include "core/latency.hpp"
#include "core/settings.hpp"
#include "core/stats.hpp"

namespace omzmq {

/// The frames that are cut, on their way into the sink and until they are confirmed: when the sink
/// has taken them, or, with confirm="acked", when a receiver has acknowledged them. Until then such
/// a batch stays here, and goes out again when it has to.
///
/// Threads: one, the sender's. Owns no clock: the time comes with each call.
class Outbox {
 public:
  /// Keeps references to all arguments.
  Outbox(const Settings& settings, FrameSink& sink, SenderStats& stats);

  /// Frames to be sent, the first first: whoever cuts frames appends them.
  [[nodiscard]] std::deque<Frame>& ready() noexcept { return ready_; }

  /// Has `next` give a frame of an earlier run, or nothing, and puts it into ready().
  /// \return false when it gave nothing
  /// \throws std::bad_alloc  before `next` is called: what it gave could not be had again
  template <typename Next>
  [[nodiscard]] bool replay(Next&& next) {
    ready_.emplace_back();
    std::optional<Frame> frame = next();
    if (frame) {
      ready_.back() = std::move(*frame);
      ++replays_;
    } else {
      ready_.pop_back();
    }
    return frame.has_value();
  }

  /// True while a frame of an earlier run is not delivered.
  [[nodiscard]] bool has_replays() const noexcept { return replays_ != 0; }

  enum class [[nodiscard]] Flushed{
      kAll,      ///< the sink took all
      kBlocked,  ///< it takes no more, or as many batches are in flight as may be
      kBroken    ///< it has to be closed; note_closed() then
  };

  /// Gives the sink what is due to be sent again, then what is ready. \throws std::bad_alloc
  Flushed flush(Clock::time_point now);

  /// To be called when flush() is not called again at once: what it sent gets its latency.
  void settle_latency() noexcept { latency_.settle(); }

  /// The sink's socket was closed: what was in flight may be lost, and is due to be sent again.
  void note_closed(Clock::time_point now) noexcept;

  /// Reads what receivers say. To be called often: it takes a bounded number of messages.
  /// \return true when there were any
  bool read_acks(Clock::time_point now);

  /// When a batch has to go out again; Clock::time_point::max(): none is in flight.
  [[nodiscard]] Clock::time_point next_resend() const noexcept;

  /// True when only an acknowledgement, or next_resend(), brings flush() on.
  [[nodiscard]] bool is_window_full() const noexcept {
    return window_ && offered_ == nullptr && window_->is_full();
  }

  /// Batches that went out are waiting for their acknowledgement.
  [[nodiscard]] bool awaits_acks() const noexcept { return unacknowledged() != 0; }

  /// Messages that went out and are not acknowledged.
  [[nodiscard]] std::size_t unacknowledged() const noexcept;

  /// Bytes of all frames that are here.
  [[nodiscard]] std::size_t bytes() const noexcept;

  /// Takes out all batches and messages that are not confirmed, in the order of their first
  /// sending. \throws std::bad_alloc
  [[nodiscard]] std::deque<Frame> take_all();

  /// The frame that the sink was given and has not taken, or nullptr.
  [[nodiscard]] Frame* offered() noexcept { return offered_; }

 private:
  [[nodiscard]] bool offer_next(Clock::time_point now);
  void note_part(std::uint32_t messages, std::size_t bytes);
  void note_sent(Clock::time_point now);
  void take_ack(std::string_view message);
  void confirm(const Frame& frame) noexcept;

  FrameSink& sink_;
  SenderStats& stats_;
  LatencyMeter latency_;
  std::optional<AckWindow> window_;  ///< with confirm="acked"

  std::deque<Frame> ready_;
  /// The sink has it, or a part of it, and has not taken it: the front of `ready_`, or `copy_`.
  Frame* offered_ = nullptr;
  std::optional<Frame> original_;  ///< a batch that is to be acknowledged, and whose ...
  std::optional<Frame> copy_;      ///< ... copy is offered
  bool is_sent_again_ = false;     ///< `offered_` was sent before
  std::size_t replays_ = 0;
  std::uint64_t next_serial_ = 0;
};

}  // namespace omzmq
