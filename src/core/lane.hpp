// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <atomic>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "core/event_fd.hpp"
#include "core/stats.hpp"

namespace omzmq {

/// A bounded ring of bytes that carries the transactions of one rsyslog worker to the sender
/// thread.
///
///          head                 tail
///           v                    v
///     |.....[len|body][len|body].....|............|
///     0                           capacity    2 * capacity
///
/// A transaction is contiguous: one that begins before `capacity` may run past it, into a second
/// half of the storage that only such a tail ever touches. So neither side meets a seam, nothing is
/// lost to padding, and the ring can be filled to its last byte. The memory of that half is
/// reserved by the constructor but not touched, and so not resident, until then.
///
/// A transaction is published by one store, or not at all: what was reserved and not published is
/// forgotten by the next reserve().
///
/// What is put into an empty lane begins at its start. So a lane whose reader keeps up is a piece
/// of memory that both sides have in their caches, and not all of it in turn.
///
/// Threads: one writer (try_reserve, publish, publish_block, retire, wait_for_answer and the
/// members under "Writer"), one reader (front, release and the members under "Reader"). Writer
/// calls are wait-free, wait_for_answer() aside. `held_bytes` and `peak_bytes` may be called by
/// anyone.
class Lane {
 public:
  /// What a transaction costs on top of its body, which is rounded up to whole kWord bytes.
  static constexpr std::size_t kWord = 8;

  /// \param capacity_bytes  bound of what is held, lengths included; a multiple of kWord, >= 64
  /// \throws std::bad_alloc, or std::system_error when no file descriptor is left
  explicit Lane(std::size_t capacity_bytes)
      : capacity_(capacity_bytes), storage_(new std::byte[2 * capacity_bytes]) {
    assert(capacity_bytes % kWord == 0 && capacity_bytes >= 64);
  }

  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  ~Lane() {
    while (!front().empty()) release();  // frees a block that was never read
  }

  // ---- Writer

  /// Memory for a body of `bytes` > 0, or nullptr when there is no room for it now.
  [[nodiscard]] std::byte* try_reserve(std::size_t bytes) noexcept {
    const std::size_t free_bytes = room();
    if (footprint(bytes) > free_bytes) return nullptr;
    if (free_bytes == capacity_) begin_again();
    std::byte* entry = storage_.get() + write_offset_;
    store(entry, static_cast<std::uint64_t>(bytes));
    reserved_ = bytes;
    return entry + kWord;
  }

  /// Makes the body that was reserved last visible to the reader.
  void publish() noexcept {
    assert(reserved_ != 0);
    publish_entry(footprint(reserved_), reserved_);
  }

  /// Publishes a body that is larger than the lane, and leaves it where it is. Only an empty lane
  /// takes one, so that at most one such block is held.
  /// \return false, and `block` is untouched, when the lane is not empty
  [[nodiscard]] bool publish_block(std::unique_ptr<std::byte[]>& block,
                                   std::size_t bytes) noexcept {
    if (room() != capacity_) return false;
    begin_again();
    std::byte* entry = storage_.get() + write_offset_;
    store(entry, static_cast<std::uint64_t>(bytes) | kBlockFlag);
    store(entry + kWord, block.release());
    publish_entry(footprint(sizeof(void*)), bytes);
    return true;
  }

  /// True when a body of `bytes` can never be reserved and has to go as a block.
  [[nodiscard]] bool is_too_large(std::size_t bytes) const noexcept {
    return footprint(bytes) > capacity_;
  }

  /// True when a body of `bytes`, as a block if need be, would be taken now.
  [[nodiscard]] bool has_room_for(std::size_t bytes) const noexcept {
    return room() >= needed(bytes);
  }

  /// Bytes of the ring in use as the writer sees them: never less than there are.
  [[nodiscard]] std::size_t used_bytes() const noexcept { return capacity_ - room(); }

  /// Where the reader is. The same value twice says that it released nothing in between.
  [[nodiscard]] std::uint64_t reader_position() const noexcept {
    return head_.load(std::memory_order_relaxed);
  }

  /// The writer is gone and publishes nothing more.
  void retire() noexcept {
    // Partner: the acquire in is_retired(). Whoever sees the flag sees all that was published.
    retired_.store(true, std::memory_order_release);
  }

  /// Another writer takes the place of one that is gone. REQUIRES: is_retired(), and nobody else
  /// does the same
  void reopen() noexcept { retired_.store(false, std::memory_order_relaxed); }

  /// Asks the reader to say when a body of `bytes` has room; `by_discarding`, the reader is to drop
  /// its oldest transactions for it.
  void request_room(std::size_t bytes, bool by_discarding) noexcept {
    discard_.store(by_discarding, std::memory_order_relaxed);
    // Partner: wanted_ in answer_room_request(), by the single order of seq_cst: either the reader
    // sees the request after it released, or the has_room_for() that follows sees the release.
    wanted_.store(needed(bytes), std::memory_order_seq_cst);
  }

