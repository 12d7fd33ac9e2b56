// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// zmqtap --proxy between a publisher and subscribers of this process.
#include <csignal>
#include <string>
#include <vector>

#include "tap/sockets/certificate.hpp"
#include "zmqtap_fixture.hpp"

namespace omzmq::tap {
namespace {

class Proxying : public ZmqtapTest {
 protected:
  // An XPUB, which sees the subscriptions that come.
  zmq::socket_t make_publisher() {
    zmq::socket_t publisher = make_socket(zmq::socket_type::xpub);
    publisher.set(zmq::sockopt::linger, 0);
    return publisher;
  }

  zmq::socket_t subscribe(const std::string& endpoint, const std::string& prefix) {
    zmq::socket_t sub = make_socket(zmq::socket_type::sub);
    sub.set(zmq::sockopt::linger, 0);
    sub.set(zmq::sockopt::subscribe, prefix);
    sub.connect(endpoint);
    return sub;
  }

  // "+topic" or "-topic", as a publisher is told it.
  static std::string next_subscription(zmq::socket_t& publisher) {
    zmq::message_t message;
    if (!publisher.recv(message) || message.empty()) return "nothing";
    return (*message.data<char>() == 1 ? "+" : "-") + message.to_string().substr(1);
  }

  static std::vector<std::string> receive(zmq::socket_t& socket) {
    std::vector<std::string> parts;
    zmq::message_t part;
    do {
      if (!socket.recv(part)) return {"nothing"};
      parts.push_back(part.to_string());
    } while (part.more());
    return parts;
  }

  // Where the proxy listens: the n-th line that says so.
  static std::string listening_at(Process& proxy, std::size_t n = 1) {
    std::string text = proxy.read_error_lines(n);
    std::size_t at = 0;
    for (std::size_t i = 0; i < n; ++i) at = text.find("listening at ", at) + 13;
    return text.substr(at, text.find('\n', at) - at);
  }

