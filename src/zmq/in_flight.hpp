// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>
#include <zmq.hpp>

#include "core/frame.hpp"
#include "core/spare_buffers.hpp"

namespace omzmq {

/// The bodies of one sink's frames that libzmq holds. libzmq has them without a copy, and calls
/// back when nobody needs one any more: so their messages can be counted, and after keep_all() the
/// bodies themselves are kept. Else their memory goes to spares().
///
/// It has to live as long as the ZeroMQ context: the calls come from libzmq's threads, even after
/// the socket is closed.
///
/// Threads: messages() any; libzmq's call back; the rest the sender's.
class InFlight {
 public:
  /// A body that came back.
  struct Body {
    FrameBuffer buffer;
    std::uint64_t number;    ///< what hand_over() returned
    std::uint32_t messages;  ///< Frame::held; of a run, those that came back
    bool is_replayed;        ///< Frame::is_replayed
    bool is_run;             ///< Frame::is_run
  };
  struct Returned {
    std::vector<Body> bodies;  ///< in the order of hand_over(); beats are not among them
    std::size_t lost = 0;      ///< messages of those that came back when there was no memory left
  };

  struct Block;
  /// A run that was handed over: what of it is no zmq::message_t yet.
  struct Rest {
    Block* block = nullptr;
    std::uint64_t number = 0;  ///< as hand_over() returns it
    std::size_t at = 0;        ///< where in the body the next record begins
    std::uint32_t messages = 0;
  };

  InFlight() = default;
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight();

  /// Makes a message of the frame's body.
  /// \return the number of the body, from 1, rising
  /// \throws std::bad_alloc, zmq::error_t; the frame has its body still
  std::uint64_t hand_over(Frame& frame, zmq::message_t& message);

  /// Takes the body of a run over. All its messages are to be made, or given back.
  /// REQUIRES: frame.is_run and frame.held > 0
  [[nodiscard]] Rest hand_over_run(Frame& frame);

  /// Makes the next message of a run. REQUIRES: rest.messages > 0
  /// \throws zmq::error_t, and nothing has changed
  void make_next(Rest& rest, zmq::message_t& message);

  /// The messages of a run that were not made are given up.
  void give_back(Rest& rest) noexcept;

  /// Messages in bodies that libzmq has, or that a zmq::message_t or Rest of the caller has; after
  /// keep_all() also those that were given up of a run that is not back as a whole.
  [[nodiscard]] std::size_t messages() const noexcept {
    // Partner: give_up(). In this order: what is given up was handed over before.
    const std::size_t given_up = given_up_.load(std::memory_order_acquire);
    return handed_over_.load(std::memory_order_relaxed) - given_up;
  }

  /// Memory of bodies that were given up.
  [[nodiscard]] SpareBuffers& spares() noexcept { return spares_; }

  /// From now on bodies are kept that are given up. REQUIRES: not called twice without take_back()
  void keep_all() noexcept;

  /// Waits until libzmq has given up all messages, or `patience` is over. Then
  /// bodies that are given up are not kept any more.
  [[nodiscard]] Returned take_back(std::chrono::milliseconds patience) noexcept;

 private:
  [[nodiscard]] Block* take_body(Frame& frame);
  static void give_up(void* data, void* hint) noexcept;
  void give_up_one(char* payload, Block& block) noexcept;
  [[nodiscard]] bool keeps_any() noexcept;
  bool keep_or_free(Block& block) noexcept;
  [[nodiscard]] static std::size_t free_all(Block* first) noexcept;

  /// Stands for "nothing is kept": an address that no block has.
  [[nodiscard]] Block* keeping_none() noexcept { return reinterpret_cast<Block*>(this); }

  std::uint64_t last_number_ = 0;
  std::atomic<std::size_t> handed_over_ = 0;  ///< messages; only the sender writes it
  SpareBuffers spares_;
  // On lines of their own, as in Lane: libzmq's threads write them.
  alignas(128) std::atomic<std::size_t> given_up_ = 0;  ///< messages
  std::atomic<Block*> kept_ = keeping_none();  ///< the last one that was given up; see Block::next
};

}  // namespace omzmq
