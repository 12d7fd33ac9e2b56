// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>

namespace omzmq {

/// The other end of a connected socket, for people: "192.0.2.1:40000", "[2001:db8::1]:40000", or
/// "process 123 of user 0" where it is a unix socket. Empty when it cannot be had.
[[nodiscard]] std::string peer_address(int fd);

}  // namespace omzmq
