// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "tap/connections.hpp"
#include "tap/exit_code.hpp"
#include "tap/options.hpp"
#include "tap/report.hpp"
#include "tap/screen/signal_fd.hpp"
#include "tap/sockets/curve_clients.hpp"
#include "tap/sockets/peers.hpp"

namespace omzmq::tap {

/// Passes what publishers send on to subscribers, as it is, and their subscriptions the other way:
/// a stage of a tree that is too wide for one publisher.
///
/// zmq_proxy() would do the same, but keeps both sockets to itself: nobody could connect anew to a
/// publisher that libzmq has given up, nor tell CURVE clients apart, nor end it but by shutting
/// down the context.
///
/// Threads: one.
/// Ownership: everything it is given stays the caller's and must outlive it.
class Proxy {
 public:
  using Clock = std::chrono::steady_clock;

  /// Binds or connects both sides. Throws SourceError, CertificateError, SocketOptionError.
  Proxy(const Options& options, SignalFd& stop, SignalFd& requests, Report& report);

  /// The endpoints that are bound, those of the publishers first, each with the port or path that
  /// it really has.
  [[nodiscard]] const std::vector<std::string>& bound() const noexcept { return bound_; }

  /// Passes on until the stop signal. Throws SourceError.
  [[nodiscard]] ExitCode run();

 private:
  /// A socket, what watches it, and what its events mean.
  struct Side {
    Side(zmq::context_t& context, zmq::socket_type type, const SourceOptions& options,
         const std::string& monitor, Report& report)
        : socket(context, type),
          peers(context, socket, monitor),
          connections(options, peers, report) {}
    zmq::socket_t socket;
    Peers peers;
    Connections connections;
    bool keeps_ipv6 = false;  // -X ipv6 has decided
  };

  void set_up(Side& side, const std::vector<SocketOption>& options);
  void attach(Side& side, const std::vector<Endpoint>& endpoints);
  bool pass_on_messages();
  bool pass_on_subscriptions();
  void wait();
  void handle_events(Side& side);
  void handle_requests();
  [[nodiscard]] std::chrono::milliseconds time_to_wait() const;
  void say_how_it_stands();

  SignalFd& stop_;
  SignalFd& requests_;
  Report& report_;
  zmq::context_t context_;
  std::optional<CurveClients> clients_;
  Side publishers_;
  Side subscribers_;
  std::vector<std::string> bound_;
  std::uint64_t messages_ = 0;  // passed on
  std::uint64_t bytes_ = 0;
  bool ends_ = false;
};

}  // namespace omzmq::tap
