// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/bind_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "core/text.hpp"

namespace omzmq {
namespace {

/// A host as the kernel compares it.
struct Host {
  std::string text;  ///< one text for each address; a name as it is
  bool is_any;       ///< every address of a family
  bool ipv4;         ///< takes IPv4 connections
  bool ipv6;
};

Host host_of(const Bound& bound) {
  const std::string_view rest = bound.endpoint.host_and_port();
  const std::string host = to_lower(rest.substr(0, rest.rfind(':')));
  if (host == "*") return {host, true, true, bound.ipv6};
  in_addr four{};
  if (::inet_aton(host.c_str(), &four) != 0) {
    char text[INET_ADDRSTRLEN] = {};
    ::inet_ntop(AF_INET, &four, text, sizeof text);
    return {text, four.s_addr == INADDR_ANY, true, false};
  }
  in6_addr six{};
  if (host.starts_with('[')) {
    const std::string inner = host.substr(1, host.size() - 2);
    const auto zone = std::min(inner.find('%'), inner.size());
    if (::inet_pton(AF_INET6, inner.substr(0, zone).c_str(), &six) == 1) {
      char text[INET6_ADDRSTRLEN] = {};
      ::inet_ntop(AF_INET6, &six, text, sizeof text);
      // Such a socket takes IPv4 as well.
      const bool is_any = IN6_IS_ADDR_UNSPECIFIED(&six) != 0;
      return {text + inner.substr(zone), is_any, is_any, true};
    }
  }
  return {host, false, true, true};
}

/// Empty where the kernel chooses a free one.
std::string_view port_of(const Endpoint& endpoint) {
  const std::string_view rest = endpoint.host_and_port();
  std::string_view port = rest.substr(rest.rfind(':') + 1);
  while (port.size() > 1 && port.starts_with('0')) port.remove_prefix(1);
  return port == "*" ? std::string_view() : port;
}

std::string path_of(const Endpoint& endpoint) {
  const std::string_view path = endpoint.path();
  if (path.starts_with('@')) return std::string(path);
  return normal_path(path);
}

}  // namespace

bool overlap(const Bound& one, const Bound& other) {
  if (one.endpoint.transport != other.endpoint.transport) return false;
  if (one.endpoint.transport == Endpoint::Transport::kIpc)
    return path_of(one.endpoint) == path_of(other.endpoint);
  const std::string_view port = port_of(one.endpoint);
  if (port.empty() || port != port_of(other.endpoint)) return false;
  const bool are_apart = !one.device.empty() && !other.device.empty() && one.device != other.device;
  if (are_apart) return false;
  const Host a = host_of(one);
  const Host b = host_of(other);
  if (a.text == b.text) return true;
  const bool share_family = (a.ipv4 && b.ipv4) || (a.ipv6 && b.ipv6);
  // An interface has addresses, and so is covered by all of them.
  return share_family && (a.is_any || b.is_any);
}

}  // namespace omzmq
