// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <optional>
#include <string_view>
#include <zmq.hpp>

namespace omzmq {

/// What peers send to a socket that is there to send: read when there is time, never waited for.
///
/// Threads: one, the socket's.
class PeerInput {
 public:
  /// \param socket  outlives this; for reading, and not moved while this lives
  explicit PeerInput(zmq::socket_ref socket) noexcept : socket_(socket) {}

  /// See FrameSink::try_receive(). A message of very many parts gives more than one empty one.
  /// \throws zmq::error_t; may be called again after that
  [[nodiscard]] std::optional<std::string_view> try_receive();

  /// To be told each time that somebody else asked the socket for its ZMQ_EVENTS.
  void note_events(int events) noexcept;

  /// There is something that the socket's own descriptor does not tell of any more. libzmq's
  /// descriptor becomes readable when something happens, and is not any more once libzmq has been
  /// asked for anything at all. So a message that came in while the sender looked for room, or room
  /// that came while it looked for messages, would be slept over.
  [[nodiscard]] bool has_news() const noexcept { return has_news_; }

 private:
  zmq::socket_ref socket_;
  zmq::message_t received_;
  bool is_in_parts_ = false;  ///< parts of the last message are still to be read
  bool has_news_ = false;     ///< libzmq has noticed something that the sender does not know yet
  bool told_room_ = false;    ///< by the last note_events()
};

}  // namespace omzmq
