// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/endpoint.hpp"

#include <sys/un.h>

#include <charconv>

#include "core/config_error.hpp"
#include "core/format.hpp"

namespace omzmq {
namespace {

constexpr std::size_t kMaxIpcPath = sizeof(sockaddr_un::sun_path) - 1;  // 107
constexpr int kMaxPort = 65535;

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw ConfigError("endpoints", formatted("'{}': {}", text, why));
}

/// Checks "host:port". \param text  the whole endpoint, for the error
void check_host_and_port(std::string_view text, std::string_view rest) {
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) refuse(text, "there is no port; write tcp://host:port");
  const std::string_view host = rest.substr(0, colon);
  const std::string_view port = rest.substr(colon + 1);
  if (host.empty()) {
    refuse(text, "there is no host; write tcp://host:port, or tcp://*:port to bind");
  }
  const bool in_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (!in_brackets && host.find_first_of(":[]") != std::string_view::npos) {
    refuse(text, "an IPv6 address stands in brackets: tcp://[::1]:port");
  }
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
  if (path.size() > kMaxIpcPath) {
    refuse(text, formatted("the path has {} bytes; an ipc path has at most {}", path.size(),
                           kMaxIpcPath));
  }
}

}  // namespace

void check_endpoint(const Endpoint& endpoint, bool binds) {
  if (endpoint.transport != Endpoint::Transport::kTcp || binds) return;
  const std::string_view rest = endpoint.host_and_port();
  if (rest.starts_with("*:")) {
    refuse(endpoint.address, "'*' is no host to connect to; put @ before it to bind");
  }
  if (rest.ends_with(":*")) {
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
  if (address.find_first_of(std::string_view(" \t\r\n\0", 5)) != std::string_view::npos) {
    refuse(text, "there is a blank in it; separate endpoints by commas");
  }
  if (address.starts_with("tcp://")) {
    if (address.find(';') != std::string_view::npos) {
      // libzmq looks the source up at each connect, and ends the process when that fails.
      refuse(text, "a source address (before ';') is not supported");
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
  refuse(text, "write tcp://host:port or ipc:///path, with @ before it to bind or > to connect");
}

}  // namespace omzmq
