// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

#include "core/frame.hpp"

namespace omzmq {

/// Memory of bodies that have gone out, for those to come. malloc() would do too, but what one
/// thread allocates and another frees costs both of them: they meet in one arena, whose end goes
/// back to the system and comes again, page by page.
///
/// Threads: put() any; the rest one. Nobody waits for anybody.
class SpareBuffers {
 public:
  /// Larger ones are not kept.
  static constexpr std::size_t kLargest = std::size_t{256} << 10;
  /// Bounds what is kept, twice: what was put, and what take() gives out. Several threads that put
  /// at one time may go beyond it. Nothing is kept before somebody asked.
  static constexpr std::size_t kMostBytes = std::size_t{8} << 20;

  SpareBuffers() = default;
  SpareBuffers(const SpareBuffers&) = delete;
  SpareBuffers& operator=(const SpareBuffers&) = delete;
  ~SpareBuffers() {
    free_all(put_.load(std::memory_order_acquire));  // Partner: put()
    free_all(at_hand_);
  }

  void put(FrameMemory memory) noexcept {
    const std::size_t before = put_bytes_.load(std::memory_order_relaxed);
    if (memory.capacity > kLargest || before >= kMostBytes) return std::free(memory.block);
    // To add in one step would cost as much as all of the rest.
    put_bytes_.store(before + FrameBuffer::kHeadroom + memory.capacity, std::memory_order_relaxed);
    auto* const spare = ::new (memory.block) Spare{nullptr, memory.capacity};
    spare->next = put_.load(std::memory_order_relaxed);
    // Partner: the exchange in take(). All are taken off at once: so that the first one is the same
    // again says that it is what is behind it, too.
    while (!put_.compare_exchange_weak(spare->next, spare, std::memory_order_release,
                                       std::memory_order_relaxed)) {
    }
  }

  /// An empty buffer with room for so many bytes, and for not much more; or one without memory.
  [[nodiscard]] FrameBuffer take(std::size_t bytes) noexcept {
    if (at_hand_ == nullptr) {
      const bool is_empty = put_.load(std::memory_order_relaxed) == nullptr;
      if (is_empty && put_bytes_.load(std::memory_order_relaxed) < kMostBytes) return {};
      put_bytes_.store(0, std::memory_order_relaxed);  // what is put just now may not count
      if (is_empty) return {};
      at_hand_ = put_.exchange(nullptr, std::memory_order_acquire);  // Partner: put()
    }
    Spare* const spare = std::exchange(at_hand_, at_hand_->next);
    const FrameMemory memory{reinterpret_cast<char*>(spare), spare->capacity};
    if (bytes <= memory.capacity && memory.capacity <= bytes + bytes / 4 + kSlack) {
      return FrameBuffer(memory, 0);
    }
    std::free(memory.block);
    return {};
  }

 private:
  /// For small ones: some memory more matters less than to allocate it.
  static constexpr std::size_t kSlack = 64;

  /// Stands in the headroom.
  struct Spare {
    Spare* next;
    std::size_t capacity;
  };
  static_assert(sizeof(Spare) <= FrameBuffer::kHeadroom);

  static void free_all(Spare* first) noexcept {
    while (first != nullptr) std::free(std::exchange(first, first->next));
  }

  Spare* at_hand_ = nullptr;
  alignas(128) std::atomic<Spare*> put_ = nullptr;  // on lines of its own: see Lane
  std::atomic<std::size_t> put_bytes_ = kMostBytes;
};

}  // namespace omzmq
