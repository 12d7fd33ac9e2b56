// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "listener.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace omzmq::test {

Listener::Listener(int backlog) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (::bind(fd_, generic, size) != 0 || ::listen(fd_, backlog) != 0 ||
      ::getsockname(fd_, generic, &size) != 0) {
    const int reason = errno;
    ::close(fd_);
    throw std::system_error(reason, std::generic_category(), "listen");
  }
  port_ = ntohs(address.sin_port);
}

Listener::~Listener() { ::close(fd_); }

bool Listener::accept_and_close(std::chrono::milliseconds bound) const {
  pollfd item{fd_, POLLIN, 0};
  if (::poll(&item, 1, static_cast<int>(bound.count())) <= 0) return false;
  const int connection = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
  if (connection < 0) return false;
  ::close(connection);
  return true;
}

}  // namespace omzmq::test
