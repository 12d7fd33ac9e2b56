// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/peer_monitor.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "sink_fixture.hpp"

namespace omzmq {
namespace {

using test::Remote;

std::string greeting() {
  std::string text("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
  text.resize(64, '\0');
  return text;
}

// A connection that says something and closes.
void say(std::uint16_t port, std::string_view what) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("connect failed");
  static_cast<void>(::send(fd, what.data(), what.size(), MSG_NOSIGNAL));
  ::close(fd);
}

class PeerMonitorTest : public testing::Test {
 protected:
  PeerMonitorTest() : socket_(context_, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::backlog, 4096);
    monitor_.emplace(context_, socket_, "inproc://monitor");
    socket_.bind("tcp://127.0.0.1:*");
    endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
    port_ = static_cast<std::uint16_t>(std::stoi(endpoint_.substr(endpoint_.rfind(':') + 1)));
  }
  ~PeerMonitorTest() override { monitor_.reset(); }

  bool comes_to(std::uint64_t connects, std::uint64_t disconnects, std::uint64_t failures) {
    return test::eventually([&] {
      monitor_->read();
      const PeerMonitor::Counts& counts = monitor_->counts();
      return counts.connects == connects && counts.disconnects == disconnects &&
             counts.failures == failures;
    });
  }

  zmq::context_t context_;
  zmq::socket_t socket_;
  std::optional<PeerMonitor> monitor_;
  std::string endpoint_;
  std::uint16_t port_ = 0;
};

TEST_F(PeerMonitorTest, CountsPeersThatComeAndGo) {
  {
    Remote first(zmq::socket_type::router);
    first.socket.connect(endpoint_);
    EXPECT_TRUE(comes_to(1, 0, 0));
    Remote second(zmq::socket_type::router);
    second.socket.connect(endpoint_);
    EXPECT_TRUE(comes_to(2, 0, 0));
  }
  EXPECT_TRUE(comes_to(2, 2, 0));
}

TEST_F(PeerMonitorTest, TakesNobodyForAPeerWhoNeverFinishedTheHandshake) {
  const std::string ready("\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB", 27);
  std::uint64_t failures = 0;
  for (const std::string& words :
       {std::string(), std::string("GET / HTTP/1.0\r\n\r\n"), std::string(100, '\0'),
        std::string(100, '\xff'), greeting(), greeting() + "zzz", greeting() + ready}) {
    say(port_, words);
    EXPECT_TRUE(comes_to(0, 0, ++failures)) << words;
  }
}

TEST_F(PeerMonitorTest, TellsPeersThatGoFromTheRestWhileBothDo) {
  Remote peer(zmq::socket_type::router);
  peer.socket.connect(endpoint_);
  ASSERT_TRUE(comes_to(1, 0, 0));
  constexpr std::uint64_t kScans = 200;
  for (std::uint64_t n = 0; n < kScans; ++n) say(port_, greeting() + "zzz");
  EXPECT_TRUE(comes_to(1, 0, kScans));
  peer.socket.close();
  EXPECT_TRUE(comes_to(1, 1, kScans));
}

// libzmq's I/O thread would stop for good, and every socket of the context with it.
TEST_F(PeerMonitorTest, HoldsNobodyUpThoughItIsNotRead) {
  constexpr std::uint64_t kScans = 1500;  // more events than a queue with a limit takes
  for (std::uint64_t n = 0; n < kScans; ++n) say(port_, "");
  Remote peer(zmq::socket_type::router);
  peer.socket.connect(endpoint_);
  socket_.set(zmq::sockopt::sndtimeo, 30000);
  ASSERT_TRUE(socket_.send(zmq::str_buffer("hello"), zmq::send_flags::none));
  peer.next();  // the peer's name
  EXPECT_EQ(peer.next(), "hello");
  EXPECT_TRUE(comes_to(1, 0, kScans));
}

}  // namespace
}  // namespace omzmq
