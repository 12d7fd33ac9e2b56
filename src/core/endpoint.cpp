// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/endpoint.hpp"

#include <fmt/format.h>
#include <sys/un.h>

#include <charconv>

#include "core/config_error.hpp"

namespace omzmq {
namespace {

constexpr std::size_t kMaxIpcPath = sizeof(sockaddr_un::sun_path) - 1;  // 107
constexpr int kMaxPort = 65535;

[[noreturn]] void refuse(std::string_view text, std::string_view why) {
  throw ConfigError("endpoints", fmt::format("'{}': {}", text, why));
}

void check_tcp(std::string_view text, std::string_view rest, bool connects) {
  // "source;destination" is libzmq's way to choose the address that a connection comes from.
  const auto semicolon = rest.find(';');
  if (semicolon != std::string_view::npos) rest = rest.substr(semicolon + 1);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) refuse(text, "there is no port; write tcp://host:port");
  const std::string_view host = rest.substr(0, colon);
  const std::string_view port = rest.substr(colon + 1);
  if (host.empty())
    refuse(text, "there is no host; write tcp://host:port, or tcp://*:port to bind");
  if (host.find(':') != std::string_view::npos && (host.front() != '[' || host.back() != ']')) {
    refuse(text, "an IPv6 address stands in brackets: tcp://[::1]:port");
  }
  if (host == "*" && connects) refuse(text, "'*' is no host to connect to");
  if (port == "*") {
    if (connects) refuse(text, "'*' is no port to connect to");
    return;
  }
  int number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (error != std::errc() || end != port.data() + port.size() || number < 1 || number > kMaxPort) {
    refuse(text, fmt::format("the port '{}' is not a number from 1 to {}", port, kMaxPort));
  }
}

void check_ipc(std::string_view text, std::string_view path) {
  const bool is_abstract = path.starts_with('@') && path.size() > 1;
  if (!is_abstract && (!path.starts_with('/') || path.size() == 1)) {
    refuse(text, "the path has to be absolute; write ipc:///run/name");
  }
  if (path.size() > kMaxIpcPath) {
    refuse(text, fmt::format("the path has {} bytes; an ipc path has at most {}", path.size(),
                             kMaxIpcPath));
  }
}

}  // namespace

Endpoint parse_endpoint(std::string_view text) {
  std::string_view address = text;
  std::optional<bool> bind;
  if (address.starts_with('@') || address.starts_with('>')) {
    bind = address.front() == '@';
    address.remove_prefix(1);
  }
  if (address.find_first_of(std::string_view(" \t\0", 3)) != std::string_view::npos) {
    refuse(text, "there is a blank in it; separate endpoints by commas");
  }
  if (address.starts_with("tcp://")) {
    check_tcp(text, address.substr(6), bind == false);
    return {std::string(address), Endpoint::Transport::kTcp, bind};
  }
  if (address.starts_with("ipc://")) {
    check_ipc(text, address.substr(6));
    return {std::string(address), Endpoint::Transport::kIpc, bind};
  }
  refuse(text, "write tcp://host:port or ipc:///path, with @ before it to bind or > to connect");
}

}  // namespace omzmq
