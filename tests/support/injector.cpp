// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "injector.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace omzmq::test {

std::string numbered_line(unsigned number, std::size_t size) {
  std::string line = fmt::format("msgnum:{:08}:", number);
  if (line.size() < size) line.append(size - line.size(), 'x');
  return line;
}

Injector::Injector(const std::string& socket_path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket_path.data(),
              std::min(socket_path.size(), sizeof address.sun_path - 1));
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const int reason = errno;
    ::close(fd_);
    throw std::system_error(reason, std::generic_category(), "connect " + socket_path);
  }
}

Injector::~Injector() { ::close(fd_); }

void Injector::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t taken = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) throw std::system_error(errno, std::generic_category(), "send to imptcp");
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
}

void Injector::numbered(unsigned first, unsigned count, std::size_t size) {
  constexpr std::size_t kChunk = 1U << 18U;
  std::string buffer;
  for (unsigned number = first; number < first + count; ++number) {
    buffer += numbered_line(number, size);
    buffer += '\n';
    if (buffer.size() >= kChunk) {
      write(buffer);
      buffer.clear();
    }
  }
  write(buffer);
}

void Injector::message(std::string_view bytes) {
  write(fmt::format("{} ", bytes.size()));
  write(bytes);
}

}  // namespace omzmq::test
