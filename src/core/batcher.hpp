// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/encoder.hpp"
#include "core/frame.hpp"
#include "core/packer.hpp"
#include "core/settings.hpp"
#include "core/spare_buffers.hpp"
#include "core/transaction.hpp"

namespace omzmq {

/// Decides which messages share a frame, and when a frame is cut: at its number of messages, at its
/// bytes, or at its age. A frame holds messages of one topic, so with dynamic topics several frames
/// are open at a time. How many is bounded: what is beyond cuts the one that is due first.
///
/// Threads: one. Owns no clock: the time comes with each call.
class Batcher {
 public:
  static constexpr std::size_t kMaxOpenFrames = 1024;
  static constexpr std::size_t kMaxOpenBytes = std::size_t{8} << 20;  ///< of several open frames
  /// Bounds of a run (Frame::is_run). Of its messages one that a slow peer is to get keeps the
  /// memory of all.
  static constexpr std::size_t kMaxRunMessages = 64;
  static constexpr std::size_t kMaxRunBytes = std::size_t{64} << 10;

  /// Keeps a reference to the settings.
  Batcher(const Settings& settings, Clock::time_point now);

  /// \param spares  where memory for new bodies comes from; nullptr: all of it is allocated
  void take_memory_from(SpareBuffers* spares) noexcept { spares_ = spares; }

  /// Takes messages out of a transaction, in their order, until a frame is ready: so a frame's
  /// worth of what goes on around it is done for many messages.
  /// REQUIRES: reader.left() > 0 and ready.empty()
  /// \param awaited_by  the lane whose worker waits for the messages' fate, or nullptr
  /// \return how many it took, `most` at most
  /// \throws std::bad_alloc: what it did not take is still in the reader; see add()
  std::size_t take_from(TransactionReader& reader, Lane* awaited_by, std::size_t most,
                        Clock::time_point now, std::deque<Frame>& ready);

  /// Takes a message; frames that are full thereby go to the end of `ready`.
  /// \throws std::bad_alloc: the message may be in some of its topics' frames and not in others
  void add(const Message& message, Clock::time_point now, std::deque<Frame>& ready);

  /// Cuts the frames whose first message was published batch.linger before `now`, or earlier.
  void cut_due(Clock::time_point now, std::deque<Frame>& ready);

  void cut_all(Clock::time_point now, std::deque<Frame>& ready);

  /// Forgets the open frames. \return messages that they would have settled
  std::size_t discard_all() noexcept;

  /// When cut_due() has something to do; Clock::time_point::max(): not before the next add().
  [[nodiscard]] Clock::time_point next_deadline() const noexcept;

  /// Of the packed format, which numbers its frames; else nullptr.
  [[nodiscard]] Packer* packer() noexcept { return packer_ ? &*packer_ : nullptr; }
  [[nodiscard]] const Packer* packer() const noexcept { return packer_ ? &*packer_ : nullptr; }

  /// Bytes in open frames.
  [[nodiscard]] std::size_t open_bytes() const noexcept { return open_bytes_; }

 private:
  struct OpenFrame {
    std::string topic;  ///< of dynamic topics only
    FrameBuffer body;
    std::uint32_t messages = 0;  ///< in the body
    std::uint32_t settles = 0;   ///< Frame::messages
    PublishTimes published;      ///< Frame::published
    std::vector<Share> shares;   ///< Frame::shares

    void count(std::uint32_t added, bool are_settled, Clock::time_point when) noexcept {
      messages += added;
      if (!are_settled) return;
      settles += added;
      published.add(when, added);
    }
  };
  using Open = std::multimap<Clock::time_point, OpenFrame>;  ///< by deadline

  void add_raw(const Message& message, std::deque<Frame>& ready);
  void add_raw_frame(std::string_view prefix, const Message& message, bool settles,
                     std::deque<Frame>& ready) const;
  void add_to_frame(std::string_view topic, const Message& message, bool settles,
                    Clock::time_point now, std::deque<Frame>& ready);
  [[nodiscard]] RecordRun add_run(const TransactionReader& reader, Lane* awaited_by,
                                  std::size_t most, Clock::time_point now,
                                  std::deque<Frame>& ready);
  /// See Frame::is_run. A subscriber chooses what it takes: one that wants every thousandth message
  /// and is slow would keep the memory of all the others. So a PUB's have memory of their own.
  [[nodiscard]] bool makes_runs() const noexcept {
    return settings_.format == Format::kRaw && settings_.sock_type != SocketType::kPub &&
           settings_.topics.empty();
  }
  [[nodiscard]] std::size_t most_messages() const noexcept {
    return makes_runs() ? kMaxRunMessages : settings_.batch_max_messages;
  }
  /// Of a frame that holds several messages.
  [[nodiscard]] std::size_t most_bytes() const noexcept {
    return makes_runs() ? kMaxRunBytes : room_ + settings_.batch_max_bytes;
  }
  [[nodiscard]] bool is_full(const OpenFrame& frame) const noexcept {
    return frame.messages >= most_messages() || frame.body.size() >= most_bytes();
  }
  [[nodiscard]] std::size_t encoded_bytes(const OpenFrame& frame,
                                          std::string_view payload) const noexcept {
    return packer_ ? record_bytes(payload) : line_bytes(payload, frame.messages);
  }
  [[nodiscard]] bool has_room(const OpenFrame& frame, std::size_t encoded_bytes) const noexcept {
    return !is_full(frame) && frame.body.size() + encoded_bytes <= most_bytes();
  }
  void encode(OpenFrame& frame, std::string_view payload, std::size_t encoded_bytes) const;
  [[nodiscard]] Open::iterator find(std::string_view topic);
  [[nodiscard]] Open::iterator open(std::string_view topic, Clock::time_point deadline,
                                    Clock::time_point now, std::deque<Frame>& ready);
  [[nodiscard]] Open::iterator make_due_by(Open::iterator frame, Clock::time_point deadline);
  void cut(Open::iterator frame, Clock::time_point now, std::deque<Frame>& ready);
  [[nodiscard]] bool try_cut(Open::iterator frame, Clock::time_point now,
                             std::deque<Frame>& ready) noexcept;
  [[nodiscard]] FrameBuffer new_body(std::size_t bytes) const;
  void cut_unnumbered(OpenFrame& open_frame, std::deque<Frame>& ready);

  const Settings& settings_;
  std::optional<Packer> packer_;
  const std::size_t room_;  ///< bytes in front of the messages of a frame
  Open open_;               ///< in the order of their deadlines
  std::unordered_map<std::string_view, Open::iterator> by_topic_;  ///< keys live in open_
  std::size_t open_bytes_ = 0;
  SpareBuffers* spares_ = nullptr;
  Message next_;  ///< of take_from(), which would have to clear one of its own each time
};

}  // namespace omzmq
