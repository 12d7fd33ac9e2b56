// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/frame.hpp"
#include "core/peers.hpp"

namespace omzmq {

enum class [[nodiscard]] SendResult{
    kSent,        ///< all copies of the frame are taken, or all that was left of a run
    kWouldBlock,  ///< no room, or nobody there: send the same frame again when writable() says so
    kBroken       ///< close(), open() and send the same frame again
};

class SpareBuffers;

/// The seam between the core and ZeroMQ: where frames go.
///
/// A sink may keep the body of a frame that it could not send; the next frame it is given has to be
/// that same one. Of a run it may have taken a part by then: Frame::note_taken().
///
/// Threads: all members on the sender thread.
class FrameSink {
 public:
  FrameSink() = default;
  FrameSink(const FrameSink&) = delete;
  FrameSink& operator=(const FrameSink&) = delete;
  virtual ~FrameSink() = default;

  /// Creates the socket, binds and connects. May be called again after it threw: it goes on with
  /// the endpoint that failed.
  /// \throws std::exception, with a text for the user
  virtual void open() = 0;

  virtual SendResult send(Frame& frame) noexcept = 0;

  /// Lets the socket do what waits (new and departed peers), and says whether a send() may succeed.
  /// To be called before sleeping on fd(), and after it woke.
  [[nodiscard]] virtual bool writable() noexcept = 0;

  /// Becomes readable when writable(), try_receive() or watch_peers() has something to do; -1 while
  /// closed.
  [[nodiscard]] virtual int fd() const noexcept = 0;

  /// Messages in frames, or in parts of a run, that were taken and have not left for a peer yet;
  /// one that went into several frames counts with each.
  [[nodiscard]] virtual std::size_t unsent() const noexcept = 0;

  /// The next message that a peer has sent, or nothing; an empty one where it has several parts.
  /// Valid until the next call.
  [[nodiscard]] virtual std::optional<std::string_view> try_receive() noexcept = 0;

  /// Tells what has become of the peers since the last call. To be called at least every second,
  /// also while open() fails: what nobody asks for piles up.
  virtual void watch_peers(PeerListener& listener, Clock::time_point now) noexcept = 0;

  /// True when a peer has gone since the last call, as of the last watch_peers(): what was under
  /// way to it may be lost.
  [[nodiscard]] virtual bool has_lost_peer() noexcept = 0;

  /// Memory of bodies that the sink is through with; nullptr if it keeps none. The same while the
  /// socket is open.
  [[nodiscard]] virtual SpareBuffers* spares() noexcept { return nullptr; }

  /// Closes the socket without a linger, and takes back what it took and did not write for a peer:
  /// frames without topics, in the order of their send(). Waits a second at most for libzmq to give
  /// them up.
  /// What does not come back in that second stays in unsent(); if that is the offered frame, it
  /// then holds nothing. \param offered  the frame that send() did not take, or nullptr: its body
  /// is given back to it; of a run with what was taken and has come back, which counts again
  [[nodiscard]] virtual std::vector<Frame> recover(Frame* offered) noexcept = 0;

  /// Closes the socket. What it still holds is sent on for `linger`, in the background.
  virtual void close(std::chrono::milliseconds linger) noexcept = 0;
};

}  // namespace omzmq
