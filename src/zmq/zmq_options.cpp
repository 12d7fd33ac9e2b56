// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/zmq_options.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "common/format.hpp"
#include "core/socket_options.hpp"
#include "zmq/zap_handler.hpp"

namespace omzmq {
namespace {

using Value = std::optional<int>;

Value in_ms(Settings::Ms ms) { return static_cast<int>(ms.count()); }
Value in_ms(const std::optional<Settings::Ms>& ms) { return ms ? in_ms(*ms) : std::nullopt; }
Value if_on(bool on, int value) { return on ? Value(value) : std::nullopt; }

/// Bytes of a message that a peer may send; a longer one ends the connection. A PUB reads what it
/// gets, subscriptions. A DEALER with confirm="acked" reads acknowledgements of 40 bytes; what else
/// there may be in them one day has room. The others read nothing. So what a peer sends piles up to
/// ZMQ_RCVHWM messages: for ever there, with "acked" until the sender comes round, for a peer that
/// floods. That stays at 1000, because of a peer whose queue is full libzmq does not see that it
/// has gone.
std::int64_t most_from_peer(const Settings& settings) {
  constexpr std::int64_t kSubscription = std::int64_t{64} << 10;
  constexpr std::int64_t kUnread = std::int64_t{1} << 10;
  return settings.sock_type == SocketType::kPub ? kSubscription : kUnread;
}

/// Messages from a peer that wait to be read. An XPUB keeps what it has read until we ask for it,
/// and reads until the queue is empty: a peer that fills it as fast would never let it end.
Value most_waiting_from_peer(const Settings& settings) {
  constexpr int kFew = 10;
  return if_on(settings.wait_for_peers > 0, kFew);
}

/// One parameter, one option. An empty value leaves libzmq's own.
struct Row {
  const char* parameter;
  int option;
  Value (*value)(const Settings&);
};

constexpr std::array kRows{
    Row{"sendHWM", ZMQ_SNDHWM, [](const Settings& s) { return Value(s.effective_send_hwm()); }},
    Row{"waitForPeers", ZMQ_RCVHWM, most_waiting_from_peer},
    Row{"sendBuffer", ZMQ_SNDBUF, [](const Settings& s) { return s.send_buffer; }},
    Row{"reconnect.interval", ZMQ_RECONNECT_IVL,
        [](const Settings& s) { return in_ms(s.reconnect_interval); }},
    Row{"reconnect.maxInterval", ZMQ_RECONNECT_IVL_MAX,
        [](const Settings& s) { return in_ms(s.effective_reconnect_max_interval()); }},
    Row{"connectTimeout", ZMQ_CONNECT_TIMEOUT,
        [](const Settings& s) { return in_ms(s.connect_timeout); }},
    Row{"handshakeTimeout", ZMQ_HANDSHAKE_IVL,
        [](const Settings& s) { return in_ms(s.handshake_timeout); }},
    Row{"heartbeat.interval", ZMQ_HEARTBEAT_IVL,
        [](const Settings& s) { return in_ms(s.heartbeat_interval); }},
    Row{"heartbeat.timeout", ZMQ_HEARTBEAT_TIMEOUT,
        [](const Settings& s) { return in_ms(s.heartbeat_timeout); }},
    Row{"heartbeat.ttl", ZMQ_HEARTBEAT_TTL,
        [](const Settings& s) { return in_ms(s.heartbeat_ttl); }},
    // A peer that takes no bytes for so long is disconnected, and others get what it had.
    Row{"ack.timeout", ZMQ_TCP_MAXRT,
        [](const Settings& s) {
          return s.confirm == Confirm::kAcked ? in_ms(s.ack_timeout) : std::nullopt;
        }},
    Row{"keepAlive", ZMQ_TCP_KEEPALIVE,
        [](const Settings& s) { return Value(s.keep_alive ? 1 : 0); }},
    Row{"keepAlive.time", ZMQ_TCP_KEEPALIVE_IDLE,
        [](const Settings& s) { return if_on(s.keep_alive, s.keep_alive_time_s); }},
    Row{"keepAlive.interval", ZMQ_TCP_KEEPALIVE_INTVL,
        [](const Settings& s) { return if_on(s.keep_alive, s.keep_alive_interval_s); }},
    Row{"keepAlive.probes", ZMQ_TCP_KEEPALIVE_CNT,
        [](const Settings& s) { return if_on(s.keep_alive, s.keep_alive_probes); }},
    Row{"immediate", ZMQ_IMMEDIATE,
        [](const Settings& s) {
          return if_on(s.sock_type != SocketType::kPub, s.immediate ? 1 : 0);
        }},
    Row{"waitForPeers", ZMQ_XPUB_VERBOSER,
        [](const Settings& s) { return if_on(s.wait_for_peers > 0, 1); }},
};

/// The numbers of the options in extra_socket_options().
struct OptionNumber {
  std::string_view name;
  int option;
};
constexpr std::array kOptionNumbers{
    OptionNumber{"affinity", ZMQ_AFFINITY},
    OptionNumber{"backlog", ZMQ_BACKLOG},
    OptionNumber{"bindtodevice", ZMQ_BINDTODEVICE},
    OptionNumber{"invert_matching", ZMQ_INVERT_MATCHING},
    OptionNumber{"maxmsgsize", ZMQ_MAXMSGSIZE},
    OptionNumber{"probe_router", ZMQ_PROBE_ROUTER},
    OptionNumber{"rcvbuf", ZMQ_RCVBUF},
    OptionNumber{"rcvhwm", ZMQ_RCVHWM},
    OptionNumber{"socks_proxy", ZMQ_SOCKS_PROXY},
    OptionNumber{"tcp_maxrt", ZMQ_TCP_MAXRT},
    OptionNumber{"tos", ZMQ_TOS},
    OptionNumber{"xpub_nodrop", ZMQ_XPUB_NODROP},
};

void set(zmq::socket_t& socket, std::string_view name, int option, const void* value,
         std::size_t size) {
  if (::zmq_setsockopt(socket.handle(), option, value, size) != 0) {
    throw std::runtime_error(
        formatted("{}: libzmq refuses this value: {}", name, ::zmq_strerror(::zmq_errno())));
  }
}

void set_extra(zmq::socket_t& socket, const std::string& name, const std::string& value) {
  const auto has_name = [&](const auto& row) { return row.name == name; };
  const auto options = extra_socket_options();
  const auto option = std::find_if(options.begin(), options.end(), has_name);
  const auto number = std::find_if(kOptionNumbers.begin(), kOptionNumbers.end(), has_name);
  if (option == options.end() || number == kOptionNumbers.end()) {
    throw std::runtime_error(formatted("socketOptions: there is no option '{}'", name));
  }
  const std::string shown = "socketOptions " + name;
  switch (option->type) {
    case SocketOption::Type::kString:
      return set(socket, shown, number->option, value.data(), value.size());
    case SocketOption::Type::kInt: {
      const int as_int = std::stoi(value);
      return set(socket, shown, number->option, &as_int, sizeof as_int);
    }
    case SocketOption::Type::kInt64: {
      const std::int64_t wide = std::stoll(value);
      return set(socket, shown, number->option, &wide, sizeof wide);
    }
    case SocketOption::Type::kUint64: {
      const std::uint64_t wide = std::stoull(value);
      return set(socket, shown, number->option, &wide, sizeof wide);
    }
  }
}

}  // namespace

zmq::socket_type socket_type_of(const Settings& settings) noexcept {
  switch (*settings.sock_type) {
    case SocketType::kPub:
      return settings.wait_for_peers > 0 ? zmq::socket_type::xpub : zmq::socket_type::pub;
    case SocketType::kPush:
      return zmq::socket_type::push;
    case SocketType::kDealer:
      return zmq::socket_type::dealer;
  }
  return zmq::socket_type::push;
}

void apply_options(const Settings& settings, zmq::socket_t& socket) {
  for (const Row& row : kRows) {
    if (const Value value = row.value(settings)) {
      set(socket, row.parameter, row.option, &*value, sizeof(int));
    }
  }
  const std::int64_t most = most_from_peer(settings);
  set(socket, "maxmsgsize", ZMQ_MAXMSGSIZE, &most, sizeof most);
  set(socket, "zap_domain", ZMQ_ZAP_DOMAIN, kPlainDomain.data(), kPlainDomain.size());
  if (!settings.identity.empty()) {
    set(socket, "identity", ZMQ_ROUTING_ID, settings.identity.data(), settings.identity.size());
  }
  for (const auto& [name, value] : settings.socket_options) set_extra(socket, name, value);
}

ListeningPort::Options listening_options(const Settings& settings) {
  ListeningPort::Options options;
  options.send_buffer = settings.send_buffer;
  for (const auto& [name, value] : settings.socket_options) {
    if (name == "backlog") options.backlog = std::stoi(value);
    if (name == "bindtodevice") options.device = value;
    if (name == "rcvbuf") options.receive_buffer = std::stoi(value);
    if (name == "tos") options.type_of_service = std::stoi(value);
  }
  options.backlog = fitting_backlog(options.backlog);
  // libzmq leaves the system's value for a negative one.
  if (options.receive_buffer && *options.receive_buffer < 0) options.receive_buffer.reset();
  return options;
}

}  // namespace omzmq
