// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Peers of the sink, whatever its socket type: who is one, and who hears of it.
#include <poll.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "sink_fixture.hpp"
#include "support/wait.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::Remote;

class PeersTest : public test::SinkTest {
 protected:
  // Binds a port that is free.
  void listen() {
    zmq::context_t context;
    zmq::socket_t finder(context, zmq::socket_type::pull);
    finder.bind("tcp://127.0.0.1:*");
    endpoint_ = finder.get(zmq::sockopt::last_endpoint);
    finder.close();
    context.close();
    open("@" + endpoint_);
  }
  // Sleeps as the sender does, until somebody has something to tell.
  bool sleep() {
    static_cast<void>(sink_.writable());
    const bool woke = test::wakes(sink_.fd());
    watch();
    return woke;
  }

  std::string endpoint_;
};

TEST_F(PeersTest, OfEverySocketTypeAreCounted) {
  const std::vector<std::pair<SocketType, zmq::socket_type>> kinds{
      {SocketType::kPub, zmq::socket_type::sub},
      {SocketType::kPush, zmq::socket_type::pull},
      {SocketType::kDealer, zmq::socket_type::router}};
  std::uint64_t n = 0;
  for (const auto& [ours, theirs] : kinds) {
    settings_.sock_type = ours;
    listen();
    {
      Remote peer(theirs);
      peer.socket.connect(endpoint_);
      ++n;
      EXPECT_TRUE(comes_to(n, n - 1, 0));
    }
    EXPECT_TRUE(comes_to(n, n, 0));
    sink_.close(0ms);
  }
}

TEST_F(PeersTest, WakeWhoSleepsWhenTheyComeAndGo) {
  listen();
  {
    Remote peer(zmq::socket_type::pull);
    peer.socket.connect(endpoint_);
    while (peers_.came == 0) ASSERT_TRUE(sleep());
  }
  while (peers_.went == 0) ASSERT_TRUE(sleep());
}

// A handshake that fails concerns the monitor alone: the socket itself never hears of it.
TEST_F(PeersTest, WakeWhoSleepsWhenAHandshakeFails) {
  listen();
  Remote peer(zmq::socket_type::sub);
  peer.socket.set(zmq::sockopt::reconnect_ivl, -1);
  peer.socket.connect(endpoint_);
  while (peers_.failed == 0) ASSERT_TRUE(sleep());
}

TEST_F(PeersTest, AreTheOnlyOnesThatGetMessages) {
  settings_.send_hwm = 4;
  listen();
  // libzmq would take this for a peer that speaks ZMTP 1.
  zmq::context_t context;
  zmq::socket_t stranger(context, zmq::socket_type::stream);
  stranger.set(zmq::sockopt::linger, 0);
  stranger.connect(endpoint_);
  zmq::message_t id;
  zmq::message_t empty;
  ASSERT_TRUE(stranger.recv(id));
  ASSERT_TRUE(stranger.recv(empty));
  stranger.send(id, zmq::send_flags::sndmore);
  stranger.send(zmq::str_buffer("GET / HTTP/1.0\r\n\r\n"));
  ASSERT_TRUE(comes_to(0, 0, 1));
  Frame frame = test::frame_of("hello");
  EXPECT_EQ(sink_.send(frame), SendResult::kWouldBlock) << "a stranger has it";
  Remote peer(zmq::socket_type::pull);
  peer.socket.connect(endpoint_);
  EXPECT_TRUE(send(frame));
  EXPECT_EQ(peer.next(), "hello");
}

TEST_F(PeersTest, OfAnUnservedPortAreNone) {
  open("tcp://127.0.0.1:1");
  std::this_thread::sleep_for(100ms);
  watch();
  EXPECT_EQ(peers_.came + peers_.went + peers_.failed, 0U);
}

// Whoever sleeps on the descriptor of a socket whose peers come and go burns no processor for it.
TEST_F(PeersTest, DoNotKeepAnIdleSenderBusy) {
  constexpr std::uint64_t kPeers = 10;
  listen();
  std::atomic<std::uint64_t> came = 0;
  std::atomic<bool> have_gone = false;
  std::jthread others([&] {
    for (std::uint64_t n = 1; n <= kPeers; ++n) {
      Remote peer(zmq::socket_type::pull);
      peer.socket.connect(endpoint_);
      static_cast<void>(test::eventually([&] { return came >= n; }));
    }
    have_gone = true;
  });
  int wakes = 0;
  while (!have_gone) {
    static_cast<void>(sink_.writable());
    pollfd item{sink_.fd(), POLLIN, 0};
    wakes += ::poll(&item, 1, 50);
    watch();
    came = peers_.came;
  }
  EXPECT_EQ(peers_.came, kPeers);
  EXPECT_LT(wakes, 1000) << "some for each peer";
}

TEST_F(PeersTest, AreForgottenWithTheSocket) {
  listen();
  Remote peer(zmq::socket_type::pull);
  peer.socket.connect(endpoint_);
  ASSERT_TRUE(comes_to(1, 0, 0));
  sink_.close(0ms);
  EXPECT_EQ(sink_.fd(), -1);
  watch();
  EXPECT_EQ(peers_.went, 0U);
}

}  // namespace
}  // namespace omzmq
