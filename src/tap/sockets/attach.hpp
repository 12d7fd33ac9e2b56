// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <zmq.hpp>

#include "tap/sockets/curve_clients.hpp"
#include "tap/sockets/endpoint.hpp"

// How a socket of zmqtap gets its peers and its keys.

namespace omzmq::tap {

/// An endpoint could not be bound or connected; what() names it and says why.
class SourceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Binds or connects. Returns the endpoint as it was bound, with the port or path that it really
/// has; nothing when it was connected.
/// \param keeps_ipv6  the option ipv6 of the socket is left as it is
/// Throws SourceError.
std::optional<std::string> attach(zmq::socket_t& socket, const Endpoint& endpoint, bool keeps_ipv6);

/// The socket is a CURVE server with this own certificate. Throws CertificateError, which names the
/// option.
void set_curve_server(zmq::socket_t& socket, const std::string& certificate);

/// Makes the handler that lets in only the clients of --curve-clients; see CurveClients. Throws
/// CertificateError, which names the option.
void emplace_curve_clients(std::optional<CurveClients>& clients, zmq::context_t& context,
                           const std::string& path);

/// The socket is a client of the CURVE server with this key.
/// \param certificate  its own; empty: new keys
/// Throws CertificateError, which names the option.
void set_curve_client(zmq::socket_t& socket, const std::string& server_key,
                      const std::string& certificate);

}  // namespace omzmq::tap
