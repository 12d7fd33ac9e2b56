// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Runs the real zmqtap against sockets of this process.
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "process.hpp"

namespace omzmq::tap {
namespace {

using Arguments = std::vector<std::string>;

class ZmqtapTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "zmqtap-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }

  void TearDown() override { std::filesystem::remove_all(directory_); }

  static Arguments command(const Arguments& arguments) {
    Arguments all{OMZMQ_ZMQTAP};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return all;
  }

  std::string ipc_endpoint() const { return "ipc://" + (directory_ / "socket").string(); }

  // A sending socket whose every send() waits for a receiver, a minute at most.
  zmq::socket_t make_socket(zmq::socket_type type) {
    zmq::socket_t socket(context_, type);
    socket.set(zmq::sockopt::linger, 10'000);
    socket.set(zmq::sockopt::sndtimeo, 60'000);
    return socket;
  }

  static std::string bind_to_free_port(zmq::socket_t& socket) {
    socket.bind("tcp://127.0.0.1:*");
    return socket.get(zmq::sockopt::last_endpoint);
  }

  static bool send(zmq::socket_t& socket, std::string_view text,
                   zmq::send_flags flags = zmq::send_flags::none) {
    return socket.send(zmq::buffer(text), flags).has_value();
  }

  // Waits until `count` subscriptions have come.
  static bool await_subscriptions(zmq::socket_t& xpub, int count) {
    xpub.set(zmq::sockopt::rcvtimeo, 60'000);
    for (int i = 0; i < count; ++i) {
      zmq::message_t subscription;
      if (!xpub.recv(subscription)) {
        return false;
      }
    }
    return true;
  }

  std::filesystem::path directory_;
  zmq::context_t context_;
};

TEST_F(ZmqtapTest, PullsOverTcpAndEndsAfterCount) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-c", "2", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "one"));
  ASSERT_TRUE(send(push, "two"));
  ASSERT_TRUE(send(push, "three"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "one\ntwo\n");
  EXPECT_EQ(tap.errors(), "");
}

TEST_F(ZmqtapTest, BindsOverIpcByPrefixOfTheEndpoint) {
  Process tap(command({"--pull", "-c", "1", "@" + ipc_endpoint()}));
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  push.connect(ipc_endpoint());
  ASSERT_TRUE(send(push, "over ipc"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "over ipc\n");
}

TEST_F(ZmqtapTest, SubscribesToPrefixesOnly) {
  zmq::socket_t xpub = make_socket(zmq::socket_type::xpub);
  Process tap(command({"-s", "a", "-s", "b", "-c", "2", bind_to_free_port(xpub)}));
  ASSERT_TRUE(await_subscriptions(xpub, 2));
  for (const char* const text : {"c1", "a1", "c2", "b1"}) {
    ASSERT_TRUE(send(xpub, text));
  }
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "a1\nb1\n");
}

TEST_F(ZmqtapTest, WritesTheBodyBehindATopicFrame) {
  zmq::socket_t xpub = make_socket(zmq::socket_type::xpub);
  Process tap(command({"--format", "lines", "-c", "2", bind_to_free_port(xpub)}));
  ASSERT_TRUE(await_subscriptions(xpub, 1));
  ASSERT_TRUE(send(xpub, "topic", zmq::send_flags::sndmore));
  ASSERT_TRUE(send(xpub, "one\ntwo"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "one\ntwo\n");
}

TEST_F(ZmqtapTest, CountsExactlyInsideAFrameOfLines) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(
      command({"--pull", "--format", "lines", "--stats", "-c", "4", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "1\n2\n3"));
  ASSERT_TRUE(send(push, "4\n5\n6"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "1\n2\n3\n4\n");
  EXPECT_NE(tap.errors().find("zmqtap: received 4 messages"), std::string::npos) << tap.errors();
}

TEST_F(ZmqtapTest, WritesLfAndNulBytesAsTheyAre) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-c", "2", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, std::string_view("a\0b\nc", 5)));
  ASSERT_TRUE(send(push, ""));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), std::string("a\0b\nc\n\n", 7));
}

TEST_F(ZmqtapTest, ReceivesFromSeveralEndpoints) {
  zmq::socket_t tcp = make_socket(zmq::socket_type::push);
  zmq::socket_t ipc = make_socket(zmq::socket_type::push);
  ipc.bind(ipc_endpoint());
  Process tap(command({"--pull", bind_to_free_port(tcp), ipc_endpoint(), "-c", "2"}));
  ASSERT_TRUE(send(tcp, "x"));
  ASSERT_TRUE(send(ipc, "x"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "x\nx\n");
}

TEST_F(ZmqtapTest, EndsWithThreeWhenNothingComes) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-t", "0.2", bind_to_free_port(push)}));
  EXPECT_EQ(tap.wait(), 3);
  EXPECT_EQ(tap.output(), "");
}

TEST_F(ZmqtapTest, ShowsAMessageAtOnceAndEndsCleanlyOnASignal) {
  for (const int number : {SIGTERM, SIGINT}) {
    zmq::socket_t push = make_socket(zmq::socket_type::push);
    Process tap(command({"--pull", "--stats", bind_to_free_port(push)}));
    ASSERT_TRUE(send(push, "seen"));
    ASSERT_EQ(tap.read_lines(1), "seen\n");
    tap.signal(number);
    EXPECT_EQ(tap.wait(), 0);
    EXPECT_NE(tap.errors().find("received 1 messages"), std::string::npos) << tap.errors();
  }
}

TEST_F(ZmqtapTest, EndsQuietlyWhenNobodyReadsItsOutput) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "seen"));
  ASSERT_EQ(tap.read_lines(1), "seen\n");
  tap.close_output();
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.errors(), "");
}

TEST_F(ZmqtapTest, UsageErrorsEndWithOne) {
  Process tap(command({"--format", "xml", "tcp://127.0.0.1:5555"}));
  EXPECT_EQ(tap.wait(), 1);
  EXPECT_NE(tap.errors().find("--format 'xml'"), std::string::npos) << tap.errors();
}

TEST_F(ZmqtapTest, EndsWithTwoWhenItCannotBind) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  const std::string endpoint = bind_to_free_port(push);
  Process tap(command({"--bind", endpoint}));
  EXPECT_EQ(tap.wait(), 2);
  EXPECT_NE(tap.errors().find("cannot bind " + endpoint), std::string::npos) << tap.errors();
}

TEST_F(ZmqtapTest, LosesNothingOfAHundredThousand) {
  constexpr int kMessages = 100'000;
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command(
      {"--pull", "-c", std::to_string(kMessages), bind_to_free_port(push), "--format", "lines"}));
  std::string expected;
  std::string frame;
  for (int i = 0; i < kMessages; ++i) {
    frame += std::to_string(i);
    frame += '\n';
    if (i % 500 == 499) {
      expected += frame;
      ASSERT_TRUE(send(push, std::string_view(frame).substr(0, frame.size() - 1)));
      frame.clear();
    }
  }
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_TRUE(tap.output() == expected);
}

}  // namespace
}  // namespace omzmq::tap
