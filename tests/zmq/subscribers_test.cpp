// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/subscribers.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "support/wait.hpp"

namespace omzmq {
namespace {

std::ptrdiff_t open_descriptors() {
  using Iterator = std::filesystem::directory_iterator;
  return std::distance(Iterator("/proc/self/fd"), Iterator());
}

// A peer with a context of its own: when it is destroyed, all its descriptors are closed.
class Peer {
 public:
  Peer(const std::string& endpoint, const std::vector<std::string>& prefixes)
      : socket(context_, zmq::socket_type::xsub) {
    socket.set(zmq::sockopt::linger, 0);
    socket.set(zmq::sockopt::rcvtimeo, 10);
    socket.connect(endpoint);
    for (const auto& prefix : prefixes) subscribe(prefix);
  }
  void subscribe(const std::string& prefix) { say('\1' + prefix); }
  void unsubscribe(const std::string& prefix) { say('\0' + prefix); }
  void say(const std::string& message) { socket.send(zmq::buffer(message)); }

 private:
  zmq::context_t context_;

 public:
  zmq::socket_t socket;
};

class SubscribersTest : public testing::Test {
 protected:
  SubscribersTest() : publisher_(context_, zmq::socket_type::xpub) {
    publisher_.set(zmq::sockopt::xpub_verboser, 1);
    publisher_.set(zmq::sockopt::linger, 0);
    publisher_.bind("tcp://127.0.0.1:*");
    endpoint_ = publisher_.get(zmq::sockopt::last_endpoint);
  }

