// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <memory>
#include <string>
#include <zmq.hpp>

#include "common/certificate.hpp"
#include "core/curve_clients.hpp"
#include "core/log.hpp"
#include "core/settings.hpp"

namespace omzmq {

/// CURVE of one action: its keys and, for a server, who may connect.
///
/// The files are read when it is made, which is when the configuration is read: later the daemon
/// may have dropped the privileges that it takes. Its own secret key is overwritten when it goes;
/// the copies that libzmq has are libzmq's.
///
/// Threads: any.
class Curve {
 public:
  /// \return null when curve.mode is off
  /// \throws ConfigError when a file is not as it has to be
  [[nodiscard]] static std::shared_ptr<const Curve> load(const Settings& settings, const Log& log);

  /// \throws ConfigError
  Curve(const Settings& settings, const Log& log);

  /// Of a server; null for a client.
  [[nodiscard]] const std::shared_ptr<CurveClients>& clients() const noexcept { return clients_; }

  /// Sets up a socket that is neither bound nor connected yet.
  /// \param zap_domain  of a server: where its clients are asked for
  /// \throws zmq::error_t
  void apply(zmq::socket_t& socket, const std::string& zap_domain) const;

 private:
  const Certificate own_;
  const std::string server_key_;  ///< of a client
  const std::shared_ptr<CurveClients> clients_;
};

}  // namespace omzmq
