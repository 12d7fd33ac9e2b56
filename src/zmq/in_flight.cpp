// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/in_flight.hpp"

#include <omzmq/wire.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>
#include <utility>

namespace omzmq {
namespace {

constexpr std::chrono::milliseconds kLook{1};
/// Set in the length of a run's record that was given up while bodies are kept.
constexpr std::uint32_t kKeptRecord = std::uint32_t{1} << 31;
/// Set in Block::left when there is one.
constexpr std::uint32_t kHasKept = std::uint32_t{1} << 31;

}  // namespace

/// Stands in the headroom of a body while libzmq holds it. Nothing has to be allocated in libzmq's
/// threads therefore.
struct InFlight::Block {
  union {
    InFlight* owner;  ///< while libzmq has it
    Block* next;      ///< on the list
  };
  std::size_t bytes;
  std::size_t capacity;
  std::uint64_t number;
  std::uint32_t messages;
  std::atomic<std::uint32_t> left;  ///< of a run: messages that were not given up
  bool is_replayed;
  bool is_run;

  [[nodiscard]] FrameMemory memory() noexcept { return {reinterpret_cast<char*>(this), capacity}; }
  [[nodiscard]] char* data() noexcept { return memory().block + FrameBuffer::kHeadroom; }
  void leave_only_kept_records() noexcept;
};

InFlight::~InFlight() {
  Block* const kept = kept_.load(std::memory_order_acquire);  // partner: give_up()
  if (kept != keeping_none()) static_cast<void>(free_all(kept));
}

/// Counts its messages: libzmq may be through with one before a send() returns.
InFlight::Block* InFlight::take_body(Frame& frame) {
  static_assert(sizeof(Block) <= FrameBuffer::kHeadroom);
  const std::size_t bytes = frame.body.size();
  const FrameMemory memory = frame.body.release();
  handed_over_.store(handed_over_.load(std::memory_order_relaxed) + frame.held,
                     std::memory_order_relaxed);
  return ::new (memory.block) Block{{this},     bytes,      memory.capacity,   ++last_number_,
                                    frame.held, frame.held, frame.is_replayed, frame.is_run};
}

std::uint64_t InFlight::hand_over(Frame& frame, zmq::message_t& message) {
  Block* const block = take_body(frame);
  try {
    message = zmq::message_t(block->data(), block->bytes, give_up, block);
  } catch (...) {
    handed_over_.store(handed_over_.load(std::memory_order_relaxed) - frame.held,
                       std::memory_order_relaxed);
    frame.body = FrameBuffer(block->memory(), block->bytes);
    throw;
  }
  return block->number;
}

InFlight::Rest InFlight::hand_over_run(Frame& frame) {
  Block* const block = take_body(frame);
  return {block, block->number, 0, block->messages};
}

void InFlight::make_next(Rest& rest, zmq::message_t& message) {
  char* const payload = rest.block->data() + rest.at + wire::kLengthBytes;
  const std::size_t bytes = wire::load<std::uint32_t>(payload - wire::kLengthBytes);
  message = zmq::message_t(payload, bytes, give_up, rest.block);
  rest.at += wire::kLengthBytes + bytes;
  --rest.messages;
}

void InFlight::give_back(Rest& rest) noexcept {
  while (rest.messages != 0) {
    char* const payload = rest.block->data() + rest.at + wire::kLengthBytes;
    rest.at += wire::kLengthBytes + wire::load<std::uint32_t>(payload - wire::kLengthBytes);
    --rest.messages;
    give_up_one(payload, *rest.block);  // with the last one the block may be gone
  }
}

// libzmq calls this, from its own threads, when nobody needs the message any more.
void InFlight::give_up(void* data, void* hint) noexcept {
  auto& block = *static_cast<Block*>(hint);
  InFlight& self = *block.owner;
  if (block.is_run) return self.give_up_one(static_cast<char*>(data), block);
  const std::uint32_t messages = block.messages;
  self.keep_or_free(block);
  // Partner: the load in messages(), for whom the block has to be on the list by then.
  self.given_up_.fetch_add(messages, std::memory_order_release);
}

void InFlight::give_up_one(char* payload, Block& block) noexcept {
  if (keeps_any()) {
    char* const length = payload - wire::kLengthBytes;
    wire::store(length, wire::load<std::uint32_t>(length) | kKeptRecord);
    block.left.fetch_or(kHasKept, std::memory_order_relaxed);
  } else {
    given_up_.fetch_add(1, std::memory_order_release);  // Partner: the load in messages()
  }
  // Partners: each other, for whom the last one reads the lengths.
  const std::uint32_t left = block.left.fetch_sub(1, std::memory_order_acq_rel) - 1;
  if (left == 0) return spares_.put(block.memory());
  if (left != kHasKept) return;
  block.leave_only_kept_records();
  const std::uint32_t messages = block.messages;
  // As in give_up(). What comes too late to be kept stays among messages(), as lost.
  if (keep_or_free(block)) given_up_.fetch_add(messages, std::memory_order_release);
}

/// What libzmq drops because the socket was closed finds the list open: keep_all() came before the
/// closing, which libzmq's threads hear of through a mailbox.
bool InFlight::keeps_any() noexcept {
  return kept_.load(std::memory_order_relaxed) != keeping_none();
}

/// \return whether it is on the list
bool InFlight::keep_or_free(Block& block) noexcept {
  Block* first = kept_.load(std::memory_order_relaxed);
  while (first != keeping_none()) {
    block.next = first;
    // Partner: the exchange in take_back(). What is on the list is read by another thread.
    if (kept_.compare_exchange_weak(first, &block, std::memory_order_release,
                                    std::memory_order_relaxed)) {
      return true;
    }
  }
  spares_.put(block.memory());
  return false;
}

/// Moves them together, without the marks, and counts them.
void InFlight::Block::leave_only_kept_records() noexcept {
  const char* from = data();
  const char* const end = from + bytes;
  char* to = data();
  messages = 0;
  while (from != end) {
    const auto length = wire::load<std::uint32_t>(from);
    const std::size_t size = wire::kLengthBytes + (length & ~kKeptRecord);
    if ((length & kKeptRecord) != 0) {
      std::memmove(to, from, size);
      wire::store(to, length & ~kKeptRecord);
      to += size;
      ++messages;
    }
    from += size;
  }
  bytes = static_cast<std::size_t>(to - data());
}

void InFlight::keep_all() noexcept { kept_.store(nullptr, std::memory_order_relaxed); }

InFlight::Returned InFlight::take_back(std::chrono::milliseconds patience) noexcept {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  // Partner: give_up().
  while (messages() != 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kLook);
  }
  // Partner: give_up().
  Block* rest = kept_.exchange(keeping_none(), std::memory_order_acquire);
  if (rest == keeping_none()) rest = nullptr;
  std::size_t count = 0;
  for (const Block* block = rest; block != nullptr; block = block->next) ++count;
  Returned returned;
  try {
    returned.bodies.reserve(count);
  } catch (const std::bad_alloc&) {
    returned.lost = free_all(rest);
    return returned;
  }
  while (rest != nullptr) {
    Block* const block = std::exchange(rest, rest->next);
    FrameBuffer buffer(block->memory(), block->bytes);
    if (block->messages == 0) continue;
    returned.bodies.push_back(
        {std::move(buffer), block->number, block->messages, block->is_replayed, block->is_run});
  }
  std::sort(returned.bodies.begin(), returned.bodies.end(),
            [](const Body& a, const Body& b) { return a.number < b.number; });
  return returned;
}

std::size_t InFlight::free_all(Block* first) noexcept {
  std::size_t messages = 0;
  while (first != nullptr) {
    Block* const block = std::exchange(first, first->next);
    messages += block->messages;
    std::free(block);
  }
  return messages;
}

}  // namespace omzmq