  void withdraw_room_request() noexcept {
    wanted_.store(0, std::memory_order_relaxed);
    answer_.clear();
  }

  /// Asks the reader to say when all that was published is confirmed.
  void request_confirmation() noexcept {
    // Partner: awaits_confirmation_ in confirm_settled(), by the single order of seq_cst: either
    // the reader sees the request after it confirmed, or the is_confirmed() that follows sees what
    // it did.
    awaits_confirmation_.store(true, std::memory_order_seq_cst);
  }

  void withdraw_confirmation_request() noexcept {
    awaits_confirmation_.store(false, std::memory_order_relaxed);
    answer_.clear();
  }

  /// True when all that was published is confirmed, as the action understands it.
  [[nodiscard]] bool is_confirmed() const noexcept {
    // Partner: the store in confirm_settled().
    return confirmed_.load(std::memory_order_seq_cst) == tail_.load(std::memory_order_relaxed);
  }

  /// Sleeps until the reader answered a request, or `timeout_ms` is over, or a signal came.
  void wait_for_answer(int timeout_ms) noexcept { answer_.wait(timeout_ms); }

  // ---- Reader

  /// The body of the oldest transaction, valid until release(); empty when there is none.
  [[nodiscard]] std::span<const std::byte> front() const noexcept {
    // Partner: the store in publish_entry(). seq_cst, because a sender that goes to sleep relies on
    // this load coming after its store of the wake-up threshold (see Handoff).
    if (tail_.load(std::memory_order_seq_cst) == head_.load(std::memory_order_relaxed)) return {};
    const std::byte* entry = storage_.get() + read_offset();
    const auto word = load<std::uint64_t>(entry);
    const auto length = static_cast<std::size_t>(word & ~kBlockFlag);
    if ((word & kBlockFlag) == 0) return {entry + kWord, length};
    return {load<const std::byte*>(entry + kWord), length};
  }

  /// Frees the transaction that front() gave.
  void release() noexcept {
    const std::span<const std::byte> body = front();
    assert(!body.empty());
    std::size_t entry_bytes = footprint(body.size());
    const std::byte* entry = storage_.get() + read_offset();
    if ((load<std::uint64_t>(entry) & kBlockFlag) != 0) {
      delete[] load<std::byte*>(entry + kWord);
      entry_bytes = footprint(sizeof(void*));
    }
    read_offset_ = advance(read_offset(), entry_bytes);
    released_bytes_.add(body.size());
    // Partner: the load in room(): the writer may overwrite what it sees released. seq_cst for the
    // sake of answer_room_request().
    head_.store(head_.load(std::memory_order_relaxed) + entry_bytes, std::memory_order_seq_cst);
  }

  /// `messages` that were read are part of what settle() will tell of.
  void hold(std::uint32_t messages) noexcept { unsettled_ += messages; }

  /// So many of the messages that are held need not be answered for any more.
  void settle(std::uint32_t messages) noexcept {
    assert(messages <= unsettled_);
    unsettled_ -= messages;
    confirm_settled();
  }

  /// Confirms what was released, if all of its messages are settled. To be called after a release()
  /// too, where a writer may wait for confirmation.
  void confirm_settled() noexcept {
    const std::uint64_t position = head_.load(std::memory_order_relaxed);
    if (unsettled_ != 0 || position == confirmed_.load(std::memory_order_relaxed)) return;
    // Partner: is_confirmed(). seq_cst for the sake of the request, see request_confirmation().
    confirmed_.store(position, std::memory_order_seq_cst);
    if (awaits_confirmation_.load(std::memory_order_seq_cst)) answer_.notify();
  }

  /// False while settle() is still to come.
  [[nodiscard]] bool is_settled() const noexcept { return unsettled_ == 0; }

  /// Bytes of the ring in use as the reader sees them: never more than there are.
  [[nodiscard]] std::size_t readable_bytes() const noexcept {
    return static_cast<std::size_t>(tail_.load(std::memory_order_seq_cst) -
                                    head_.load(std::memory_order_relaxed));
  }

  [[nodiscard]] bool is_retired() const noexcept {
    return retired_.load(std::memory_order_acquire);
  }

  /// Wakes a writer whose request can be met now.
  void answer_room_request() noexcept {
    const std::size_t wanted = wanted_.load(std::memory_order_seq_cst);  // Partner: request_room()
    if (wanted != 0 && capacity_ - readable_bytes() >= wanted) answer_.notify();
  }

