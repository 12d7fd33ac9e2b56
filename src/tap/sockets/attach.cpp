// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/sockets/attach.hpp"

#include <string_view>

#include "common/format.hpp"
#include "tap/sockets/certificate.hpp"

namespace omzmq::tap {
namespace {

/// What `read` returns; its CertificateError names the option.
template <typename Read>
auto named(std::string_view option, const Read& read) {
  try {
    return read();
  } catch (const CertificateError& error) {
    throw CertificateError(formatted("{}: {}", option, error.what()));
  }
}

}  // namespace

std::optional<std::string> attach(zmq::socket_t& socket, const Endpoint& endpoint,
                                  bool keeps_ipv6) {
  const bool binds = endpoint.attachment == Attachment::kBind;
  // With this option on, libzmq resolves "localhost" to ::1 only and misses who listens on
  // 127.0.0.1; so it is on for literal IPv6 addresses alone.
  const bool is_ipv6 = endpoint.address.find('[') != std::string::npos;
  try {
    if (!keeps_ipv6) {
      socket.set(zmq::sockopt::ipv6, is_ipv6 ? 1 : 0);
    }
    if (binds) {
      socket.bind(endpoint.address);
      return socket.get(zmq::sockopt::last_endpoint);
    }
    socket.connect(endpoint.address);
    return std::nullopt;
  } catch (const zmq::error_t& error) {
    throw SourceError(formatted("cannot {} {}: {}", binds ? "bind" : "connect to", endpoint.address,
                                error.what()));
  }
}

void set_curve_server(zmq::socket_t& socket, const std::string& certificate) {
  const Certificate own =
      named("--curve-server", [&] { return load_own_certificate(certificate); });
  socket.set(zmq::sockopt::curve_server, true);
  socket.set(zmq::sockopt::curve_secretkey, own.secret_key);
}

void emplace_curve_clients(std::optional<CurveClients>& clients, zmq::context_t& context,
                           const std::string& path) {
  if (!path.empty()) {
    named("--curve-clients", [&] { clients.emplace(context, path); });
  }
}

void set_curve_client(zmq::socket_t& socket, const std::string& server_key,
                      const std::string& certificate) {
  const std::string key = named("--curve-key", [&] { return load_server_key(server_key); });
  const Certificate own = named("--curve-cert", [&] {
    return certificate.empty() ? generate_certificate() : load_own_certificate(certificate);
  });
  socket.set(zmq::sockopt::curve_serverkey, key);
  socket.set(zmq::sockopt::curve_publickey, own.public_key);
  socket.set(zmq::sockopt::curve_secretkey, own.secret_key);
}

}  // namespace omzmq::tap
