// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "connections.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace omzmq::test {
namespace {

int connecting(const void* address, socklen_t size, int family) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  static_cast<void>(::connect(fd, static_cast<const sockaddr*>(address), size));
  return fd;
}

}  // namespace

Connections::~Connections() {
  for (const int fd : fds_) ::close(fd);
}

void Connections::open(unsigned count, std::string_view first_words) {
  sockaddr_in port{};
  port.sin_family = AF_INET;
  port.sin_port = htons(static_cast<std::uint16_t>(port_));
  port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  std::memcpy(path.sun_path, path_.data(), std::min(path_.size(), sizeof path.sun_path - 1));
  for (unsigned n = 0; n < count; ++n) {
    fds_.push_back(path_.empty() ? connecting(&port, sizeof port, AF_INET)
                                 : connecting(&path, sizeof path, AF_UNIX));
    if (first_words.empty()) continue;
    static_cast<void>(
        ::send(fds_.back(), first_words.data(), first_words.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  }
}

unsigned Connections::heard() const {
  return static_cast<unsigned>(std::count_if(fds_.begin(), fds_.end(), [](int fd) {
    char byte = 0;
    return ::recv(fd, &byte, sizeof byte, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
           (errno != EAGAIN && errno != ENOTCONN);
  }));
}

}  // namespace omzmq::test
