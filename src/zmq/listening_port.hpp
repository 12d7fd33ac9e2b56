// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "zmq/doorkeeper.hpp"

namespace omzmq {

/// A listening TCP socket, made here instead of by libzmq: for every address but "*", libzmq lists
/// the network interfaces first, and ends the process where a sandbox has no AF_NETLINK for it.
///
/// Means what libzmq means by an address: "*" is every interface; any other host is the name of an
/// interface, whose first address is taken, or else an address or a name to be looked up. Unlike
/// there, a link-local address of an interface is taken last.
///
/// Shut, it drops what comes in: who connects tries again until it is reopened.
///
/// Threads: one at a time.
class ListeningPort final : public Door {
 public:
  struct Options {
    bool ipv6 = false;   ///< else IPv4; "*" then takes both, where the kernel has both
    int backlog = 100;   ///< connections that wait to be accepted
    std::string device;  ///< empty: any; else SO_BINDTODEVICE
    std::optional<int> send_buffer, receive_buffer;  ///< bytes; inherited by connections
    int type_of_service = 0;
  };

  /// \param host_and_port  "host:port"; port "*": the kernel chooses
  /// \throws std::system_error, std::runtime_error where the host is nothing that is known
  ListeningPort(std::string_view host_and_port, const Options& options);
  ~ListeningPort() override;
  ListeningPort(const ListeningPort&) = delete;
  ListeningPort& operator=(const ListeningPort&) = delete;

  [[nodiscard]] std::string_view name() const noexcept override { return name_; }
  [[nodiscard]] int fd() const noexcept override { return fd_; }
  [[nodiscard]] std::size_t backlog() const noexcept override { return backlog_; }
  [[nodiscard]] std::error_code shut() noexcept override;
  [[nodiscard]] std::error_code reopen() noexcept override;

 private:
  const std::string name_;
  int fd_ = -1;
  const std::size_t backlog_;
  bool is_shut_ = false;
};

}  // namespace omzmq
