// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>

#include "core/compressor.hpp"
#include "core/frame.hpp"
#include "core/settings.hpp"
#include "core/streams.hpp"

namespace omzmq {

/// Makes records into the batches of docs/wire-format.md: numbers them, compresses and seals them;
/// and makes the beats of streams that are silent.
///
/// Threads: one. Owns no steady clock: that time comes with each call.
class Packer {
 public:
  /// Where in a body the records begin: the header goes in front of them.
  static constexpr std::size_t kRoom = wire::kHeaderBytes;

  /// Nanoseconds since 1970-01-01 UTC.
  using WallClock = std::uint64_t (*)() noexcept;
  [[nodiscard]] static std::uint64_t system_time() noexcept;

  /// Keeps a reference to the settings, and begins the streams that are known by now.
  /// \param epoch  names this start of the action among all others
  Packer(const Settings& settings, Clock::time_point now, std::uint64_t epoch = random_epoch(),
         WallClock wall_clock = system_time);

  [[nodiscard]] static std::uint64_t random_epoch();

  /// Appends the batch of `count` records in `body`, to be read behind kRoom bytes: one frame for
  /// the topic, or for each fixed topic of the action.
  /// \param topic  of dynamic topics only
  /// \param settles  Frame::messages, of the first of these frames
  /// \throws std::bad_alloc, and nothing has changed but, at most, that a stream was begun, or
  /// closed with its last beat in `ready`
  void pack(std::string_view topic, FrameBuffer& body, std::uint32_t count, std::uint32_t settles,
            Clock::time_point now, std::deque<Frame>& ready);

  /// From now on batches are not compressed: the time for it is up.
  void stop_compressing() noexcept { compressor_.reset(); }

  /// A batch went out as it is because the library could not compress it: no memory, most likely.
  [[nodiscard]] bool has_failed_to_compress() const noexcept { return has_failed_to_compress_; }

  /// When beat_due() has something to do; Clock::time_point::max(): never before the next batch.
  [[nodiscard]] Clock::time_point next_beat() const noexcept;

  /// Appends the beats of streams that were silent for beat.interval, `most` of them at most.
  /// \throws std::bad_alloc
  void beat_due(Clock::time_point now, std::size_t most, std::deque<Frame>& ready);

  /// Appends a last beat for each stream whose last word was a batch, `most` of them at most.
  /// \return false when there were none. \throws std::bad_alloc
  bool beat_last(Clock::time_point now, std::size_t most, std::deque<Frame>& ready);

 private:
  [[nodiscard]] Stream& stream_of(std::string_view topic, Clock::time_point now,
                                  std::deque<Frame>& ready);
  [[nodiscard]] wire::Codec compress(std::string_view raw, FrameBuffer& to);
  void beat(Stream& stream, Clock::time_point now, std::deque<Frame>& ready);
  void write_header(FrameBuffer& body, const Stream& stream, wire::BatchHeader header) const;

  const Settings& settings_;
  const std::uint64_t epoch_;
  const WallClock wall_clock_;
  std::unique_ptr<Compressor> compressor_;  ///< none: batches go out as they are
  Streams streams_;
  bool has_failed_to_compress_ = false;
};

}  // namespace omzmq
