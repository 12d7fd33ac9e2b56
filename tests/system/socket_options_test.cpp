// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Options that no table of the kernel shows: they are read from the daemon's own sockets, by
// descriptors that are borrowed from it.
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "listener.hpp"
#include "system_test.hpp"

namespace omzmq::test {
namespace {

// Closes it at the end of its scope.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

bool is_connected_to(int fd, int port) {
  sockaddr_in peer{};
  socklen_t size = sizeof peer;
  return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 &&
         peer.sin_family == AF_INET && ntohs(peer.sin_port) == port;
}

class SocketOptions : public SystemTest {
 protected:
  void SetUp() override {
    const Descriptor self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
    const Descriptor borrowed(
        static_cast<int>(::syscall(SYS_pidfd_getfd, self.get(), STDERR_FILENO, 0)));
    if (borrowed.get() < 0) GTEST_SKIP() << "no descriptor can be borrowed from a process here";
  }
  // A daemon with one action whose connection stands.
  void start(const std::string& parameters) {
    receiver_.start();
    daemon_.emplace(directory_,
                    configuration().omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" {})",
                                                      endpoint_, parameters)));
    daemon_->start();
    ASSERT_TRUE(receiver_.wait_connected());
  }
  // Of the daemon's connection; nothing when it has none, or its descriptors cannot be borrowed.
  std::optional<int> option(int level, int name) {
    const Descriptor process(
        static_cast<int>(::syscall(SYS_pidfd_open, daemon_->process().pid(), 0)));
    const auto folder = fmt::format("/proc/{}/fd", daemon_->process().pid());
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      const int theirs = std::stoi(entry.path().filename());
      const Descriptor ours(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), theirs, 0)));
      if (!is_connected_to(ours.get(), port_of(endpoint_))) continue;
      int value = 0;
      socklen_t size = sizeof value;
      if (::getsockopt(ours.get(), level, name, &value, &size) == 0) return value;
    }
    return std::nullopt;
  }

  const std::string endpoint_ = free_tcp_endpoint();
  Receiver receiver_{directory_, "receiver", {.endpoint = endpoint_}};
  std::optional<Rsyslogd> daemon_;
};

TEST_F(SocketOptions, KeepAliveIsOnByDefaultWithTheTimesOfTheManual) {
  start("");
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 60);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 10);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), 3);
  EXPECT_EQ(option(IPPROTO_IP, IP_TOS), 0);
}

TEST_F(SocketOptions, KeepAliveHasTheTimesThatAreWritten) {
  start(R"(keepAlive.time="61" keepAlive.interval="7" keepAlive.probes="5")");
  EXPECT_EQ(option(SOL_SOCKET, SO_KEEPALIVE), 1);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPIDLE), 61);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPINTVL), 7);
  EXPECT_EQ(option(IPPROTO_TCP, TCP_KEEPCNT), 5);
}

TEST_F(SocketOptions, TosIsInThePackets) {
  start(R"(socketOptions="tos=16")");
  EXPECT_EQ(option(IPPROTO_IP, IP_TOS), IPTOS_LOWDELAY);
}

// The one doubles its wait with each try, the other keeps it: when that one has tried a hundred
// times, the first would need minutes to have tried fifteen times.
TEST_F(SocketOptions, ReconnectMaxIntervalEndsTheDoubling) {
  const Listener bounded;
  const Listener doubling;
  const auto push_to = [](const Listener& listener, int most_ms) {
    return fmt::format(R"(endpoints="tcp://127.0.0.1:{}" sockType="PUSH" reconnect.interval="10" )"
                       R"(reconnect.maxInterval="{}")",
                       listener.port(), most_ms);
  };
  daemon_.emplace(directory_,
                  configuration().omzmq(push_to(bounded, 20)).omzmq(push_to(doubling, 3600000)));
  daemon_->start();
  for (int n = 0; n < 100; ++n) ASSERT_TRUE(bounded.accept_and_close(default_bound())) << n;
  int tries = 0;
  while (doubling.accept_and_close(std::chrono::milliseconds(0))) ++tries;
  EXPECT_GE(tries, 1);
  EXPECT_LT(tries, 15);
}

}  // namespace
}  // namespace omzmq::test
