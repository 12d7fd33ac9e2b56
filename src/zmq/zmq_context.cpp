// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/zmq_context.hpp"

#include <utility>

#include "common/format.hpp"
#include "zmq/resources.hpp"

namespace omzmq {
namespace {

constexpr std::size_t kForSocketAndConnections = 32;
constexpr std::size_t kForThread = 2;  ///< an epoll and an eventfd

/// Three for each action: its own one, and the two ends of its monitor. libzmq keeps a pointer for
/// each; by default it has too few for 350 actions.
constexpr int kMostSockets = 8192;

}  // namespace

ZmqContext::ZmqContext(int io_threads, std::optional<Log> log)
    : io_threads_(static_cast<std::size_t>(io_threads)), doorkeeper_(std::move(log)) {
  context_.set(zmq::ctxopt::io_threads, io_threads);
  context_.set(zmq::ctxopt::blocky, 0);
  context_.set(zmq::ctxopt::max_sockets, kMostSockets);
}

zmq::socket_t ZmqContext::new_socket(zmq::socket_type type) {
  // Under the lock: two that look at the same time would both find what is enough for one.
  const std::lock_guard lock(mutex_);
  const std::size_t threads = has_threads_ ? 0 : io_threads_ + 1;  // and the reaper
  require_file_descriptors(kForSocketAndConnections + kForThread * threads);
  if (threads != 0) require_threads(threads);
  zmq::socket_t socket(context_, type);
  has_threads_ = true;
  return socket;
}

InFlight& ZmqContext::new_in_flight() {
  const std::lock_guard lock(mutex_);
  return in_flight_.emplace_back();
}

std::string ZmqContext::new_inproc_address() {
  const std::lock_guard lock(mutex_);
  return formatted("inproc://omzmq-{}", ++addresses_);
}

std::unique_ptr<ZapDomain> ZmqContext::new_zap_domain(std::shared_ptr<CurveClients> clients) {
  const std::lock_guard lock(mutex_);
  if (!zap_handler_) zap_handler_.emplace(context_);
  return std::make_unique<ZapDomain>(*zap_handler_, formatted("omzmq-{}", ++domains_),
                                     std::move(clients));
}

}  // namespace omzmq
