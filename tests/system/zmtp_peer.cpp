// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmtp_peer.hpp"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace omzmq::test {
namespace {

constexpr std::size_t kGreetingSize = 64;
constexpr unsigned kMore = 1;
constexpr unsigned kLong = 2;
constexpr unsigned kCommand = 4;

std::string greeting() {
  std::string text(kGreetingSize, '\0');
  text[0] = '\xff';
  text[9] = '\x7f';
  text[10] = '\x03';  // version 3.0
  text.replace(12, 4, "NULL");
  return text;
}

// Waits for bytes; false at the deadline.
bool readable(int fd, std::chrono::steady_clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd item{fd, POLLIN, 0};
    const int ready = ::poll(&item, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

// A connection to 127.0.0.1, or -1.
int connected(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) return fd;
  ::close(fd);
  return -1;
}

}  // namespace

ZmtpPeer::ZmtpPeer(int port) : fd_(-1) {
  if (!wait_until([&] { return (fd_ = connected(port)) >= 0; })) {
    throw std::runtime_error("nobody listens on port " + std::to_string(port));
  }
}

ZmtpPeer::ZmtpPeer(int port, const std::string& socket_type) : ZmtpPeer(port) {
  write(greeting());
  const auto deadline = std::chrono::steady_clock::now() + default_bound();
  std::string theirs;
  if (!read_exactly(theirs, kGreetingSize, deadline)) throw std::runtime_error("no greeting");
  std::string ready = std::string("\x05READY") + "\x0bSocket-Type";
  ready += std::string("\0\0\0", 3) + static_cast<char>(socket_type.size()) + socket_type;
  write_command(ready);
  if (!wait_for_command("READY")) throw std::runtime_error("no READY");
}

ZmtpPeer::~ZmtpPeer() { ::close(fd_); }

void ZmtpPeer::write(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t taken = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (taken < 0) throw std::system_error(errno, std::generic_category(), "send to the daemon");
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
}

void ZmtpPeer::write_command(std::string_view body) const {
  std::string frame = {static_cast<char>(kCommand), static_cast<char>(body.size())};
  write(frame.append(body));
}

void ZmtpPeer::subscribe(const std::string& prefix) {
  const std::string frame = {'\0', static_cast<char>(prefix.size() + 1), '\x01'};
  write(frame + prefix);
}

void ZmtpPeer::ping() { write_command(std::string("\x04PING\0\0here", 11)); }

bool ZmtpPeer::read_exactly(std::string& into, std::size_t size,
                            std::chrono::steady_clock::time_point deadline) const {
  into.clear();
  std::array<char, 65536> buffer{};
  while (into.size() < size) {
    if (!readable(fd_, deadline)) return false;
    const ssize_t got = ::recv(fd_, buffer.data(), std::min(buffer.size(), size - into.size()), 0);
    if (got <= 0) return false;
    into.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return true;
}

std::optional<ZmtpPeer::Frame> ZmtpPeer::read(std::chrono::milliseconds bound) {
  const auto deadline = std::chrono::steady_clock::now() + bound;
  std::string head;
  if (!read_exactly(head, 1, deadline)) return std::nullopt;
  const auto flags = static_cast<unsigned char>(head[0]);
  std::string digits;
  if (!read_exactly(digits, (flags & kLong) != 0 ? 8 : 1, deadline)) return std::nullopt;
  std::size_t size = 0;
  for (const char digit : digits) size = (size << 8U) | static_cast<unsigned char>(digit);
  Frame frame{(flags & kCommand) != 0, (flags & kMore) != 0, {}};
  if (!read_exactly(frame.body, size, deadline)) return std::nullopt;
  return frame;
}

std::optional<std::string> ZmtpPeer::wait_for_command(std::string_view name) {
  while (auto frame = read()) {
    if (frame->command && std::string_view(frame->body).substr(1).starts_with(name)) {
      return frame->body.substr(1 + name.size());
    }
  }
  return std::nullopt;
}

bool ZmtpPeer::wait_closed(std::chrono::milliseconds bound) {
  const auto deadline = std::chrono::steady_clock::now() + bound;
  std::array<char, 4096> buffer{};
  while (readable(fd_, deadline)) {
    if (::recv(fd_, buffer.data(), buffer.size(), 0) <= 0) return true;
  }
  return false;
}

}  // namespace omzmq::test
