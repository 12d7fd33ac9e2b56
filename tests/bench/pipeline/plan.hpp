// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/types.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "bench/pipeline/numbered.hpp"

namespace omzmq::bench {

inline constexpr std::size_t kMostSubscribers = 64;

/// Who sends, and how messages lie in what arrives.
enum class Way {
  kRaw,        ///< omzmq, format="raw"
  kLines,      ///< omzmq, format="lines"
  kPacked,     ///< omzmq, format="packed"
  kZmqEach,    ///< libzmq alone: a ZeroMQ message for each
  kZmqFrames,  ///< libzmq alone: as many as fit into a frame, a length before each, and no check
               ///< sum
};

/// The order of the topics of consecutive messages.
enum class TopicOrder {
  kRoundRobin,  ///< one after the other: the worst for frames
  kZipf,        ///< topic k k times as rarely as the first: what hosts and programs do
};

/// One thing to be measured.
struct Plan {
  Way way = Way::kPacked;
  bool is_pub = false;             ///< else PUSH
  std::size_t workers = 1;         ///< threads that submit; 1 without omzmq
  std::size_t bytes = 256;         ///< of a message, >= kNumberBytes
  std::size_t transaction = 1024;  ///< messages that are submitted together
  std::size_t subscribers = 1;     ///< sockets of the receiver, which reads all in one thread
  std::size_t topics = 0;          ///< dynamic ones; 0: none
  TopicOrder order = TopicOrder::kRoundRobin;
  std::uint64_t messages = 0;  ///< of all workers, but for those before the measurement
  /// Messages that may be on the way: a PUB drops what is too much for a subscriber. 0: PUSH and
  /// its queues decide.
  std::uint64_t window = 0;

  [[nodiscard]] bool is_omzmq() const noexcept {
    return way == Way::kRaw || way == Way::kLines || way == Way::kPacked;
  }
  /// Messages of each worker that are submitted before the measurement begins.
  [[nodiscard]] std::uint64_t warm_up() const noexcept { return 2 * transaction; }
  /// Of each worker.
  [[nodiscard]] std::uint64_t transactions() const noexcept {
    return (messages + transaction * workers - 1) / (transaction * workers);
  }
  /// All that arrives at each subscriber, before and in the measurement.
  [[nodiscard]] std::uint64_t total() const noexcept {
    return workers * (warm_up() + transactions() * transaction);
  }
};

/// What the sending and the receiving process share.
struct Progress {
  std::array<std::atomic<std::uint64_t>, kMostSubscribers> received;  ///< messages
  std::array<std::atomic<std::uint64_t>, kMostSubscribers> sums;      ///< of their numbers
  std::atomic<std::uint64_t> wrong;  ///< messages that came at the wrong place, or are damaged
  std::atomic<bool> is_ready;        ///< the receiver's sockets are there
  std::atomic<bool> is_over;         ///< the receiver may end

  [[nodiscard]] std::uint64_t received_by_all(const Plan& plan) const noexcept {
    std::uint64_t least = received[0].load(std::memory_order_relaxed);
    for (std::size_t i = 1; i < plan.subscribers; ++i) {
      least = std::min(least, received[i].load(std::memory_order_relaxed));
    }
    return least;
  }
};

/// What came of it. Times are of processors, of what was measured, in nanoseconds.
struct Measured {
  double seconds = 0;
  std::uint64_t messages = 0;     ///< that were submitted
  std::uint64_t frames = 0;       ///< ZeroMQ messages that took them; 0 without omzmq
  std::uint64_t lost = 0;         ///< of those and those before, added up over the subscribers
  std::uint64_t wrong = 0;        ///< see Progress; sums that are not right count, too
  std::int64_t sending_ns = 0;    ///< the whole process
  std::int64_t workers_ns = 0;    ///< of that: who makes and submits messages
  std::int64_t sender_ns = 0;     ///< of that: the action's sender thread
  std::int64_t io_ns = 0;         ///< of that: libzmq's thread
  std::int64_t receiving_ns = 0;  ///< the receiving process
};

/// Sends what the plan says and fills `measured`, in a process of its own.
/// \throws std::exception when anything does not work
void send_all(const Plan& plan, const std::string& address, ::pid_t receiver, Progress& progress,
              Measured& measured);

/// Receives and counts until Progress::is_over. \throws std::exception
void receive_all(const Plan& plan, const std::string& address, Progress& progress);

/// Makes both processes and waits for them. \throws std::exception
[[nodiscard]] Measured measure(const Plan& plan);

}  // namespace omzmq::bench
