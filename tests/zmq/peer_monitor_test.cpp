// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/peer_monitor.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "sink_fixture.hpp"

namespace omzmq {
namespace {

using test::Remote;

std::string greeting() {
  std::string text("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
  text.resize(64, '\0');
  return text;
}

// The test's end of one.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection& operator=(Connection&&) = delete;
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }
  std::string address() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  }

 private:
  int fd_;
};

// Connects and says something. Closes when what it returns goes.
Connection say(std::uint16_t port, std::string_view what) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error("connect failed");
  static_cast<void>(::send(fd, what.data(), what.size(), MSG_NOSIGNAL));
  return Connection(fd);
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
      monitor_->read(peers_, Clock::now());
      return peers_.came == connects && peers_.went == disconnects && peers_.failed == failures;
    });
  }

  zmq::context_t context_;
  zmq::socket_t socket_;
  test::PeerCounts peers_;
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
    static_cast<void>(say(port_, words));
    EXPECT_TRUE(comes_to(0, 0, ++failures)) << words;
  }
}

TEST_F(PeerMonitorTest, TellsPeersThatGoFromTheRestWhileBothDo) {
  Remote peer(zmq::socket_type::router);
  peer.socket.connect(endpoint_);
  ASSERT_TRUE(comes_to(1, 0, 0));
  constexpr std::uint64_t kScans = 200;
  for (std::uint64_t n = 0; n < kScans; ++n) static_cast<void>(say(port_, greeting() + "zzz"));
  EXPECT_TRUE(comes_to(1, 0, kScans));
  peer.socket.close();
  EXPECT_TRUE(comes_to(1, 1, kScans));
}

// libzmq's I/O thread would stop for good, and every socket of the context with it.
TEST_F(PeerMonitorTest, HoldsNobodyUpThoughItIsNotRead) {
  constexpr std::uint64_t kScans = 1500;  // more events than a queue with a limit takes
  for (std::uint64_t n = 0; n < kScans; ++n) static_cast<void>(say(port_, ""));
  Remote peer(zmq::socket_type::router);
  peer.socket.connect(endpoint_);
  socket_.set(zmq::sockopt::sndtimeo, 30000);
  ASSERT_TRUE(socket_.send(zmq::str_buffer("hello"), zmq::send_flags::none));
  peer.next();  // the peer's name
  EXPECT_EQ(peer.next(), "hello");
  EXPECT_TRUE(comes_to(1, 0, kScans));
}

TEST_F(PeerMonitorTest, KnowsTheAddressOfOneThatStays) {
  std::optional<Connection> connection(say(port_, greeting()));
  const std::string address = connection->address();
  // The monitor hears of it while it is open.
  ASSERT_TRUE(test::wakes(monitor_->fd()));
  monitor_->read(peers_, Clock::now());
  connection.reset();
  ASSERT_TRUE(comes_to(0, 0, 1));
  EXPECT_EQ(peers_.address, address);
}

TEST_F(PeerMonitorTest, DoesNotGuessTheAddressOfOneThatIsGone) {
  static_cast<void>(say(port_, ""));
  ASSERT_TRUE(test::wakes(monitor_->fd()));
  // It is over when the monitor looks, most likely; what it says is right in any case.
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  ASSERT_TRUE(comes_to(0, 0, 1));
  EXPECT_EQ(peers_.address, "an unknown address");
}

TEST_F(PeerMonitorTest, KnowsTheProcessBehindAUnixSocket) {
  std::string directory = "/tmp/omzmq-XXXXXX";
  ASSERT_NE(::mkdtemp(directory.data()), nullptr);
  socket_.bind("ipc://" + directory + "/socket");
  {
    Remote peer(zmq::socket_type::router);
    peer.socket.connect("ipc://" + directory + "/socket");
    ASSERT_TRUE(comes_to(1, 0, 0));
    EXPECT_EQ(peers_.address,
              "process " + std::to_string(::getpid()) + " of user " + std::to_string(::getuid()));
  }
  EXPECT_TRUE(comes_to(1, 1, 0));
  std::filesystem::remove_all(directory);
}