  /// True when the writer asked for room at the price of the oldest, and does not have it yet.
  [[nodiscard]] bool must_discard() const noexcept {
    const std::size_t wanted = wanted_.load(std::memory_order_seq_cst);  // Partner: request_room()
    return wanted != 0 && discard_.load(std::memory_order_relaxed) &&
           capacity_ - readable_bytes() < wanted;
  }

  // ---- Anyone

  /// Bytes of all bodies that are published and not released, blocks included.
  [[nodiscard]] std::uint64_t held_bytes() const noexcept {
    // The releases first: they never overtake what was published.
    const std::uint64_t released = released_bytes_.value();
    const std::uint64_t published = published_bytes_.value();
    return published > released ? published - released : 0;
  }

  /// The largest held_bytes() so far.
  [[nodiscard]] std::uint64_t peak_bytes() const noexcept { return peak_bytes_.value(); }

  LaneStats stats;  ///< written by the writer only

 private:
  /// Marks an entry whose body is a block of its own; no body is that long.
  static constexpr std::uint64_t kBlockFlag = std::uint64_t{1} << 63;
  /// Two lines: the adjacent-line prefetcher of x86 fetches them in pairs.
  static constexpr std::size_t kFalseSharingRange = 128;

  static constexpr std::size_t footprint(std::size_t bytes) noexcept {
    return kWord + (bytes + kWord - 1) / kWord * kWord;
  }

  [[nodiscard]] std::size_t needed(std::size_t bytes) const noexcept {
    return is_too_large(bytes) ? capacity_ : footprint(bytes);
  }

  [[nodiscard]] std::size_t room() const noexcept {
    // Partner: the store in release(). seq_cst, because a writer that goes to sleep relies on this
    // load coming after its store of the request (see request_room()).
    return capacity_ - static_cast<std::size_t>(tail_.load(std::memory_order_relaxed) -
                                                head_.load(std::memory_order_seq_cst));
  }

  [[nodiscard]] std::size_t advance(std::size_t offset, std::size_t bytes) const noexcept {
    return offset + bytes < capacity_ ? offset + bytes : offset + bytes - capacity_;
  }

  /// What is published next begins at the start. REQUIRES: the lane is empty
  void begin_again() noexcept {
    write_offset_ = 0;
    // Partner: read_offset(), whose caller has seen the store of tail_ that follows.
    begun_again_.store(tail_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }

  /// Where the oldest entry is. REQUIRES: there is one, and the caller has loaded tail_ since
  [[nodiscard]] std::size_t read_offset() const noexcept {
    // Partner: begin_again(). It has come to this position or to none behind it: the writer does it
    // in an empty lane only, so where the reader is.
    const bool is_at_start =
        head_.load(std::memory_order_relaxed) == begun_again_.load(std::memory_order_relaxed);
    return is_at_start ? 0 : read_offset_;
  }

  void publish_entry(std::size_t entry_bytes, std::size_t body_bytes) noexcept {
    write_offset_ = advance(write_offset_, entry_bytes);
    reserved_ = 0;
    published_bytes_.add(body_bytes);
    peak_bytes_.raise_to(held_bytes());
    // Partner: the load in front(). seq_cst, because Handoff::wake_sender() relies on its load of
    // the wake-up threshold coming after this store.
    tail_.store(tail_.load(std::memory_order_relaxed) + entry_bytes, std::memory_order_seq_cst);
  }

  template <typename T>
  static void store(std::byte* to, T value) noexcept {
    std::memcpy(to, &value, sizeof value);
  }
  template <typename T>
  static T load(const std::byte* from) noexcept {
    T value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }

  // Constant after construction.
  const std::size_t capacity_;
  const std::unique_ptr<std::byte[]> storage_;

  // Written by the writer. Positions count bytes since the start and never wrap; offsets do.
  alignas(kFalseSharingRange) std::atomic<std::uint64_t> tail_{0};
  std::atomic<std::uint64_t> begun_again_{0};  ///< the last position that lies at the start
  std::size_t write_offset_ = 0;
  std::size_t reserved_ = 0;
  Counter published_bytes_;
  Counter peak_bytes_;
  std::atomic<std::size_t> wanted_{0};  ///< ring bytes that a waiting writer needs; 0: none waits
  std::atomic<bool> discard_{false};
  std::atomic<bool> awaits_confirmation_{false};
  std::atomic<bool> retired_{false};

  // Written by the reader.
  alignas(kFalseSharingRange) std::atomic<std::uint64_t> head_{0};
  std::size_t read_offset_ = 0;
  std::atomic<std::uint64_t> confirmed_{0};  ///< all before this position is
  std::uint64_t unsettled_ = 0;              ///< messages that are held
  Counter released_bytes_;
  EventFd answer_;
};

}  // namespace omzmq
