// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/peer_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstring>

#include "common/format.hpp"

namespace omzmq {
namespace {

std::string process_behind(int fd) {
  ucred process{};
  socklen_t size = sizeof process;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &process, &size) != 0 || process.pid == 0)
    return {};
  return formatted("process {} of user {}", process.pid, process.uid);
}

}  // namespace

std::string peer_address(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return {};
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (storage.ss_family == AF_INET) {
    sockaddr_in address{};
    std::memcpy(&address, &storage, sizeof address);
    if (::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) == nullptr) return {};
    return formatted("{}:{}", text.data(), ntohs(address.sin_port));
  }
  if (storage.ss_family == AF_INET6) {
    sockaddr_in6 address{};
    std::memcpy(&address, &storage, sizeof address);
    // An IPv4 peer of a socket that is open to both.
    if (IN6_IS_ADDR_V4MAPPED(&address.sin6_addr)) {
      constexpr std::size_t kPrefixBytes = 12;
      const void* const inner = address.sin6_addr.s6_addr + kPrefixBytes;
      if (::inet_ntop(AF_INET, inner, text.data(), text.size()) == nullptr) return {};
      return formatted("{}:{}", text.data(), ntohs(address.sin6_port));
    }
    if (::inet_ntop(AF_INET6, &address.sin6_addr, text.data(), text.size()) == nullptr) return {};
    return formatted("[{}]:{}", text.data(), ntohs(address.sin6_port));
  }
  return storage.ss_family == AF_UNIX ? process_behind(fd) : std::string();
}

}  // namespace omzmq
