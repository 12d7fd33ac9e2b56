// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "core/log.hpp"
#include "zmq/doorkeeper.hpp"
#include "zmq/in_flight.hpp"
#include "zmq/zap_handler.hpp"

namespace omzmq {

/// The ZeroMQ context of the module, shared by the sinks of its actions.
///
/// Threads: any, construction and destruction aside. The destructor waits for the linger of sockets
/// that were closed; all have to be closed before.
class ZmqContext {
 public:
  /// Starts nothing yet: libzmq's threads come with the first socket.
  /// \throws zmq::error_t, std::system_error when file descriptors are short
  /// \param log  for what concerns all sockets; empty: nothing is said
  explicit ZmqContext(int io_threads, std::optional<Log> log = std::nullopt);

  /// The first one starts libzmq's threads. libzmq ends the process when it gets no descriptor or
  /// no thread then: so this looks first. \throws std::system_error that names what is short;
  /// zmq::error_t
  [[nodiscard]] zmq::socket_t new_socket(zmq::socket_type type);

  /// Of the listening sockets of this context's sockets.
  [[nodiscard]] Doorkeeper& doorkeeper() noexcept { return doorkeeper_; }

  [[nodiscard]] zmq::context_t& get() noexcept { return context_; }

  /// For one sink; lives as long as the context, whose threads may touch it.
  [[nodiscard]] InFlight& new_in_flight();

  /// An inproc address that nobody else in this context has.
  [[nodiscard]] std::string new_inproc_address();

  /// For a socket that is a CURVE server, which it has to outlive: who is among the clients may
  /// connect. The first one starts a thread. The context has to outlive it.
  /// \throws zmq::error_t, std::system_error
  [[nodiscard]] std::unique_ptr<ZapDomain> new_zap_domain(std::shared_ptr<CurveClients> clients);

 private:
  const std::size_t io_threads_;
  Doorkeeper doorkeeper_;
  std::mutex mutex_;
  std::deque<InFlight> in_flight_;    ///< guarded by mutex_; outlives context_
  unsigned long long addresses_ = 0;  ///< guarded by mutex_; given so far
  bool has_threads_ = false;          ///< guarded by mutex_
  unsigned long long domains_ = 0;    ///< guarded by mutex_; given so far
  zmq::context_t context_;
  std::optional<ZapHandler> zap_handler_;  ///< guarded by mutex_; once there, there for good
};

}  // namespace omzmq
