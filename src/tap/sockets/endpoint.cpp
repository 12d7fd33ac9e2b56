// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/sockets/endpoint.hpp"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <system_error>

#include "common/format.hpp"
#include "tap/text/usage_error.hpp"

namespace omzmq::tap {
namespace {

constexpr std::uint64_t kMaxPort = 65535;
constexpr std::string_view kSeparator = "://";

/// libzmq takes a port beyond 65535 modulo 65536, and would bind somewhere else. Port 0 and '*'
/// let the system choose, which only helps where this end binds.
bool has_valid_port(std::string_view address, Attachment attachment) {
  const std::string_view port = address.substr(address.rfind(':') + 1);
  const bool may_be_any = attachment == Attachment::kBind;
  if (port == "*") {
    return may_be_any;
  }
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc{} && stop == port.data() + port.size() && number <= kMaxPort &&
         (number > 0 || may_be_any);
}

/// Any interface, or a path that libzmq makes up.
bool is_wildcard(std::string_view address) {
  return address.starts_with("tcp://*:") || address == "ipc://*";
}

}  // namespace

Endpoint parse_endpoint(std::string_view text, Attachment attachment) {
  std::string_view address = text;
  if (address.starts_with('@') || address.starts_with('>')) {
    attachment = address.front() == '@' ? Attachment::kBind : Attachment::kConnect;
    address.remove_prefix(1);
  }
  const std::size_t separator = address.find(kSeparator);
  const bool complete = separator != std::string_view::npos && separator > 0 &&
                        separator + kSeparator.size() < address.size();
  // An inproc endpoint has no peer in another process: the wait would be for ever.
  if (!complete || address.starts_with("inproc:")) {
    throw UsageError(
        formatted("ENDPOINT '{}': must be tcp://host:port or ipc:///path, with '@' before it to "
                  "bind or '>' to connect",
                  text));
  }
  if (attachment == Attachment::kConnect && is_wildcard(address)) {
    throw UsageError(
        formatted("ENDPOINT '{}': '*' can only be bound: --bind, or '@' before it", text));
  }
  if (address.starts_with("tcp://") && !has_valid_port(address, attachment)) {
    throw UsageError(formatted("ENDPOINT '{}': must end in ':' and a port from 1 to 65535", text));
  }
  return Endpoint{attachment, std::string(address)};
}

}  // namespace omzmq::tap
