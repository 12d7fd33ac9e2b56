// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/wire.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/publish_times.hpp"

namespace omzmq {

/// What a FrameBuffer gives up: FrameBuffer::kHeadroom bytes, then `capacity` for data. For
/// std::free().
struct FrameMemory {
  char* block = nullptr;
  std::size_t capacity = 0;
};

/// The body of a frame while it is built: bytes that grow, and that a sink can take over without
/// copying them. Move-only.
class FrameBuffer {
 public:
  /// Bytes before the data that belong to the sink that takes the buffer over. Aligned for
  /// pointers.
  static constexpr std::size_t kHeadroom = 48;

  FrameBuffer() = default;
  /// Takes over what release() gave up, with `bytes` of data in it.
  FrameBuffer(FrameMemory memory, std::size_t bytes) noexcept
      : block_(memory.block), size_(bytes), capacity_(memory.capacity) {}
  FrameBuffer(FrameBuffer&& other) noexcept { swap(other); }
  FrameBuffer& operator=(FrameBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~FrameBuffer() { std::free(block_); }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::string_view view() const noexcept {
    return block_ == nullptr ? std::string_view() : std::string_view(block_ + kHeadroom, size_);
  }

  /// \throws std::bad_alloc, and nothing has changed
  void reserve(std::size_t bytes) {
    if (block_ != nullptr && bytes <= capacity_) return;
    auto* const grown = static_cast<char*>(std::realloc(block_, kHeadroom + bytes));
    if (grown == nullptr) throw std::bad_alloc();
    block_ = grown;
    capacity_ = bytes;
  }

  /// Makes room for `more` bytes behind what is there, growing by doubling.
  /// \throws std::bad_alloc, and nothing has changed
  void reserve_for(std::size_t more) {
    if (more > capacity_ - size_) reserve(std::max(size_ + more, 2 * capacity_));
  }

  /// \throws std::bad_alloc, and nothing has changed
  void append(std::string_view bytes) {
    reserve_for(bytes.size());
    if (!bytes.empty()) std::memcpy(block_ + kHeadroom + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  /// The data, for those who write in place. REQUIRES: reserve() before
  [[nodiscard]] char* data() noexcept { return block_ + kHeadroom; }

  /// REQUIRES: reserve(bytes) before; new bytes are whatever was there
  void resize(std::size_t bytes) noexcept { size_ = bytes; }

  /// Gives memory back that a body much smaller than expected does not need.
  void shrink() noexcept {
    if (block_ == nullptr || capacity_ < 2 * size_) return;
    if (auto* const shrunk = static_cast<char*>(std::realloc(block_, kHeadroom + size_))) {
      block_ = shrunk;
      capacity_ = size_;
    }
  }

  /// Gives up the memory, with size() bytes of data.
  /// \throws std::bad_alloc when an empty buffer has no memory yet, and nothing has changed
  [[nodiscard]] FrameMemory release() {
    reserve(size_);
    size_ = 0;
    return {std::exchange(block_, nullptr), std::exchange(capacity_, 0)};
  }

 private:
  void swap(FrameBuffer& other) noexcept {
    std::swap(block_, other.block_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

  char* block_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

class Lane;

/// Messages of one lane that are in a frame: their worker waits for the frame's fate.
struct Share {
  Lane* lane;
  std::uint32_t messages;
};

/// What goes into the socket in one piece: a body, once for each topic, or once if there is none.
/// But for a run, see is_run.
struct Frame {
  FrameBuffer body;
  /// The body is sent once behind each of these, as a frame of its own. They live in `own_topics`
  /// or in the Settings. Empty: the body goes alone.
  std::span<const std::string> topics;
  std::vector<std::string> own_topics;
  std::uint32_t messages = 0;  ///< how many this frame settles when it is sent: a message that goes
                               ///< into several frames counts with one of them
  std::uint32_t held = 0;      ///< how many are in it
  std::size_t wire_bytes = 0;  ///< of all copies, topics included; see seal()
  std::size_t copies_sent = 0;  ///< progress of the sink
  PublishTimes published;       ///< of the messages that it settles
  std::vector<Share> shares;    ///< what its confirmation settles; none with confirm="handoff"
  wire::Ack awaited;            ///< of a batch: the acknowledgement that a receiver answers it with
  std::uint64_t serial = 0;     ///< rises with the order in which frames are sent first
  bool is_replayed =
      false;  ///< it comes from the spool file: an earlier run submitted its messages
  /// The body is records of the packed format, and the payload of each is sent as a ZeroMQ message
  /// of its own, without topics. A sink may take such a run in parts: see note_taken().
  bool is_run = false;

  /// Only batches hold messages.
  [[nodiscard]] bool is_beat() const noexcept { return held == 0; }

  [[nodiscard]] std::size_t copies() const noexcept { return topics.empty() ? 1 : topics.size(); }

  /// The sink has taken the first of the run's messages: the frame is about the rest.
  void note_taken(std::size_t payload_bytes) noexcept {
    --messages;
    --held;
    wire_bytes -= payload_bytes;
  }

  /// Nothing more is added. Notes the size, which a sink that keeps the body takes away.
  void seal() noexcept {
    wire_bytes = copies() * body.size();
    if (is_run) wire_bytes -= held * wire::kLengthBytes;
    for (const std::string& topic : topics) wire_bytes += topic.size();
  }
};

}  // namespace omzmq
