// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <zmq.hpp>

#include "tap/options.hpp"

namespace omzmq::tap {

/// An endpoint could not be bound or connected; what() names it and says why.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The ZeroMQ socket that frames come from, and the only user of libzmq here.
///
/// Threads: one.
class Source {
 public:
  /// What ended a wait; all false: the time is over or frames are waiting.
  struct Wake {
    bool stop = false;           // the stop descriptor is readable
    bool output_closed = false;  // nobody reads the output any more
  };

  /// Binds or connects every endpoint of `options`. Throws SourceError.
  explicit Source(const Options& options);

  /// The body, which is the last part, of the next message that has arrived; nothing when none
  /// has. Never waits. The view holds until the next call.
  [[nodiscard]] std::optional<std::string_view> try_receive();

  /// Waits until a message has arrived, `stop_fd` is readable, the reading end of `output_fd` is
  /// closed (-1: not watched), or `timeout` is over; negative: no end.
  [[nodiscard]] Wake wait(int stop_fd, int output_fd, std::chrono::milliseconds timeout);

 private:
  void attach(const Endpoint& endpoint);

  zmq::context_t context_;
  zmq::socket_t socket_;
  zmq::message_t part_;
};

}  // namespace omzmq::tap
