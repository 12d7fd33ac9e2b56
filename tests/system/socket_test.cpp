// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// The parameters of the socket that a peer can see: each test looks at the wire, not at the action.

#include <memory>

#include "listener.hpp"
#include "system_test.hpp"
#include "zmtp_peer.hpp"

namespace omzmq::test {
namespace {

using std::chrono::seconds;

class Socket : public SystemTest {
 protected:
  Socket() : endpoint_(free_tcp_endpoint()) {}

  // Starts a daemon with one action; endpoint: with its prefix.
  void start(const std::string& type, const std::string& endpoint, const std::string& parameters) {
    daemon_ = std::make_unique<Rsyslogd>(
        directory_,
        configuration().omzmq(fmt::format(R"(endpoints="{}" sockType="{}" statsName="action" {})",
                                          endpoint, type, parameters)));
    daemon_->start();
  }
  std::int64_t counter(const std::string& name) const {
    return statistics("action").value(name).value_or(-1);
  }

  std::string endpoint_;
  std::unique_ptr<Rsyslogd> daemon_;
};

TEST_F(Socket, SendHwmBoundsTheFramesForAReceiverThatStandsStill) {
  constexpr unsigned kSize = 400000;  // much more than the kernel's buffers of the connection take
  std::vector<std::int64_t> taken;
  for (const int hwm : {10, 40}) {
    Receiver receiver(directory_, fmt::format("receiver{}", hwm),
                      {.endpoint = endpoint_, .receive_hwm = 1, .receive_buffer = 4096});
    receiver.start();
    daemon_ = std::make_unique<Rsyslogd>(
        directory_,
        configuration()
            .global(R"(maxMessageSize="1m")")
            .omzmq(fmt::format(
                R"(endpoints="{}" sockType="PUSH" statsName="action" sendHWM="{}" sendBuffer="8k" )"
                R"(handoff.size="256m")",
                endpoint_, hwm)));
    daemon_->start();
    ASSERT_TRUE(receiver.wait_connected());
    receiver.pause();
    std::filesystem::remove(configuration().statistics());
    Injector(daemon_->input()).numbered(0, 100, kSize);
    EXPECT_TRUE(statistics("action").wait_for("submitted", 100));
    EXPECT_TRUE(statistics("action").wait_for_report());
    taken.push_back(counter("sent.frames"));
    // libzmq's own buffers and those of the kernel hold a few more.
    EXPECT_GE(taken.back(), hwm);
    EXPECT_LE(taken.back(), hwm + 15);
    receiver.resume();
    EXPECT_TRUE(receiver.wait_for(100));
    EXPECT_EQ(stopped(*daemon_), "exit 0");
  }
}

TEST_F(Socket, ImmediateKeepsMessagesFromAConnectionThatIsNotThere) {
  start("PUSH", endpoint_, R"(immediate="on")");
  Injector(daemon_->input()).numbered(0, 100);
  EXPECT_TRUE(statistics("action").wait_for("submitted", 100));
  EXPECT_TRUE(statistics("action").wait_for_report());
  EXPECT_EQ(counter("sent.messages"), 0);
  EXPECT_GT(counter("lane.bytes"), 0);
}

TEST_F(Socket, WithoutImmediateMessagesQueueForAConnectionToCome) {
  start("PUSH", endpoint_, R"(immediate="off")");
  Injector(daemon_->input()).numbered(0, 100);
  EXPECT_TRUE(statistics("action").wait_for("sent.messages", 100));
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint_});
  receiver.start();
  EXPECT_TRUE(receiver.wait_for(100));
}

TEST_F(Socket, IdentityIsWhatARouterSees) {
  Receiver router(directory_, "router", {.type = "ROUTER", .endpoint = endpoint_});
  router.start();
  start("DEALER", endpoint_, R"(identity="log-host-7")");
  Injector(daemon_->input()).numbered(0, 1);
  ASSERT_TRUE(router.wait_for(1));
  EXPECT_EQ(router.messages().front(), (Receiver::Message{"log-host-7", "msgnum:00000000:"}));
}