  static void end(Process& proxy, int signal = SIGTERM) {
    proxy.signal(signal);
    EXPECT_EQ(proxy.wait(), 0) << proxy.errors();
  }
};

TEST_F(Proxying, PassesMessagesDownAsTheyAreAndSubscriptionsUp) {
  zmq::socket_t publisher = make_publisher();
  Process proxy(command({"--proxy", "tcp://127.0.0.1:*", bind_to_free_port(publisher)}));
  const std::string endpoint = listening_at(proxy);
  zmq::socket_t all = subscribe(endpoint, "");
  EXPECT_EQ(next_subscription(publisher), "+");
  zmq::socket_t some = subscribe(endpoint, "a");
  EXPECT_EQ(next_subscription(publisher), "+a");

  const std::string batch = numbered_batch(0, 3);
  EXPECT_TRUE(send(publisher, "b", zmq::send_flags::sndmore));
  EXPECT_TRUE(send(publisher, batch));
  EXPECT_TRUE(send(publisher, "alone"));
  EXPECT_EQ(receive(all), (std::vector<std::string>{"b", batch}));
  EXPECT_EQ(receive(all), std::vector<std::string>{"alone"});
  EXPECT_EQ(receive(some), std::vector<std::string>{"alone"});

  some.set(zmq::sockopt::unsubscribe, "a");
  EXPECT_EQ(next_subscription(publisher), "-a");
  end(proxy);
  EXPECT_EQ(proxy.output(), "");
}

TEST_F(Proxying, TellsAPublisherOnceWhatManySubscribe) {
  zmq::socket_t publisher = make_publisher();
  Process proxy(command({"--proxy", "tcp://127.0.0.1:*", bind_to_free_port(publisher)}));
  const std::string endpoint = listening_at(proxy);
  std::vector<zmq::socket_t> subscribers;
  subscribers.reserve(5);
  for (int i = 0; i < 5; ++i) subscribers.push_back(subscribe(endpoint, "same"));
  EXPECT_EQ(next_subscription(publisher), "+same");
  zmq::socket_t last = subscribe(endpoint, "other");
  EXPECT_EQ(next_subscription(publisher), "+other");
  // The first ones' may still be on their way.
  EXPECT_TRUE(eventually([&] {
    EXPECT_TRUE(send(publisher, "same"));
    for (auto& subscriber : subscribers) {
      zmq::message_t message;
      subscriber.set(zmq::sockopt::rcvtimeo, 100);
      if (!subscriber.recv(message)) return false;
    }
    return true;
  }));
  end(proxy, SIGINT);
}

TEST_F(Proxying, ServesSeveralPublishersAndSeveralEndpoints) {
  zmq::socket_t one = make_publisher();
  zmq::socket_t other = make_publisher();
  Process proxy(command({"--proxy", ipc_endpoint(), "--proxy", "tcp://127.0.0.1:*",
                         bind_to_free_port(one), bind_to_free_port(other)}));
  zmq::socket_t by_port = subscribe(listening_at(proxy), "");
  EXPECT_EQ(next_subscription(one), "+");
  EXPECT_EQ(next_subscription(other), "+");
  zmq::socket_t by_path = subscribe(ipc_endpoint(), "path");
  EXPECT_EQ(next_subscription(one), "+path");
  EXPECT_EQ(next_subscription(other), "+path");
  EXPECT_TRUE(send(one, "path 1"));
  EXPECT_EQ(receive(by_path), std::vector<std::string>{"path 1"});
  EXPECT_TRUE(send(other, "path 2"));
  EXPECT_EQ(receive(by_path), std::vector<std::string>{"path 2"});
  EXPECT_EQ(receive(by_port), std::vector<std::string>{"path 1"});
  EXPECT_EQ(receive(by_port), std::vector<std::string>{"path 2"});
  end(proxy);
}

TEST_F(Proxying, KeepsSubscriptionsForAPublisherThatComesBack) {
  std::string endpoint;
  {
    zmq::socket_t first = make_publisher();
    endpoint = bind_to_free_port(first);
  }
  // Nobody there yet: it waits.
  Process proxy(command({"--proxy", "tcp://127.0.0.1:*", "-X", "reconnect_ivl=20", endpoint}));
  zmq::socket_t subscriber = subscribe(listening_at(proxy), "x");
  for (int i = 0; i < 2; ++i) {
    zmq::socket_t publisher = make_publisher();
    ASSERT_TRUE(eventually([&] {
      try {
        publisher.bind(endpoint);
        return true;
      } catch (const zmq::error_t&) {
        return false;  // the former one's port is not yet free
      }
    }));
    EXPECT_EQ(next_subscription(publisher), "+x");
    const std::string text = "x" + std::to_string(i);
    EXPECT_TRUE(send(publisher, text));
    EXPECT_EQ(receive(subscriber), std::vector<std::string>{text});
  }
  end(proxy);
}

// libzmq drops what is beyond a socket's mark, subscriptions too. -X means the mark of subscribers.
TEST_F(Proxying, AsksAPublisherThatComesForMoreThanAnyMark) {
  constexpr int kTopics = 2000;
  std::string endpoint;
  {
    zmq::socket_t nobody_yet = make_publisher();
    endpoint = bind_to_free_port(nobody_yet);
  }
  Process proxy(command({"--proxy", "tcp://127.0.0.1:*", "-X", "sndhwm=10", "-X",
                         "reconnect_ivl=20", "-X", "linger=-1", endpoint}));
  zmq::socket_t subscriber = make_socket(zmq::socket_type::sub);
  subscriber.set(zmq::sockopt::linger, 0);
  subscriber.set(zmq::sockopt::sndhwm, 0);
  for (int n = 0; n < kTopics; ++n) {
    subscriber.set(zmq::sockopt::subscribe, "topic" + std::to_string(n) + ".");
  }
  subscriber.connect(listening_at(proxy));
  zmq::socket_t publisher = make_publisher();
  ASSERT_TRUE(eventually([&] {
    try {
      publisher.bind(endpoint);
      return true;
    } catch (const zmq::error_t&) {
      return false;  // the former one's port is not yet free
    }
  }));
  for (int n = 0; n < kTopics; ++n) ASSERT_NE(next_subscription(publisher), "nothing") << n;
  end(proxy);
}

TEST_F(Proxying, PassesOnNothingUpButSubscriptions) {
  zmq::socket_t publisher = make_publisher();
  Process proxy(command({"--proxy", "tcp://127.0.0.1:*", bind_to_free_port(publisher)}));
  zmq::socket_t peer = make_socket(zmq::socket_type::xsub);
  peer.set(zmq::sockopt::linger, 0);
  peer.connect(listening_at(proxy));
  EXPECT_TRUE(send(peer, "rubbish"));
  EXPECT_TRUE(send(peer, "more", zmq::send_flags::sndmore));
  EXPECT_TRUE(send(peer, "rubbish"));
  EXPECT_TRUE(send(peer, std::string_view("\1real", 5)));
  EXPECT_EQ(next_subscription(publisher), "+real");
  end(proxy);
}

TEST_F(Proxying, SaysHowItStands) {
  zmq::socket_t publisher = make_publisher();
  Process proxy(command({"-v", "--proxy", "tcp://127.0.0.1:*", bind_to_free_port(publisher)}));
  zmq::socket_t subscriber = subscribe(listening_at(proxy), "");
  EXPECT_EQ(next_subscription(publisher), "+");
  EXPECT_TRUE(send(publisher, "four"));
  EXPECT_EQ(receive(subscriber), std::vector<std::string>{"four"});
  proxy.signal(SIGUSR1);
  EXPECT_TRUE(eventually([&] {
    return proxy.read_error_lines(4).find(
               "1 connection of publishers, 1 connection of subscribers; "
               "passed on 1 message, 4 bytes\n") != std::string::npos;
  })) << proxy.errors();
  end(proxy);
}

TEST_F(Proxying, NamesTheEndpointThatItCannotBind) {
  zmq::socket_t taken = make_publisher();
  const std::string endpoint = bind_to_free_port(taken);
  Process proxy(command({"--proxy", endpoint, "tcp://127.0.0.1:1"}));
  EXPECT_EQ(proxy.wait(), 2);
  EXPECT_EQ(proxy.errors(), "zmqtap: cannot bind " + endpoint + ": Address already in use\n");
}

TEST_F(Proxying, EndsWithTwoWhereAPublisherIsNone) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process proxy(command({"-q", "--proxy", "tcp://127.0.0.1:*", bind_to_free_port(push)}));
  EXPECT_EQ(proxy.wait(), 2);
  EXPECT_NE(proxy.errors().find("cannot connect to "), std::string::npos) << proxy.errors();
}

// The subscribers' side is a CURVE server that knows its clients, the publishers' side a client.
TEST_F(Proxying, HasKeysOnBothSides) {
  const Certificate publishers = generate_certificate();
  const Certificate proxys = generate_certificate();
  const Certificate subscribers = generate_certificate();
  save_certificate(path("proxy.key"), proxys);
  write_file(path("clients"), subscribers.public_key + "\n");
  zmq::socket_t publisher = make_publisher();
  publisher.set(zmq::sockopt::curve_server, true);
  publisher.set(zmq::sockopt::curve_secretkey, publishers.secret_key);
  Process proxy(command({"--proxy", "tcp://127.0.0.1:*", bind_to_free_port(publisher),
                         "--curve-key", publishers.public_key, "--curve-server", path("proxy.key"),
                         "--curve-clients", path("clients")}));
  const std::string endpoint = listening_at(proxy);
  const auto with_keys = [&](const Certificate& own) {
    zmq::socket_t sub = make_socket(zmq::socket_type::sub);
    sub.set(zmq::sockopt::linger, 0);
    sub.set(zmq::sockopt::subscribe, "");
    sub.set(zmq::sockopt::curve_serverkey, proxys.public_key);
    sub.set(zmq::sockopt::curve_publickey, own.public_key);
    sub.set(zmq::sockopt::curve_secretkey, own.secret_key);
    sub.connect(endpoint);
    return sub;
  };
  zmq::socket_t stranger = with_keys(generate_certificate());
  EXPECT_NE(proxy.read_error_lines(2).find("handshake failed"), std::string::npos)
      << proxy.errors();
  zmq::socket_t subscriber = with_keys(subscribers);
  EXPECT_EQ(next_subscription(publisher), "+");
  EXPECT_TRUE(send(publisher, "secret"));
  EXPECT_EQ(receive(subscriber), std::vector<std::string>{"secret"});
  stranger.set(zmq::sockopt::rcvtimeo, 0);
  EXPECT_EQ(receive(stranger), std::vector<std::string>{"nothing"});
  end(proxy);
}

}  // namespace
}  // namespace omzmq::tap
