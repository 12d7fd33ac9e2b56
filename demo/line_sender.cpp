// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "line_sender.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <system_error>

namespace omzmq::demo {
namespace {

int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(), "socket");
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close(fd);
    throw std::system_error(error, std::generic_category(),
                            fmt::format("cannot connect to 127.0.0.1:{}", port));
  }
  return fd;
}

}  // namespace

LineSender::LineSender(std::uint16_t port) : fd_(connect_to(port)) {}

LineSender::~LineSender() { close(fd_); }

std::uint64_t LineSender::send(std::string_view lines, int stop_fd,
                               std::chrono::milliseconds grace) {
  const std::uint64_t before = lines_sent_;
  while (!lines.empty() && wait_for_room(stop_fd, grace)) {
    const ssize_t sent = ::send(fd_, lines.data(), lines.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EINTR && errno != EAGAIN) {
      throw std::system_error(errno, std::generic_category(), "the connection broke");
    }
    if (sent > 0) {
      const std::string_view gone = lines.substr(0, static_cast<std::size_t>(sent));
      lines_sent_ += static_cast<std::uint64_t>(std::count(gone.begin(), gone.end(), '\n'));
      lines.remove_prefix(gone.size());
    }
  }
  return lines_sent_ - before;
}

/// False: a stop was asked for, and there was no room for the whole grace.
bool LineSender::wait_for_room(int stop_fd, std::chrono::milliseconds grace) const {
  std::array<pollfd, 2> watched{pollfd{fd_, POLLOUT, 0}, pollfd{stop_fd, POLLIN, 0}};
  while (poll(watched.data(), watched.size(), -1) < 0 || watched[0].revents == 0) {
    if (watched[1].revents != 0) {
      // The stop descriptor stays readable: from here on only the connection is watched.
      return poll(watched.data(), 1, static_cast<int>(grace.count())) > 0;
    }
  }
  return true;
}

}  // namespace omzmq::demo
