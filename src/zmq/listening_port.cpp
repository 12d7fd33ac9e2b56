// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/listening_port.hpp"

#include <linux/filter.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "common/descriptor.hpp"
#include "common/format.hpp"

namespace omzmq {
namespace {

/// Every IPv6 address of this machine, a line each: 32 hexadecimal digits, the number of the
/// interface, length of the prefix, scope, flags, name of the interface.
constexpr const char* kIpv6Addresses = "/proc/net/if_inet6";
constexpr unsigned kLinkScope = 0x20;

[[noreturn]] void fail(int error) { throw std::system_error(error, std::generic_category()); }

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* generic() const noexcept {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
  [[nodiscard]] int family() const noexcept { return storage.ss_family; }
  void set_port(std::uint16_t port) noexcept {
    // The port is at the same place in both.
    auto* const any = reinterpret_cast<sockaddr_in*>(&storage);
    any->sin_port = htons(port);
  }
};

Address address_of(const void* address, socklen_t size) {
  Address result;
  std::memcpy(&result.storage, address, size);
  result.size = size;
  return result;
}

Address any_address(int family) {
  if (family == AF_INET6) {
    sockaddr_in6 any{};
    any.sin6_family = AF_INET6;
    return address_of(&any, sizeof any);
  }
  sockaddr_in any{};
  any.sin_family = AF_INET;
  return address_of(&any, sizeof any);
}

Descriptor stream_socket(int family) {
  return Descriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP));
}

/// The first IPv4 address of an interface. Asked for without AF_NETLINK, which a sandbox may
/// refuse.
std::optional<Address> interface_ipv4(const std::string& name) {
  ifreq request{};
  if (name.size() >= sizeof request.ifr_name) return std::nullopt;
  std::memcpy(request.ifr_name, name.data(), name.size());
  const Descriptor asking = stream_socket(AF_INET);
  if (::ioctl(asking.get(), SIOCGIFADDR, &request) != 0) return std::nullopt;
  return address_of(&request.ifr_addr, sizeof(sockaddr_in));
}

std::optional<in6_addr> ipv6_from_digits(const std::string& digits) {
  in6_addr address{};
  if (digits.size() != 2 * sizeof address.s6_addr) return std::nullopt;
  for (std::size_t i = 0; i < sizeof address.s6_addr; ++i) {
    const char* const begin = digits.data() + 2 * i;
    if (std::from_chars(begin, begin + 2, address.s6_addr[i], 16).ptr != begin + 2) {
      return std::nullopt;
    }
  }
  return address;
}

std::optional<Address> interface_ipv6(const std::string& name) {
  std::optional<Address> link_local;
  std::ifstream lines(kIpv6Addresses);
  std::string digits, of;
  unsigned index = 0, prefix = 0, scope = 0, flags = 0;
  while (lines >> digits >> std::hex >> index >> prefix >> scope >> flags >> of) {
    const auto found = of == name ? ipv6_from_digits(digits) : std::nullopt;
    if (!found) continue;
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_addr = *found;
    if (scope != kLinkScope) return address_of(&address, sizeof address);
    address.sin6_scope_id = index;
    if (!link_local) link_local = address_of(&address, sizeof address);
  }
  return link_local;
}

Address looked_up(const std::string& host, int family) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | (family == AF_INET6 ? AI_V4MAPPED : 0);
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    const std::string why = error == EAI_SYSTEM ? std::generic_category().message(errno)
                                                : std::string(::gai_strerror(error));
    throw std::runtime_error(
        formatted("'{}' is no network interface with an {} address, and no host: {}", host,
                  family == AF_INET6 ? "IPv6" : "IPv4", why));
  }
  const Address address = address_of(found->ai_addr, found->ai_addrlen);
  ::freeaddrinfo(found);
  return address;
}

Address resolved(std::string_view host, int family) {
  if (host == "*") return any_address(family);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string name(host);
  const auto of_interface = family == AF_INET6 ? interface_ipv6(name) : interface_ipv4(name);
  return of_interface ? *of_interface : looked_up(name, family);
}

std::uint16_t port_number(std::string_view text) {
  std::uint16_t port = 0;
  if (text != "*") std::from_chars(text.data(), text.data() + text.size(), port);
  return port;
}

void set(int fd, int level, int option, const void* value, std::size_t size, const char* name) {
  if (::setsockopt(fd, level, option, value, static_cast<socklen_t>(size)) != 0) {
    throw std::system_error(errno, std::generic_category(), name);
  }
}

void set(int fd, int level, int option, int value, const char* name) {
  set(fd, level, option, &value, sizeof value, name);
}

void apply(int fd, int family, const ListeningPort::Options& options) {
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1, "SO_REUSEADDR");
  if (family == AF_INET6) set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0, "IPV6_V6ONLY");
  if (!options.device.empty()) {
    set(fd, SOL_SOCKET, SO_BINDTODEVICE, options.device.data(), options.device.size(),
        "socketOptions bindtodevice");
  }
  if (options.type_of_service != 0) {
    set(fd, IPPROTO_IP, IP_TOS, options.type_of_service, "socketOptions tos");
  }
  if (options.send_buffer) set(fd, SOL_SOCKET, SO_SNDBUF, *options.send_buffer, "sendBuffer");
  if (options.receive_buffer) {
    set(fd, SOL_SOCKET, SO_RCVBUF, *options.receive_buffer, "socketOptions rcvbuf");
  }
}

}  // namespace

ListeningPort::ListeningPort(std::string_view host_and_port, const Options& options)
    : name_(host_and_port), backlog_(static_cast<std::size_t>(options.backlog)) {
  const auto colon = host_and_port.rfind(':');
  const std::string_view host = host_and_port.substr(0, colon);
  // A kernel without IPv6, or a sandbox.
  const bool ipv6 = options.ipv6 && (stream_socket(AF_INET6).get() >= 0 || errno != EAFNOSUPPORT);
  Address address = resolved(host, ipv6 ? AF_INET6 : AF_INET);
  address.set_port(port_number(host_and_port.substr(colon + 1)));
  Descriptor listening = stream_socket(address.family());
  if (listening.get() < 0) fail(errno);
  apply(listening.get(), address.family(), options);
  if (::bind(listening.get(), address.generic(), address.size) != 0 ||
      ::listen(listening.get(), options.backlog) != 0) {
    fail(errno);
  }
  fd_ = listening.release();
}

ListeningPort::~ListeningPort() {
  if (fd_ >= 0) ::close(fd_);
}

// A filter on the listening socket sees the segments of those who are not connected yet.
std::error_code ListeningPort::shut() noexcept {
  if (is_shut_) return {};
  sock_filter drop_all{BPF_RET | BPF_K, 0, 0, 0};
  const sock_fprog program{1, &drop_all};
  if (::setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) != 0) {
    return {errno, std::generic_category()};
  }
  is_shut_ = true;
  return {};
}

std::error_code ListeningPort::reopen() noexcept {
  if (!is_shut_) return {};
  const int unused = 0;
  if (::setsockopt(fd_, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused) != 0) {
    return {errno, std::generic_category()};
  }
  is_shut_ = false;
  return {};
}

}  // namespace omzmq
