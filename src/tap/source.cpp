// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/source.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>

#include "tap/sockets/certificate.hpp"

namespace omzmq::tap {
namespace {

/// How long acknowledgements may take to leave at the end of the program.
constexpr int kRouterLingerMs = 1000;

zmq::socket_type socket_type(SocketKind kind) {
  switch (kind) {
    case SocketKind::kSub:
      return zmq::socket_type::sub;
    case SocketKind::kPull:
      return zmq::socket_type::pull;
    case SocketKind::kRouter:
      break;
  }
  return zmq::socket_type::router;
}

std::string_view view(const zmq::message_t& part) {
  return {static_cast<const char*>(part.data()), part.size()};
}

}  // namespace

Source::Source(const SourceOptions& options)
    : socket_(context_, socket_type(options.kind)),
      peers_(context_, socket_),
      is_router_(options.kind == SocketKind::kRouter) {
  set_options(options);
  for (const Endpoint& endpoint : options.endpoints) {
    attach(endpoint);
  }
}

void Source::set_options(const SourceOptions& options) {
  socket_.set(zmq::sockopt::linger, is_router_ ? kRouterLingerMs : 0);
  socket_.set(zmq::sockopt::rcvhwm, options.receive_mark);
  socket_.set(zmq::sockopt::maxmsgsize, static_cast<std::int64_t>(options.max_frame_bytes()));
  // A peer that went away without a word is noticed, and room is made for who comes back.
  socket_.set(zmq::sockopt::tcp_keepalive, 1);
  if (is_router_) {
    socket_.set(zmq::sockopt::router_handover, true);
  }
  set_curve(options.curve);
  for (const std::string& prefix : options.prefixes) {
    socket_.set(zmq::sockopt::subscribe, prefix);
  }
  for (const SocketOption& option : options.socket_options) {
    set_socket_option(socket_, option);
    keeps_ipv6_ = keeps_ipv6_ || option.name == "ipv6";
  }
}

void Source::set_curve(const CurveOptions& curve) {
  if (!curve.server_certificate.empty()) {
    set_curve_server(socket_, curve.server_certificate);
    emplace_curve_clients(clients_, context_, curve.clients);
  } else if (!curve.server_key.empty()) {
    set_curve_client(socket_, curve.server_key, curve.certificate);
  }
}

void Source::attach(const Endpoint& endpoint) {
  if (auto bound = tap::attach(socket_, endpoint, keeps_ipv6_)) {
    bound_.push_back(*std::move(bound));
  }
}

void Source::connect_again(const std::string& address) {
  try {
    socket_.disconnect(address);
  } catch (const zmq::error_t&) {
    // Nothing is left of the connection under this name.
  }
  attach(Endpoint{Attachment::kConnect, address});
}

void Source::stop_accepting() {
  for (const std::string& address : bound_) {
    try {
      socket_.unbind(address);
    } catch (const zmq::error_t&) {
      // It is not bound any more: all the better.
    }
  }
}

bool Source::receive_part(zmq::message_t& part) {
  for (;;) {
    try {
      return socket_.recv(part, zmq::recv_flags::dontwait).has_value();
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) {
        throw;
      }
    }
  }
}

std::optional<Message> Source::try_receive() {
  if (is_router_ && (!receive_part(peer_) || !peer_.more())) {
    return std::nullopt;
  }
  // The parts of a message arrive together: when the first is there, the others are.
  if (!receive_part(body_)) {
    return std::nullopt;
  }
  Message message;
  if (body_.more()) {
    topic_.swap(body_);
    message.topic = view(topic_);
    do {
      if (!receive_part(body_)) {
        return std::nullopt;
      }
    } while (body_.more());
  }
  message.body = view(body_);
  asks_connection_ = asks_connection_ || message.body.starts_with(wire::kBatchMagic);
  if (asks_connection_) {
    message.connection = zmq_msg_get(body_.handle(), ZMQ_SRCFD);
  }
  return message;
}

void Source::acknowledge_later(const wire::BatchHeader& header) {
  if (is_router_ && !header.is_beat) {
    unanswered_.emplace_back(peer_.to_string(), wire::Ack{.epoch = header.epoch,
                                                          .stream = header.stream,
                                                          .first = header.first,
                                                          .count = header.count});
  }
}

void Source::send_acknowledgements() {
  for (const auto& [peer, ack] : unanswered_) {
    std::array<char, wire::kAckBytes> frame{};
    wire::write_ack(frame.data(), ack);
    // Without ROUTER_MANDATORY an answer to nobody, or to a full pipe, is dropped by libzmq.
    try {
      if (socket_.send(zmq::buffer(peer), zmq::send_flags::sndmore | zmq::send_flags::dontwait)) {
        socket_.send(zmq::buffer(frame), zmq::send_flags::dontwait);
      }
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR && error.num() != EHOSTUNREACH) {
        throw;
      }
    }
  }
  unanswered_.clear();
}

}  // namespace omzmq::tap