  // Waits until there is something to read.
  bool has_news() {
    return test::eventually(
        [&] { return (publisher_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0; });
  }
  void read_news(Subscribers& subscribers) {
    ASSERT_TRUE(has_news());
    subscribers.read(publisher_);
  }
  // Reads until the peer gets what is sent under its last prefix, so that all were read.
  void read_all_of(Peer& peer, const std::string& prefix, Subscribers& subscribers) {
    zmq::message_t message;
    ASSERT_TRUE(test::eventually([&] {
      subscribers.read(publisher_);
      publisher_.send(zmq::buffer(prefix), zmq::send_flags::dontwait);
      return peer.socket.recv(message) && message.to_string() == prefix;
    }));
    subscribers.read(publisher_);
  }
  bool wait_for_enough(Subscribers& subscribers) {
    return test::eventually([&] {
      subscribers.read(publisher_);
      return subscribers.are_enough();
    });
  }
  // A connection to the publisher that has sent these bytes.
  int connection_with(std::string_view bytes) const {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    const int port = std::stoi(endpoint_.substr(endpoint_.rfind(':') + 1));
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
    return fd;
  }

  zmq::context_t context_;
  zmq::socket_t publisher_;
  std::string endpoint_;
};

TEST_F(SubscribersTest, AreEnoughWhenTheLastOneHasCome) {
  Subscribers subscribers(2);
  Peer first(endpoint_, {"a"});
  read_all_of(first, "a", subscribers);
  EXPECT_FALSE(subscribers.are_enough());
  const Peer second(endpoint_, {"a"});
  EXPECT_TRUE(wait_for_enough(subscribers));
}

TEST_F(SubscribersTest, AreCountedOnceHoweverManyPrefixesTheyHave) {
  Subscribers subscribers(2);
  Peer first(endpoint_, {"a", "b", "b", "c"});
  read_all_of(first, "c", subscribers);
  EXPECT_FALSE(subscribers.are_enough());
  const Peer second(endpoint_, {"a"});
  EXPECT_TRUE(wait_for_enough(subscribers));
}

TEST_F(SubscribersTest, StayEnoughWhenTheyLeave) {
  Subscribers subscribers(1);
  {
    const Peer only(endpoint_, {"a"});
    EXPECT_TRUE(wait_for_enough(subscribers));
  }
  ASSERT_TRUE(has_news());
  subscribers.read(publisher_);
  EXPECT_TRUE(subscribers.are_enough());
}

TEST_F(SubscribersTest, AreForgottenWhenTheyLeave) {
  Subscribers subscribers(2);
  const auto before = open_descriptors();
  {
    Peer guest(endpoint_, {"a"});
    read_all_of(guest, "a", subscribers);
  }
  ASSERT_TRUE(test::eventually([&] { return open_descriptors() == before; }));
  Peer first(endpoint_, {"b"});
  read_all_of(first, "b", subscribers);
  EXPECT_FALSE(subscribers.are_enough());
  const Peer second(endpoint_, {"b"});
  EXPECT_TRUE(wait_for_enough(subscribers));
}

// Their descriptor may be in use by something else: here it is a socket that has no subscription.
TEST_F(SubscribersTest, AreForgottenWhenSomebodyElseHasTheirDescriptor) {
  Subscribers subscribers(2);
  const auto before = open_descriptors();
  {
    Peer guest(endpoint_, {"a"});
    read_all_of(guest, "a", subscribers);
  }
  ASSERT_TRUE(test::eventually([&] { return open_descriptors() == before; }));
  std::vector<int> others(64);
  for (int& fd : others) fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  Peer first(endpoint_, {"b"});
  read_all_of(first, "b", subscribers);
  EXPECT_FALSE(subscribers.are_enough());
  for (const int fd : others) ::close(fd);
}

TEST_F(SubscribersTest, MayComeAndGoUnreadAndManyTimes) {
  constexpr int kTimes = 100;
  Subscribers subscribers(2);
  for (int i = 0; i < kTimes; ++i) {
    const auto before = open_descriptors();
    {
      const Peer guest(endpoint_, {"guest"});
      ASSERT_TRUE(has_news());
    }
    ASSERT_TRUE(test::eventually([&] { return open_descriptors() == before; }));
    if (i % 2 == 0) subscribers.read(publisher_);
  }
  Peer first(endpoint_, {"a"});
  read_all_of(first, "a", subscribers);
  EXPECT_FALSE(subscribers.are_enough());
  const Peer second(endpoint_, {"a"});
  EXPECT_TRUE(wait_for_enough(subscribers));
}

TEST_F(SubscribersTest, CountAsLongAsTheyHaveASubscription) {
  Subscribers subscribers(2);
  Peer first(endpoint_, {"a", "b"});
  read_all_of(first, "b", subscribers);
  first.unsubscribe("a");
  read_news(subscribers);
  const Peer second(endpoint_, {"c"});
  EXPECT_TRUE(wait_for_enough(subscribers));
}

TEST_F(SubscribersTest, DoNotCountWhenTheyHaveTakenBackAllTheirSubscriptions) {
  Subscribers subscribers(2);
  Peer first(endpoint_, {"a", "b"});
  read_all_of(first, "b", subscribers);
  first.unsubscribe("a");
  read_news(subscribers);
  first.unsubscribe("b");
  read_news(subscribers);
  Peer second(endpoint_, {"c"});
  read_all_of(second, "c", subscribers);
  EXPECT_FALSE(subscribers.are_enough());
  first.subscribe("d");
  EXPECT_TRUE(wait_for_enough(subscribers));
}

TEST_F(SubscribersTest, AreNotPeersThatSaySomethingElse) {
  Subscribers subscribers(1);
  Peer talker(endpoint_, {});
  for (const auto& word : {std::string("hello"), std::string("\2"), std::string()}) {
    talker.say(word);
    read_news(subscribers);
    EXPECT_FALSE(subscribers.are_enough());
  }
  talker.subscribe("a");
  EXPECT_TRUE(wait_for_enough(subscribers));
}

// libzmq takes these bytes for the greeting of ZMTP 1 and subscribes such a peer to everything.
TEST_F(SubscribersTest, AreNotConnectionsWithRubbish) {
  Subscribers subscribers(1);
  const int fd = connection_with(std::string_view("\1\0", 2));
  read_news(subscribers);
  EXPECT_FALSE(subscribers.are_enough());
  ::close(fd);
}

TEST_F(SubscribersTest, LeaveTheirMessagesUnreadAboveABound) {
  Subscribers subscribers(1);
  Peer talker(endpoint_, {});
  const std::string word = "hello";
  std::size_t sent = 0;
  ASSERT_TRUE(test::eventually([&] {
    // To ask for events lets the publisher take in what has come.
    for (int i = 0; i < 100; ++i) {
      if (talker.socket.send(zmq::buffer(word), zmq::send_flags::dontwait)) ++sent;
    }
    return (publisher_.get(zmq::sockopt::events) & ZMQ_POLLIN) != 0 &&
           sent > 2 * Subscribers::kMostAtOnce + 2000;
  }));
  subscribers.read(publisher_);
  EXPECT_NE(publisher_.get(zmq::sockopt::events) & ZMQ_POLLIN, 0);
}

}  // namespace
}  // namespace omzmq
