// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include "core/endpoint.hpp"

namespace omzmq {

/// An endpoint that a socket binds.
struct Bound {
  const Endpoint& endpoint;
  bool ipv6;  ///< of the socket
};

/// True when the kernel lets one of them be bound only, as far as their texts tell: tcp://*:5555
/// and tcp://127.0.0.1:5555, or two ways to write one ipc path. The addresses of interfaces and
/// names are not known here.
/// Threads: any.
[[nodiscard]] bool overlap(const Bound& one, const Bound& other);

}  // namespace omzmq
