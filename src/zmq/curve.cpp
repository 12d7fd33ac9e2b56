// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/curve.hpp"

#include <array>
#include <string_view>

#include "common/format.hpp"
#include "common/small_file.hpp"
#include "core/config_error.hpp"

namespace omzmq {
namespace {

/// ZMQ_ZAP_ENFORCE_DOMAIN, which zmq.h shows only to those who build libzmq with its drafts. Every
/// libzmq since 4.3.0 knows it.
constexpr int kZapEnforceDomain = 93;

using KeyText = std::array<char, kKeyCharacters + 1>;

/// What `read` returns; its CertificateError becomes one of the parameter.
template <typename Read>
auto named(const char* parameter, const Read& read) {
  try {
    return read();
  } catch (const CertificateError& error) {
    throw ConfigError(parameter, error.what());
  }
}

Certificate new_certificate() {
  KeyText public_key{};
  KeyText secret_key{};
  if (::zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    throw ConfigError("curve.mode", "no keys can be made: the libzmq of this machine refuses it");
  }
  Certificate made(public_key.data(), secret_key.data());
  wipe(secret_key.data(), secret_key.size());
  return made;
}

Certificate own_certificate(const Settings& settings) {
  if (::zmq_has("curve") == 0) {
    throw ConfigError("curve.mode", "the libzmq of this machine was built without CURVE");
  }
  if (settings.curve_cert_file.empty()) return new_certificate();
  Certificate own =
      named("curve.certFile", [&] { return load_own_certificate(settings.curve_cert_file); });
  KeyText public_key{};
  if (::zmq_curve_public(public_key.data(), own.secret_key.c_str()) != 0 ||
      own.public_key != public_key.data()) {
    throw ConfigError("curve.certFile",
                      formatted("certificate '{}': its two keys do not belong together; make a new "
                                "one with 'zmqtap keygen'",
                                settings.curve_cert_file));
  }
  return own;
}

std::string server_key(const Settings& settings) {
  if (settings.curve_mode != CurveMode::kClient) return {};
  return named("curve.serverKey", [&] { return load_server_key(settings.curve_server_key); });
}

std::shared_ptr<CurveClients> clients(const Settings& settings, const Log& log) {
  if (settings.curve_mode != CurveMode::kServer) return nullptr;
  return named("curve.clients",
               [&] { return std::make_shared<CurveClients>(settings.curve_clients, log); });
}

}  // namespace

std::shared_ptr<const Curve> Curve::load(const Settings& settings, const Log& log) {
  if (settings.curve_mode == CurveMode::kOff) return nullptr;
  return std::make_shared<const Curve>(settings, log);
}

Curve::Curve(const Settings& settings, const Log& log)
    : own_(own_certificate(settings)),
      server_key_(omzmq::server_key(settings)),
      clients_(omzmq::clients(settings, log)) {}

void Curve::apply(zmq::socket_t& socket, const std::string& zap_domain) const {
  if (clients_) {
    socket.set(zmq::sockopt::curve_server, true);
    socket.set(zmq::sockopt::zap_domain, zap_domain);
    // Refuses everybody, instead of nobody, should there ever be no ZapHandler.
    const int on = 1;
    if (::zmq_setsockopt(socket.handle(), kZapEnforceDomain, &on, sizeof on) != 0) {
      throw zmq::error_t();
    }
  } else {
    socket.set(zmq::sockopt::curve_serverkey, server_key_);
  }
  socket.set(zmq::sockopt::curve_publickey, own_.public_key);
  socket.set(zmq::sockopt::curve_secretkey, own_.secret_key);
}

}  // namespace omzmq
