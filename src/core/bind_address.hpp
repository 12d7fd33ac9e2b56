// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string_view>

#include "core/endpoint.hpp"

namespace omzmq {

/// An endpoint that a socket binds. Refers to what it is made of.
/// Threads: a value type.
struct Bound {
  const Endpoint& endpoint;
  bool ipv6;                     ///< of the socket
  std::string_view device = {};  ///< that the socket is kept to; empty: none
};

/// True when the kernel lets one of them be bound only, as far as their texts tell: tcp://*:5555
/// and tcp://127.0.0.1:5555, or two ways to write one ipc path. The addresses of interfaces and
/// names are not known here.
/// Threads: any.
[[nodiscard]] bool overlap(const Bound& one, const Bound& other);

}  // namespace omzmq
