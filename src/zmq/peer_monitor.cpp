// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/peer_monitor.hpp"

#include <chrono>
#include <cstring>
#include <exception>
#include <unordered_set>
#include <utility>

#include "zmq/peer_address.hpp"

namespace omzmq {
namespace {

/// ZMQ_EVENT_ACCEPT_FAILED is not among them: without a descriptor to spare libzmq tries again and
/// again, and would fill the memory with these.
constexpr int kEvents = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_DELAYED |
                        ZMQ_EVENT_CONNECT_RETRIED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                        ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                        ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_DISCONNECTED;

/// Events that one read() takes at most.
constexpr std::size_t kMostAtOnce = 4096;

Connections connections_of(zmq::context_t& context, zmq::socket_t& socket) {
  return Connections(context.get(zmq::ctxopt::io_threads) == 1,
                     std::chrono::milliseconds(socket.get(zmq::sockopt::handshake_ivl)));
}

}  // namespace

// The queue has no limit, on purpose: libzmq's I/O thread waits when it is full, and with it every
// socket of the context. What bounds it is that it is read every second: a peer that does nothing
// but connect and go makes some megabytes of events in that time.
PeerMonitor::PeerMonitor(zmq::context_t& context, zmq::socket_t& socket, const std::string& address)
    : monitored_(socket.handle()),
      events_(context, zmq::socket_type::pair),
      fd_(events_.get(zmq::sockopt::fd)),
      connections_(connections_of(context, socket)) {
  events_.set(zmq::sockopt::rcvhwm, 0);
  events_.set(zmq::sockopt::linger, 0);
  if (::zmq_socket_monitor(monitored_, address.c_str(), kEvents) != 0) throw zmq::error_t();
  try {
    events_.connect(address);
    fetch_new();  // there is nothing yet, but libzmq only tells a reader that has found that out
  } catch (...) {
    ::zmq_socket_monitor(monitored_, nullptr, 0);
    throw;
  }
}

// In this order: libzmq would wait for a reader of the next event.
PeerMonitor::~PeerMonitor() { ::zmq_socket_monitor(monitored_, nullptr, 0); }

void PeerMonitor::read(PeerListener& listener, Clock::time_point now) noexcept {
  try {
    fetch();
  } catch (const std::exception&) {
    // Interrupted, or no memory: the rest comes with the next call, which need not be at once.
    has_more_ = false;
    forget_names(0);
  }
  for (const MonitorEvent& event : fetched_) {
    if (given_up_ != nullptr) given_up_->note(event, now);
    try {
      connections_.note(event, now, listener);
    } catch (const std::exception&) {
      // No memory for what is to be remembered of it.
    }
  }
  fetched_.clear();
}

// The descriptor of a connection is its own until libzmq has reported its end. So a name is right
// if no end is found after it was asked for, and it is asked for only where there is none yet.
void PeerMonitor::fetch() {
  std::size_t named = 0;  // events that were asked for in the last round begin here ...
  std::size_t known = 0;  // ... and end here
  while (true) {
    fetch_new();
    if (has_more_) return forget_names(named);
    forget_names_of_ended(named, known);
    if (fetched_.size() == known) return;
    name_from(known);
    named = std::exchange(known, fetched_.size());
  }
}

void PeerMonitor::fetch_new() {
  has_more_ = false;
  while (fetched_.size() < kMostAtOnce) {
    if (!has_message_) {
      if (!events_.recv(header_, zmq::recv_flags::dontwait)) return;
      endpoint_.rebuild();
      if (header_.more()) static_cast<void>(events_.recv(endpoint_, zmq::recv_flags::dontwait));
      has_message_ = true;
    }
    MonitorEvent event;
    if (header_.size() == sizeof event.kind + sizeof event.value) {
      std::memcpy(&event.kind, header_.data(), sizeof event.kind);
      std::memcpy(&event.value, header_.data<char>() + sizeof event.kind, sizeof event.value);
      event.endpoint = endpoint_.to_string();
    }
    fetched_.push_back(std::move(event));
    has_message_ = false;
  }
  has_more_ = true;
}

/// Asks for the names of those that have begun, at `from` or later, and have not ended.
void PeerMonitor::name_from(std::size_t from) {
  std::unordered_set<std::uint32_t> later;  // descriptors that have ended, or begun again, later on
  for (std::size_t i = fetched_.size(); i-- > from;) {
    MonitorEvent& event = fetched_[i];
    if (event.kind != ZMQ_EVENT_ACCEPTED && event.kind != ZMQ_EVENT_DISCONNECTED) continue;
    const bool is_over = !later.insert(event.value).second;
    if (event.kind == ZMQ_EVENT_ACCEPTED && !is_over) {
      event.peer = peer_address(static_cast<int>(event.value));
    }
  }
}

/// Those named from `from` to `to` whose end, or another beginning, has come since.
void PeerMonitor::forget_names_of_ended(std::size_t from, std::size_t to) {
  std::unordered_set<std::uint32_t> over;
  for (std::size_t i = to; i < fetched_.size(); ++i) {
    const std::uint16_t kind = fetched_[i].kind;
    if (kind == ZMQ_EVENT_ACCEPTED || kind == ZMQ_EVENT_DISCONNECTED)
      over.insert(fetched_[i].value);
  }
  for (std::size_t i = from; i < to; ++i) {
    if (over.contains(fetched_[i].value)) fetched_[i].peer.clear();
  }
}

void PeerMonitor::forget_names(std::size_t from) noexcept {
  for (std::size_t i = from; i < fetched_.size(); ++i) fetched_[i].peer.clear();
}

}  // namespace omzmq