TEST_F(Socket, HeartbeatIntervalSendsPingsWithTheTtl) {
  start("PUSH", "@" + endpoint_, R"(heartbeat.interval="100" heartbeat.ttl="3000")");
  ZmtpPeer peer(port_of(endpoint_), "PULL");
  const auto ping = peer.wait_for_command("PING");
  ASSERT_TRUE(ping);
  ASSERT_GE(ping->size(), 2U);
  EXPECT_EQ(ping->substr(0, 2), std::string("\x00\x1e", 2));  // tenths of a second
}

TEST_F(Socket, HeartbeatsHaveOmczmqsNamesToo) {
  start("PUSH", "@" + endpoint_,
        R"(heartbeativl="100" heartbeatttl="2000" heartbeattimeout="5000")");
  ZmtpPeer peer(port_of(endpoint_), "PULL");
  const auto ping = peer.wait_for_command("PING");
  ASSERT_TRUE(ping);
  EXPECT_EQ(ping->substr(0, 2), std::string("\x00\x14", 2));
}

TEST_F(Socket, HeartbeatTimeoutDropsAPeerThatDoesNotAnswer) {
  start("PUSH", "@" + endpoint_, R"(heartbeat.interval="100" heartbeat.timeout="300")");
  ZmtpPeer peer(port_of(endpoint_), "PULL");
  EXPECT_TRUE(peer.wait_closed());
}

TEST_F(Socket, HasNoHeartbeatsByDefault) {
  start("PUSH", "@" + endpoint_, "");
  ZmtpPeer peer(port_of(endpoint_), "PULL");
  EXPECT_FALSE(peer.read(seconds(2)));
}

TEST_F(Socket, HandshakeTimeoutDropsAPeerThatSaysNothing) {
  start("PUSH", "@" + endpoint_, R"(handshakeTimeout="300")");
  ZmtpPeer peer(port_of(endpoint_));
  // The bound lies below the ten seconds of the default.
  EXPECT_TRUE(peer.wait_closed(seconds(8)));
}

TEST_F(Socket, ReconnectIntervalSaysHowOftenItTries) {
  Listener often;
  Listener seldom;
  daemon_ = std::make_unique<Rsyslogd>(
      directory_,
      configuration()
          .omzmq(fmt::format(R"(endpoints="tcp://127.0.0.1:{}" sockType="PUSH" )"
                             R"(reconnect.interval="20" reconnect.maxInterval="20")",
                             often.port()))
          .omzmq(fmt::format(R"(endpoints="tcp://127.0.0.1:{}" sockType="PUSH" )"
                             R"(reconnect.interval="3600000" reconnect.maxInterval="3600000")",
                             seldom.port())));
  daemon_->start();
  EXPECT_TRUE(seldom.accept_and_close(default_bound()));
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(often.accept_and_close(default_bound())) << i;
  EXPECT_FALSE(seldom.accept_and_close(std::chrono::milliseconds(0)));
}

TEST_F(Socket, Ipv6BindsAndConnects) {
  if (read_file("/proc/net/if_inet6").empty()) GTEST_SKIP() << "this machine has no IPv6";
  const std::string endpoint = fmt::format("tcp://[::1]:{}", port_of(endpoint_));
  start("PUSH", "@" + endpoint, "");
  Receiver receiver(directory_, "receiver", {.bind = false, .endpoint = endpoint});
  receiver.start();
  Injector(daemon_->input()).numbered(0, 100);
  EXPECT_TRUE(receiver.wait_for(100));
}

TEST_F(Socket, SurvivesRubbishOnItsPort) {
  start("PUSH", "@" + endpoint_, "");
  Receiver receiver(directory_, "receiver", {.bind = false, .endpoint = endpoint_});
  receiver.start();
  ASSERT_TRUE(receiver.wait_connected());
  for (int i = 0; i < 50; ++i) {
    ZmtpPeer peer(port_of(endpoint_));
    peer.write(std::string(100 + static_cast<std::size_t>(i), static_cast<char>(i * 5)));
  }
  // Some rubbish is a greeting of ZMTP 1.0 to libzmq: such a peer gets messages as long as it is
  // there. What is left then is the receiver's connection, once for each side.
  ASSERT_TRUE(wait_until([&] { return open_connections(port_of(endpoint_)) == 2; }));
  Injector(daemon_->input()).numbered(0, 1000);
  EXPECT_TRUE(receiver.wait_for(1000));
  EXPECT_TRUE(are_numbered_in_order(receiver.payloads(), 1000));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

}  // namespace
}  // namespace omzmq::test
