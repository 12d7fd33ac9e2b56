// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "sockets.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "common/descriptor.hpp"

namespace omzmq::bench {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void connect_descriptor(int fd, const sockaddr* address, socklen_t size, const std::string& name) {
  if (::connect(fd, address, size) != 0) fail("cannot connect to " + name);
}

}  // namespace

int connect_to(const Input& input) {
  const bool is_unix = !input.path.empty();
  Descriptor fd(::socket(is_unix ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) fail("cannot make a socket");
  if (is_unix) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (input.path.size() >= sizeof address.sun_path) {
      errno = ENAMETOOLONG;
      fail("cannot connect to " + input.path);
    }
    input.path.copy(address.sun_path, sizeof address.sun_path - 1);
    connect_descriptor(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address, input.path);
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(input.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect_descriptor(fd.get(), reinterpret_cast<sockaddr*>(&address), sizeof address,
                       "port " + std::to_string(input.port));
  }
  return fd.release();
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail("cannot write to rsyslogd");
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

zmq::socket_t open_receiver(zmq::context_t& context, const ReceiverSocket& settings) {
  zmq::socket_t socket(context, settings.is_sub ? zmq::socket_type::sub : zmq::socket_type::pull);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::rcvhwm, 0);
  socket.set(zmq::sockopt::rcvtimeo, settings.receive_timeout_ms);
  socket.set(zmq::sockopt::reconnect_ivl, 10);
  if (settings.is_sub) socket.set(zmq::sockopt::subscribe, "");
  if (!settings.curve_secret_key.empty()) {
    socket.set(zmq::sockopt::curve_server, true);
    socket.set(zmq::sockopt::curve_secretkey, settings.curve_secret_key);
  }
  if (settings.endpoint.empty()) {
    socket.bind("tcp://127.0.0.1:*");
  } else {
    socket.connect(settings.endpoint);
  }
  return socket;
}

}  // namespace omzmq::bench
