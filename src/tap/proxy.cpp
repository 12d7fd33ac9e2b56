// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/proxy.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>

#include "common/format.hpp"
#include "tap/sockets/attach.hpp"
#include "tap/sockets/certificate.hpp"
#include "tap/troubles.hpp"

namespace omzmq::tap {
namespace {

/// How much is passed on before signals and events have their turn.
constexpr int kMessagesPerTurn = 1000;

/// Of the side that the subscribers are on.
SourceOptions for_subscribers(const Options& options) {
  SourceOptions side;
  side.endpoints = options.proxies;
  side.socket_options = options.source.socket_options;
  return side;
}

/// A subscription is short; whoever sends more than this is no subscriber.
constexpr std::int64_t kMaxSubscriptionBytes = std::int64_t{64} << 10;

/// How long what subscribers have not yet taken may take to leave at the end.
constexpr int kLingerMs = 1000;
constexpr std::chrono::milliseconds kLastTurns{1000};

/// False when nothing is there.
bool receive_part(zmq::socket_t& socket, zmq::message_t& part) {
  for (;;) {
    try {
      return socket.recv(part, zmq::recv_flags::dontwait).has_value();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) {
        throw;
      }
    }
  }
}

/// Neither side of a proxy makes its sender wait: without room for a message it is dropped.
void send_part(zmq::socket_t& socket, zmq::message_t& part, bool more) {
  const auto flags = zmq::send_flags::dontwait;
  for (;;) {
    try {
      static_cast<void>(socket.send(part, more ? flags | zmq::send_flags::sndmore : flags));
      return;
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) {
        throw;
      }
    }
  }
}

bool is_subscription(const zmq::message_t& message) {
  return !message.more() && !message.empty() && *message.data<unsigned char>() <= 1;
}

}  // namespace

Proxy::Proxy(const Options& options, SignalFd& stop, SignalFd& requests, Report& report)
    : stop_(stop),
      requests_(requests),
      report_(report),
      publishers_(context_, zmq::socket_type::xsub, options.source, "inproc://publishers", report),
      subscribers_(context_, zmq::socket_type::xpub, for_subscribers(options),
                   "inproc://subscribers", report) {
  const SourceOptions& source = options.source;
  publishers_.socket.set(zmq::sockopt::rcvhwm, source.receive_mark);
  publishers_.socket.set(zmq::sockopt::maxmsgsize,
                         static_cast<std::int64_t>(source.max_frame_bytes()));
  if (!source.curve.server_key.empty()) {
    set_curve_client(publishers_.socket, source.curve.server_key, source.curve.certificate);
  }
  subscribers_.socket.set(zmq::sockopt::sndhwm, source.receive_mark);
  subscribers_.socket.set(zmq::sockopt::maxmsgsize, kMaxSubscriptionBytes);
  if (!source.curve.server_certificate.empty()) {
    emplace_curve_clients(clients_, context_, source.curve.clients);
    set_curve_server(subscribers_.socket, source.curve.server_certificate);
  }
  for (Side* const side : {&publishers_, &subscribers_}) {
    set_up(*side, source.socket_options);
  }
  // Whatever -X says: beyond its mark libzmq would drop subscriptions without a word, and a linger
  // without an end would keep the proxy from ending.
  publishers_.socket.set(zmq::sockopt::sndhwm, 0);
  publishers_.socket.set(zmq::sockopt::linger, 0);
  subscribers_.socket.set(zmq::sockopt::linger, kLingerMs);
  attach(publishers_, source.endpoints);
  attach(subscribers_, options.proxies);
}

void Proxy::set_up(Side& side, const std::vector<SocketOption>& options) {
  // A peer that went away without a word is noticed.
  side.socket.set(zmq::sockopt::tcp_keepalive, 1);
  for (const SocketOption& option : options) {
    set_socket_option(side.socket, option);
    side.keeps_ipv6 = side.keeps_ipv6 || option.name == "ipv6";
  }
}

void Proxy::attach(Side& side, const std::vector<Endpoint>& endpoints) {
  for (const Endpoint& endpoint : endpoints) {
    if (auto bound = tap::attach(side.socket, endpoint, side.keeps_ipv6)) {
      bound_.push_back(*std::move(bound));
    }
  }
}

