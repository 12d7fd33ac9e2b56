// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/in_flight.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <thread>
#include <utility>

namespace omzmq {
namespace {

constexpr std::chrono::milliseconds kLook{1};

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
  bool is_replayed;

  [[nodiscard]] FrameMemory memory() noexcept { return {reinterpret_cast<char*>(this), capacity}; }
  [[nodiscard]] char* data() noexcept { return memory().block + FrameBuffer::kHeadroom; }
};

InFlight::~InFlight() {
  Block* const kept = kept_.load(std::memory_order_acquire);  // partner: give_up()
  if (kept != keeping_none()) static_cast<void>(free_all(kept));
}

std::uint64_t InFlight::hand_over(Frame& frame, zmq::message_t& message) {
  static_assert(sizeof(Block) <= FrameBuffer::kHeadroom);
  const std::size_t bytes = frame.body.size();
  const std::uint32_t messages = frame.held;
  const FrameMemory memory = frame.body.release();
  auto* const block = ::new (memory.block)
      Block{{this}, bytes, memory.capacity, last_number_ + 1, messages, frame.is_replayed};
  const std::size_t before = handed_over_.load(std::memory_order_relaxed);
  // Counted before libzmq has it: it may be through with it before a send() returns.
  handed_over_.store(before + messages, std::memory_order_relaxed);
  try {
    message = zmq::message_t(block->data(), bytes, give_up, block);
  } catch (...) {
    handed_over_.store(before, std::memory_order_relaxed);
    frame.body = FrameBuffer(memory, bytes);
    throw;
  }
  return ++last_number_;
}

// libzmq calls this, from its own threads, when nobody needs the body any more.
void InFlight::give_up(void* /*data*/, void* hint) noexcept {
  auto* const block = static_cast<Block*>(hint);
  InFlight& self = *block->owner;
  const std::uint32_t messages = block->messages;
  // What libzmq drops because the socket was closed finds the list open: keep_all() came before the
  // closing, which libzmq's threads hear of through a mailbox.
  Block* first = self.kept_.load(std::memory_order_relaxed);
  while (first != self.keeping_none()) {
    block->next = first;
    // Partner: the exchange in take_back(). What is on the list is read by another thread.
    if (self.kept_.compare_exchange_weak(first, block, std::memory_order_release,
                                         std::memory_order_relaxed)) {
      break;
    }
  }
  if (first == self.keeping_none()) self.spares_.put(block->memory());
  // Partner: the load in messages(), for whom the block has to be on the list by then.
  self.given_up_.fetch_add(messages, std::memory_order_release);
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
        {std::move(buffer), block->number, block->messages, block->is_replayed});
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