TEST_F(PeerMonitorTest, NamesTheEndpointThatItConnectsTo) {
  Remote peer(zmq::socket_type::router);
  const std::string address = peer.bind_somewhere();
  socket_.connect(address);
  ASSERT_TRUE(comes_to(1, 0, 0));
  EXPECT_EQ(peers_.address, address);
}

TEST_F(PeerMonitorTest, TellsASocketTypeThatDoesNotFit) {
  Remote peer(zmq::socket_type::sub);
  peer.socket.set(zmq::sockopt::reconnect_ivl, -1);
  peer.socket.connect(endpoint_);
  ASSERT_TRUE(comes_to(0, 0, 1));
  EXPECT_NE(peers_.why.find("type"), std::string::npos) << peers_.why;
}

TEST_F(PeerMonitorTest, TellsWhoIsTooSlow) {
  socket_.set(zmq::sockopt::handshake_ivl, 50);
  monitor_.emplace(context_, socket_, "inproc://another");
  socket_.bind("tcp://127.0.0.1:*");  // with that option
  const std::string endpoint = socket_.get(zmq::sockopt::last_endpoint);
  const auto slow =
      say(static_cast<std::uint16_t>(std::stoi(endpoint.substr(endpoint.rfind(':') + 1))),
          greeting().substr(0, 20));
  ASSERT_TRUE(comes_to(0, 0, 1));
  EXPECT_NE(peers_.why.find("handshakeTimeout"), std::string::npos) << peers_.why;
}

// ---- With CURVE

class CurveMonitorTest : public PeerMonitorTest {
 protected:
  struct Keys {
    Keys() { ::zmq_curve_keypair(public_key, secret_key); }
    char public_key[41] = {};
    char secret_key[41] = {};
  };

  CurveMonitorTest() {
    socket_.set(zmq::sockopt::curve_server, true);
    socket_.set(zmq::sockopt::curve_publickey, server_.public_key);
    socket_.set(zmq::sockopt::curve_secretkey, server_.secret_key);
    socket_.bind("tcp://127.0.0.1:*");
    endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
  }
  // A peer that tries once.
  void connect(Remote& peer, const char* server_key) {
    peer.socket.set(zmq::sockopt::reconnect_ivl, -1);
    if (server_key != nullptr) {
      peer.socket.set(zmq::sockopt::curve_serverkey, server_key);
      peer.socket.set(zmq::sockopt::curve_publickey, client_.public_key);
      peer.socket.set(zmq::sockopt::curve_secretkey, client_.secret_key);
    }
    peer.socket.connect(endpoint_);
  }

  Keys server_;
  Keys client_;
};

TEST_F(CurveMonitorTest, CountsAPeerWithTheRightKey) {
  Remote peer(zmq::socket_type::router);
  connect(peer, server_.public_key);
  EXPECT_TRUE(comes_to(1, 0, 0));
}

TEST_F(CurveMonitorTest, TellsAPlaintextClient) {
  Remote peer(zmq::socket_type::router);
  connect(peer, nullptr);
  ASSERT_TRUE(comes_to(0, 0, 1));
  // Both ends see it, and either may be the first to close.
  EXPECT_TRUE(peers_.why.find("uses CURVE") != std::string::npos ||
              peers_.why.find("key that does not fit") != std::string::npos)
      << peers_.why;
}

TEST_F(CurveMonitorTest, TellsAClientWithAnotherServersKey) {
  Remote peer(zmq::socket_type::router);
  connect(peer, Keys().public_key);
  ASSERT_TRUE(comes_to(0, 0, 1));
  EXPECT_NE(peers_.why.find("keys do not fit"), std::string::npos) << peers_.why;
}

TEST_F(CurveMonitorTest, RefusesWhatIsNotZmtp3) {
  const auto port =
      static_cast<std::uint16_t>(std::stoi(endpoint_.substr(endpoint_.rfind(':') + 1)));
  static_cast<void>(say(port, "GET / HTTP/1.0\r\n\r\n"));
  ASSERT_TRUE(comes_to(0, 0, 1));
}

}  // namespace
}  // namespace omzmq
