// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/listening_port.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <string>
#include <system_error>

#include "common/format.hpp"

namespace omzmq {
namespace {

int port_of(int fd) {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin6_port);  // at the same place for IPv4
}

/// A connection attempt to 127.0.0.1.
class Attempt {
 public:
  explicit Attempt(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    static_cast<void>(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address));
  }
  ~Attempt() { ::close(fd_); }
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;
  bool succeeds_within(int patience_ms) const {
    pollfd item{fd_, POLLOUT, 0};
    int error = 0;
    socklen_t size = sizeof error;
    return ::poll(&item, 1, patience_ms) == 1 &&
           ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
  }

 private:
  int fd_;
};

constexpr int kPatience_ms = 30000;
constexpr int kMoment_ms = 200;

int error_of(const std::string& place, const ListeningPort::Options& options = {}) {
  try {
    const ListeningPort port(place, options);
  } catch (const std::system_error& error) {
    return error.code().value();
  }
  return 0;
}

TEST(ListeningPort, TakesAFreePortForAStar) {
  const ListeningPort port("127.0.0.1:*", {});
  EXPECT_TRUE(Attempt(port_of(port.fd())).succeeds_within(kPatience_ms));
}

TEST(ListeningPort, TakesTheNameOfAnInterface) {
  const ListeningPort port("lo:*", {});
  EXPECT_TRUE(Attempt(port_of(port.fd())).succeeds_within(kPatience_ms));
}

TEST(ListeningPort, WithIpv6AStarTakesIpv4Too) {
  ListeningPort::Options options;
  options.ipv6 = true;
  const ListeningPort port("*:*", options);
  EXPECT_TRUE(Attempt(port_of(port.fd())).succeeds_within(kPatience_ms));
}

TEST(ListeningPort, IsNotSharedWithAnother) {
  const ListeningPort port("127.0.0.1:*", {});
  EXPECT_EQ(error_of(formatted("127.0.0.1:{}", port_of(port.fd()))), EADDRINUSE);
}

TEST(ListeningPort, HasToBeOfThisHost) { EXPECT_EQ(error_of("192.0.2.1:5555"), EADDRNOTAVAIL); }

TEST(ListeningPort, SaysWhatTheHostIsNot) {
  try {
    const ListeningPort port("nosuchinterface0:5555", {});
    ADD_FAILURE() << "it was bound";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("'nosuchinterface0' is no network interface"),
              std::string::npos)
        << error.what();
  }
}

TEST(ListeningPort, IsBoundToADeviceThatExists) {
  ListeningPort::Options options;
  options.device = "nosuchdevice";
  const int error = error_of("127.0.0.1:*", options);
  EXPECT_TRUE(error == ENODEV || error == EPERM) << error;  // by the rights of who runs this
}

TEST(ListeningPort, TakesNobodyWhileItIsShut) {
  ListeningPort port("127.0.0.1:*", {});
  const int number = port_of(port.fd());
  const Attempt before(number);
  EXPECT_TRUE(before.succeeds_within(kPatience_ms));
  EXPECT_FALSE(port.shut());
  EXPECT_FALSE(port.shut());
  const Attempt waiting(number);
  EXPECT_FALSE(waiting.succeeds_within(kMoment_ms));
  EXPECT_FALSE(port.reopen());
  EXPECT_TRUE(waiting.succeeds_within(kPatience_ms));  // it tried again by itself
  EXPECT_TRUE(Attempt(number).succeeds_within(kPatience_ms));
}

}  // namespace
}  // namespace omzmq
