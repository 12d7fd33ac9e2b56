// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/peer_monitor.hpp"

#include <cstring>
#include <exception>

namespace omzmq {
namespace {

constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                        ZMQ_EVENT_DISCONNECTED;

/// Events that one read() takes at most.
constexpr int kMostAtOnce = 4096;

}  // namespace

// The queue has no limit, on purpose: libzmq's I/O thread waits when it is full, and with it every
// socket of the context. What bounds it is that it is read every second: a peer that does nothing
// but connect and go makes some megabytes of events in that time.
PeerMonitor::PeerMonitor(zmq::context_t& context, zmq::socket_t& socket, const std::string& address)
    : monitored_(socket.handle()), events_(context, zmq::socket_type::pair) {
  events_.set(zmq::sockopt::rcvhwm, 0);
  events_.set(zmq::sockopt::linger, 0);
  if (::zmq_socket_monitor(monitored_, address.c_str(), kEvents) != 0) throw zmq::error_t();
  try {
    events_.connect(address);
  } catch (...) {
    ::zmq_socket_monitor(monitored_, nullptr, 0);
    throw;
  }
}

// In this order: libzmq would wait for a reader of the next event.
PeerMonitor::~PeerMonitor() { ::zmq_socket_monitor(monitored_, nullptr, 0); }

void PeerMonitor::read() noexcept {
  try {
    zmq::message_t event;
    zmq::message_t address;
    for (int n = 0; n < kMostAtOnce && events_.recv(event, zmq::recv_flags::dontwait); ++n) {
      if (event.more()) static_cast<void>(events_.recv(address, zmq::recv_flags::dontwait));
      note(event);
    }
  } catch (const std::exception&) {
    // Interrupted, or no memory: the rest comes with the next call.
  }
}

void PeerMonitor::note(const zmq::message_t& event) {
  std::uint16_t kind = 0;
  std::uint32_t value = 0;
  if (event.size() != sizeof kind + sizeof value) return;
  std::memcpy(&kind, event.data(), sizeof kind);
  std::memcpy(&value, event.data<char>() + sizeof kind, sizeof value);
  const int fd = static_cast<int>(value);
  if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
    ++counts_.connects;
  } else if (kind == ZMQ_EVENT_DISCONNECTED) {
    const auto connection = connections_.find(fd);
    const std::uint64_t before = connection == connections_.end() ? 0 : connection->second;
    const bool may_be_peer = counts_.connects > before;
    const bool was_peer = may_be_peer && counts_.connects > counts_.disconnects;
    if (may_be_peer) ++counts_.losses;
    ++(was_peer ? counts_.disconnects : counts_.failures);
    if (connection != connections_.end()) connections_.erase(connection);
  } else {
    connections_.insert_or_assign(fd, counts_.connects);
  }
}

}  // namespace omzmq
