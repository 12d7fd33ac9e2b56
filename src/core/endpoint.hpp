// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace omzmq {

/// A place that the socket binds or connects to.
struct Endpoint {
  enum class Transport { kTcp, kIpc };

  std::string address;  ///< as libzmq takes it: "tcp://host:port" or "ipc:///path"
  Transport transport;
  std::optional<bool> bind;  ///< from '@' (true) or '>' (false); neither: the socket type decides

  /// The path of an ipc endpoint; one that begins with '@' is a name in the abstract namespace.
  [[nodiscard]] std::string_view path() const noexcept { return rest(); }
  /// The "host:port" of a tcp endpoint.
  [[nodiscard]] std::string_view host_and_port() const noexcept { return rest(); }

 private:
  static constexpr std::size_t kSchemeLength = 6;  // of "tcp://" and "ipc://"
  [[nodiscard]] std::string_view rest() const noexcept {
    return std::string_view(address).substr(kSchemeLength);
  }
};

/// Checks what depends on whether the endpoint is bound or connected to.
/// \throws ConfigError for the parameter "endpoints"
void check_endpoint(const Endpoint& endpoint, bool binds);

/// Reads "[@|>]tcp://host:port" or "[@|>]ipc:///path". Looks up no name and touches nothing.
/// \throws ConfigError for the parameter "endpoints"
[[nodiscard]] Endpoint parse_endpoint(std::string_view text);

}  // namespace omzmq
