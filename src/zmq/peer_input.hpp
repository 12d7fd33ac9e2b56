// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <optional>
#include <string_view>
#include <zmq.hpp>

#include "core/event_fd.hpp"

namespace omzmq {

/// What peers send to a socket that is there to send: read when there is time, never waited for.
///
/// Threads: one, the socket's.
class PeerInput {
 public:
  /// \param socket  outlives this; for reading, and not moved while this lives
  /// \throws std::system_error when no file descriptor is left
  explicit PeerInput(zmq::socket_ref socket);

  /// See FrameSink::try_receive(). A message of very many parts gives more than one empty one.
  /// \throws zmq::error_t; may be called again after that
  [[nodiscard]] std::optional<std::string_view> try_receive();

  /// To be told each time that somebody else asked the socket for its ZMQ_EVENTS.
  void note_events(int events) noexcept;

  /// What to sleep on: the socket's own descriptor, or one that is readable when that one would
  /// miss something.
  [[nodiscard]] int fd_instead_of(int socket_fd) const noexcept;

 private:
  zmq::socket_ref socket_;
  zmq::message_t received_;
  bool is_in_parts_ = false;  ///< parts of the last message are still to be read
  EventFd ready_;             ///< readable for ever
  bool has_news_ = false;     ///< libzmq has noticed something that the sender does not know yet
  bool told_room_ = false;    ///< by the last note_events()
};

}  // namespace omzmq
