// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/endpoint.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <array>
#include <charconv>
#include <string>

#include "common/format.hpp"
#include "core/config_error.hpp"
#include "core/nearest.hpp"
#include "core/text.hpp"

namespace omzmq {
namespace {

constexpr std::size_t kMaxIpcPath = sizeof(sockaddr_un::sun_path) - 1;  // 107
constexpr int kMaxPort = 65535;

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw ConfigError("endpoints", formatted("'{}': {}", text, why));
}

bool is_ipv6_address(const std::string& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET6, host.substr(0, host.find('%')).c_str(), &address) == 1;
}

/// Looks like an IPv4 address, and is none. \param host  of digits and dots, or not
bool is_broken_ipv4(const std::string& host) {
  in_addr address{};
  return host.find_first_not_of("0123456789.") == std::string::npos &&
         ::inet_aton(host.c_str(), &address) == 0;
}

/// \param text  the whole endpoint, for the error
void check_host(std::string_view text, std::string_view host) {
  if (host.empty()) {
    refuse(text, "there is no host; write tcp://host:port, or tcp://*:port to bind");
  }
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!in_brackets && host.find_first_of(":[]") != std::string_view::npos) {
    refuse(text, "an IPv6 address stands in brackets: tcp://[::1]:port");
  }
  if (in_brackets && !is_ipv6_address(std::string(host.substr(1, host.size() - 2)))) {
    refuse(text, formatted("'{}' is no IPv6 address", host.substr(1, host.size() - 2)));
  }
  if (is_broken_ipv4(std::string(host))) {
    refuse(text, formatted("'{}' is no IPv4 address; four numbers from 0 to 255 make one", host));
  }
  if (host.find_first_of("/@") != std::string_view::npos) {
    refuse(text, formatted("'{}' is no host; write tcp://host:port", host));
  }
}

/// Checks "host:port".
void check_host_and_port(std::string_view text, std::string_view rest) {
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) refuse(text, "there is no port; write tcp://host:port");
  check_host(text, rest.substr(0, colon));
  const std::string_view port = rest.substr(colon + 1);
  if (port == "*") return;
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number < 1 || number > kMaxPort) {
    refuse(text, formatted("the port '{}' is not a number from 1 to {}", port, kMaxPort));
  }
}

void check_ipc(std::string_view text, std::string_view path) {
  const bool is_abstract = path.starts_with('@') && path.size() > 1;
  if (!is_abstract && (!path.starts_with('/') || path.size() == 1)) {
    refuse(text, "the path has to be absolute; write ipc:///run/name");
  }
  if (path.ends_with('/')) refuse(text, "a path that ends in '/' is that of a directory");
  if (path.size() > kMaxIpcPath) {
    refuse(text, formatted("the path has {} bytes; an ipc path has at most {}", path.size(),
                           kMaxIpcPath));
  }
}

/// What libzmq may have and omzmq does not take, each with its reason.
struct Elsewhere {
  std::string_view scheme;
  const char* why;
};
constexpr const char* kMulticast =
    "multicast loses what a receiver misses, without a word, and the libzmq of the distributions "
    "may not have it; write tcp://host:port, with sockType=\"PUB\" for many receivers";
constexpr const char* kWebSocket =
    "WebSockets are a draft of ZeroMQ, which the libzmq of the distributions does not speak; write "
    "tcp://host:port";
constexpr std::array kElsewhere{
    Elsewhere{"inproc",
              "it reaches only sockets of the same process, and no receiver is in "
              "rsyslogd; write tcp://host:port, or ipc:///path for this machine"},
    Elsewhere{"udp",
              "it is for the socket types RADIO and DISH, drafts that the libzmq of the "
              "distributions does not speak; write tcp://host:port"},
    Elsewhere{"pgm", kMulticast},
    Elsewhere{"epgm", kMulticast},
    Elsewhere{"norm", kMulticast},
    Elsewhere{"tipc", "omzmq does not take TIPC addresses; write tcp://host:port"},
    Elsewhere{"vmci", "omzmq does not take addresses of virtual machines; write tcp://host:port"},
    Elsewhere{"vsock", "omzmq does not take addresses of virtual machines; write tcp://host:port"},
    Elsewhere{"ws", kWebSocket},
    Elsewhere{"wss", kWebSocket},
};

[[noreturn]] void refuse_transport(std::string_view text, std::string_view address) {
  constexpr std::string_view kRight =
      "write tcp://host:port or ipc:///path, with @ before it to bind or > to connect";
  const auto colon = address.find("://");
  if (colon == std::string_view::npos) refuse(text, kRight);
  const std::string scheme = to_lower(address.substr(0, colon));
  for (const Elsewhere& elsewhere : kElsewhere) {
    if (elsewhere.scheme == scheme) refuse(text, elsewhere.why);
  }
  static constexpr std::array<std::string_view, 2> kOurs{"tcp", "ipc"};
  const std::string_view meant = nearest(scheme, kOurs);
  if (meant.empty()) refuse(text, kRight);
  refuse(text, formatted("did you mean {}://? {}", meant, kRight));
}

}  // namespace

void check_endpoint(const Endpoint& endpoint, bool binds) {
  if (endpoint.transport != Endpoint::Transport::kTcp) return;
  const std::string_view rest = endpoint.host_and_port();
  const std::string_view host = rest.substr(0, rest.rfind(':'));
  if (!binds && host == "*") {
    refuse(endpoint.address, "'*' is no host to connect to; put @ before it to bind");
  }
  if (!binds && rest.ends_with(":*")) {
    refuse(endpoint.address, "'*' is no port to connect to; put @ before it to bind");
  }
}

Endpoint parse_endpoint(std::string_view text) {
  std::string_view address = text;
  std::optional<bool> bind;
  if (address.starts_with('@') || address.starts_with('>')) {
    bind = address.front() == '@';
    address.remove_prefix(1);
  }
  for (const char c : address) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte == ' ' || byte == '\t')
      refuse(text, "there is a blank in it; separate endpoints by commas");
    if (byte < ' ' || byte == 0x7F) refuse(text, "there is a control character in it");
  }
  if (address.starts_with("tcp://")) {
    if (address.find(';') != std::string_view::npos) {
      // libzmq looks the source up at each connect, and ends the process when that fails.
      refuse(text, "a source address (before ';') is not supported; leave it out");
    }
    check_host_and_port(text, address.substr(6));
    Endpoint endpoint{std::string(address), Endpoint::Transport::kTcp, bind};
    if (bind) check_endpoint(endpoint, *bind);
    return endpoint;
  }
  if (address.starts_with("ipc://")) {
    check_ipc(text, address.substr(6));
    return {std::string(address), Endpoint::Transport::kIpc, bind};
  }
  refuse_transport(text, address);
}

}  // namespace omzmq
