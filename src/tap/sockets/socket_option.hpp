// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <zmq.hpp>

namespace omzmq::tap {

/// One `-X name=value`: an option of libzmq by its lower-case name without ZMQ_.
struct SocketOption {
  std::string name;
  std::string value;
};

/// An option that there is not, or a value that it cannot have; what() lists what would be right.
class SocketOptionError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads "name=value"; the name must be known and the value of its type. libzmq alone knows the
/// range: see set_socket_option(). Throws SocketOptionError.
[[nodiscard]] SocketOption parse_socket_option(std::string_view text);

/// Throws SocketOptionError when libzmq refuses the value.
void set_socket_option(zmq::socket_t& socket, const SocketOption& option);

/// The options that there are, a line each: name, type.
[[nodiscard]] std::string describe_socket_options();

}  // namespace omzmq::tap
