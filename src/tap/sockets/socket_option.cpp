// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/sockets/socket_option.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <system_error>

#include "common/format.hpp"

namespace omzmq::tap {
namespace {

enum class Type { kInt, kInt64, kUint64, kText };

struct Row {
  std::string_view name;
  int number;
  Type type;
};

/// What can be set on a SUB, PULL or ROUTER socket of libzmq 4.3.4 and has no option of its own
/// here. Those of other sockets, of GSSAPI and VMCI, and the drafts are left out.
constexpr std::array kRows{
    Row{"affinity", ZMQ_AFFINITY, Type::kUint64},
    Row{"backlog", ZMQ_BACKLOG, Type::kInt},
    Row{"bindtodevice", ZMQ_BINDTODEVICE, Type::kText},
    Row{"conflate", ZMQ_CONFLATE, Type::kInt},
    Row{"connect_routing_id", ZMQ_CONNECT_ROUTING_ID, Type::kText},
    Row{"connect_timeout", ZMQ_CONNECT_TIMEOUT, Type::kInt},
    Row{"handshake_ivl", ZMQ_HANDSHAKE_IVL, Type::kInt},
    Row{"heartbeat_ivl", ZMQ_HEARTBEAT_IVL, Type::kInt},
    Row{"heartbeat_timeout", ZMQ_HEARTBEAT_TIMEOUT, Type::kInt},
    Row{"heartbeat_ttl", ZMQ_HEARTBEAT_TTL, Type::kInt},
    Row{"immediate", ZMQ_IMMEDIATE, Type::kInt},
    Row{"invert_matching", ZMQ_INVERT_MATCHING, Type::kInt},
    Row{"ipv6", ZMQ_IPV6, Type::kInt},
    Row{"linger", ZMQ_LINGER, Type::kInt},
    Row{"maxmsgsize", ZMQ_MAXMSGSIZE, Type::kInt64},
    Row{"multicast_hops", ZMQ_MULTICAST_HOPS, Type::kInt},
    Row{"multicast_maxtpdu", ZMQ_MULTICAST_MAXTPDU, Type::kInt},
    Row{"plain_password", ZMQ_PLAIN_PASSWORD, Type::kText},
    Row{"plain_server", ZMQ_PLAIN_SERVER, Type::kInt},
    Row{"plain_username", ZMQ_PLAIN_USERNAME, Type::kText},
    Row{"probe_router", ZMQ_PROBE_ROUTER, Type::kInt},
    Row{"rate", ZMQ_RATE, Type::kInt},
    Row{"rcvbuf", ZMQ_RCVBUF, Type::kInt},
    Row{"rcvhwm", ZMQ_RCVHWM, Type::kInt},
    Row{"reconnect_ivl", ZMQ_RECONNECT_IVL, Type::kInt},
    Row{"reconnect_ivl_max", ZMQ_RECONNECT_IVL_MAX, Type::kInt},
    Row{"recovery_ivl", ZMQ_RECOVERY_IVL, Type::kInt},
    Row{"router_handover", ZMQ_ROUTER_HANDOVER, Type::kInt},
    Row{"routing_id", ZMQ_ROUTING_ID, Type::kText},
    Row{"sndbuf", ZMQ_SNDBUF, Type::kInt},
    Row{"sndhwm", ZMQ_SNDHWM, Type::kInt},
    Row{"socks_proxy", ZMQ_SOCKS_PROXY, Type::kText},
    Row{"tcp_keepalive", ZMQ_TCP_KEEPALIVE, Type::kInt},
    Row{"tcp_keepalive_cnt", ZMQ_TCP_KEEPALIVE_CNT, Type::kInt},
    Row{"tcp_keepalive_idle", ZMQ_TCP_KEEPALIVE_IDLE, Type::kInt},
    Row{"tcp_keepalive_intvl", ZMQ_TCP_KEEPALIVE_INTVL, Type::kInt},
    Row{"tcp_maxrt", ZMQ_TCP_MAXRT, Type::kInt},
    Row{"tos", ZMQ_TOS, Type::kInt},
    Row{"zap_domain", ZMQ_ZAP_DOMAIN, Type::kText},
};

const Row* find(std::string_view name) {
  const auto* const row =
      std::find_if(kRows.begin(), kRows.end(), [&](const Row& r) { return r.name == name; });
  return row == kRows.end() ? nullptr : row;
}

std::string_view type_name(Type type) {
  switch (type) {
    case Type::kInt:
      return "int";
    case Type::kInt64:
      return "int64";
    case Type::kUint64:
      return "uint64";
    case Type::kText:
      break;
  }
  return "text";
}

template <typename Number>
std::optional<Number> read(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && stop == end ? std::optional(number) : std::nullopt;
}

bool has_type(std::string_view text, Type type) {
  switch (type) {
    case Type::kInt:
      return read<int>(text).has_value();
    case Type::kInt64:
      return read<std::int64_t>(text).has_value();
    case Type::kUint64:
      return read<std::uint64_t>(text).has_value();
    case Type::kText:
      break;
  }
  return true;
}

template <typename Number>
int set_number(zmq::socket_t& socket, int option, std::string_view text) {
  const Number number = read<Number>(text).value_or(0);
  return zmq_setsockopt(socket.handle(), option, &number, sizeof number);
}

int set(zmq::socket_t& socket, const Row& row, const std::string& value) {
  switch (row.type) {
    case Type::kInt:
      return set_number<int>(socket, row.number, value);
    case Type::kInt64:
      return set_number<std::int64_t>(socket, row.number, value);
    case Type::kUint64:
      return set_number<std::uint64_t>(socket, row.number, value);
    case Type::kText:
      break;
  }
  return zmq_setsockopt(socket.handle(), row.number, value.data(), value.size());
}

std::string known_names() {
  std::string names;
  for (const Row& row : kRows) {
    names += names.empty() ? "" : ", ";
    names += row.name;
  }
  return names;
}

}  // namespace

SocketOption parse_socket_option(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) {
    throw SocketOptionError(
        formatted("-X '{}': must be name=value, such as rcvhwm=100000, or 'list'", text));
  }
  SocketOption option{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  const Row* const row = find(option.name);
  if (row == nullptr) {
    throw SocketOptionError(formatted("-X '{}': there is no socket option '{}'; there are {}", text,
                                      option.name, known_names()));
  }
  if (!has_type(option.value, row->type)) {
    throw SocketOptionError(
        formatted("-X '{}': the value must be a whole number ({})", text, type_name(row->type)));
  }
  return option;
}

void set_socket_option(zmq::socket_t& socket, const SocketOption& option) {
  const Row* const row = find(option.name);
  if (row == nullptr || set(socket, *row, option.value) != 0) {
    throw SocketOptionError(formatted("-X '{}={}': libzmq refuses it: {}", option.name,
                                      option.value, zmq_strerror(zmq_errno())));
  }
}

std::string describe_socket_options() {
  std::string text;
  for (const Row& row : kRows) {
    text += formatted("{:<20} {}\n", row.name, type_name(row.type));
  }
  return text + formatted(
                    "\nTheir meaning: man zmq_setsockopt. The options of topics and CURVE have "
                    "their own: see zmqtap --help.\n");
}

}  // namespace omzmq::tap