ExitCode Proxy::run() {
  while (!ends_) {
    if (const auto why = publishers_.connections.lost_hope()) {
      report_.fail(*why);
      return ExitCode::kUnreachable;
    }
    // Subscriptions first: who has just come is to get what comes now.
    const bool moved_up = pass_on_subscriptions();
    if (!pass_on_messages() && !moved_up) {
      wait();
    } else if (stop_.next()) {
      ends_ = true;
    }
    handle_events(publishers_);
    handle_events(subscribers_);
    if (clients_) {
      clients_->serve();
    }
    handle_requests();
    report_.tick(Clock::now());
  }
  // What has arrived goes on; a publisher that does not pause is left.
  for (const auto until = Clock::now() + kLastTurns; pass_on_messages() && Clock::now() < until;) {
  }
  report_.mention(formatted("passed on {}, {} bytes", counted(messages_, "message"), bytes_));
  return ExitCode::kOk;
}

/// Up to a turn's worth. False when there were none.
bool Proxy::pass_on_messages() {
  zmq::message_t part;
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    if (!receive_part(publishers_.socket, part)) {
      return i > 0;
    }
    // The parts of a message arrive together: when the first is there, the others are.
    for (bool more = true; more;) {
      more = part.more();
      bytes_ += part.size();
      send_part(subscribers_.socket, part, more);
      if (more && !receive_part(publishers_.socket, part)) {
        return true;
      }
    }
    ++messages_;
  }
  return true;
}

bool Proxy::pass_on_subscriptions() {
  zmq::message_t part;
  for (int i = 0; i < kMessagesPerTurn; ++i) {
    if (!receive_part(subscribers_.socket, part)) {
      return i > 0;
    }
    // A publisher has nothing else to hear from its subscribers.
    const bool passes = is_subscription(part);
    if (passes) {
      send_part(publishers_.socket, part, false);
    }
    while (!passes && part.more() && receive_part(subscribers_.socket, part)) {
    }
  }
  return true;
}

void Proxy::wait() {
  std::array items{
      zmq::pollitem_t{publishers_.socket.handle(), 0, ZMQ_POLLIN, 0},
      zmq::pollitem_t{subscribers_.socket.handle(), 0, ZMQ_POLLIN, 0},
      zmq::pollitem_t{publishers_.peers.socket().handle(), 0, ZMQ_POLLIN, 0},
      zmq::pollitem_t{subscribers_.peers.socket().handle(), 0, ZMQ_POLLIN, 0},
      zmq::pollitem_t{nullptr, stop_.fd(), ZMQ_POLLIN, 0},
      zmq::pollitem_t{nullptr, requests_.fd(), ZMQ_POLLIN, 0},
      // A descriptor of -1 is passed over.
      zmq::pollitem_t{clients_ ? clients_->socket().handle() : nullptr, -1, ZMQ_POLLIN, 0},
  };
  try {
    zmq::poll(items, time_to_wait());
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) {
      throw;
    }
    return;
  }
  ends_ = items[4].revents != 0;
}

std::chrono::milliseconds Proxy::time_to_wait() const {
  std::optional<Clock::time_point> until = report_.due_at();
  for (const Side* const side : {&publishers_, &subscribers_}) {
    if (const auto due = side->connections.due_at()) {
      until = std::min(until.value_or(*due), *due);
    }
  }
  if (!until) {
    return std::chrono::milliseconds{-1};
  }
  const auto left = *until - Clock::now();
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(left), std::chrono::milliseconds{0});
}

void Proxy::handle_events(Side& side) {
  side.connections.handle_events();
  static_cast<void>(side.connections.take_closed());
  for (const std::string& address : side.connections.take_abandoned(Clock::now())) {
    try {
      side.socket.disconnect(address);
    } catch (const zmq::error_t&) {
      // Nothing is left of the connection under this name.
    }
    attach(side, {Endpoint{Attachment::kConnect, address}});
  }
}

void Proxy::handle_requests() {
  while (const std::optional<int> number = requests_.next()) {
    if (*number == SIGUSR1) {
      say_how_it_stands();
      continue;
    }
    try {
      clients_->reload();
      report_.mention("read --curve-clients again: " + counted(clients_->size(), "client") +
                      " may connect");
    } catch (const CertificateError& error) {
      report_.say(std::string("--curve-clients stay as they were: ") + error.what());
    }
  }
}

void Proxy::say_how_it_stands() {
  report_.print(formatted("{} of publishers, {} of subscribers; passed on {}, {} bytes",
                          counted(publishers_.peers.count(), "connection"),
                          counted(subscribers_.peers.count(), "connection"),
                          counted(messages_, "message"), bytes_));
}

}  // namespace omzmq::tap
