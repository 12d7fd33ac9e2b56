// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <zmq.hpp>

#include "core/settings.hpp"
#include "zmq/listening_port.hpp"

namespace omzmq {

/// The ZeroMQ socket type of an action. A PUB that waits for peers is an XPUB: the same for its
/// subscribers, and it hears of them.
[[nodiscard]] zmq::socket_type socket_type_of(const Settings& settings) noexcept;

/// Sets what the settings say on a socket that is neither bound nor connected yet.
/// \throws std::runtime_error that names the option libzmq refused
void apply_options(const Settings& settings, zmq::socket_t& socket);

/// Those of a listening socket that we make; ListeningPort::Options::ipv6 is left alone.
[[nodiscard]] ListeningPort::Options listening_options(const Settings& settings);

}  // namespace omzmq
