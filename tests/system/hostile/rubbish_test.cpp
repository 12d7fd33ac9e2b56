// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// Peers that send what they should not, while a good receiver counts what it gets.

#include <functional>
#include <memory>
#include <random>

#include "confined.hpp"
#include "connections.hpp"
#include "zmtp_peer.hpp"

namespace omzmq::test {
namespace {

using namespace std::string_literals;

constexpr unsigned kPeers = 20;
constexpr unsigned kMessages = 1000;

const std::string kSignature = "\xff\0\0\0\0\0\0\0\1\x7f"s;

std::string random_bytes(std::size_t count) {
  std::minstd_rand random(4711);
  std::string bytes(count, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random() >> 8U);
  return bytes;
}

// ZMTP 3, up to the first command.
std::string greeting(const std::string& mechanism = "NULL") {
  std::string text = kSignature + "\3\0"s + mechanism;
  text.resize(64);
  return text;
}

std::string command(const std::string& name, const std::string& body) {
  const std::string all = static_cast<char>(name.size()) + name + body;
  return "\4"s + static_cast<char>(all.size()) + all;
}

std::string property(const std::string& name, const std::string& value) {
  return static_cast<char>(name.size()) + name + "\0\0\0"s + static_cast<char>(value.size()) +
         value;
}

std::string repeated(const std::string& text, std::size_t times) {
  std::string all;
  for (; times > 0; --times) all += text;
  return all;
}

std::string many_subscriptions(unsigned count) {
  std::string all;
  for (unsigned n = 0; n < count; ++n) all += "\0\x0a\1"s + fmt::format("{:09}", n * 7919U);
  return all;
}

struct Words {
  std::string name;
  std::string bytes;
};

std::ostream& operator<<(std::ostream& out, const Words& words) { return out << words.name; }

std::vector<Words> all_first_words() {
  return {
      {"RandomBytes", random_bytes(4096)},
      {"ZeroBytes", std::string(4096, '\0')},
      {"Http", "GET / HTTP/1.1\r\nHost: logs\r\nUser-Agent: scanner\r\n\r\n"},
      {"TlsClientHello", "\x16\3\1\2\0\1\0\1\xfc\3\3"s + random_bytes(512)},
      {"Ssh", "SSH-2.0-scanner\r\n"},
      {"SignatureAlone", kSignature},
      {"HalfASignature", kSignature.substr(0, 5)},
      {"Zmtp1Anonymous", "\1\0"s},
      {"Zmtp1AndMessages", "\1\0"s + repeated("\5\0abcd"s, 1000)},
      {"Zmtp1EndlessMultipart", "\1\0"s + repeated("\5\1abcd"s, 5000)},
      {"Zmtp1LongLength", "\1\0\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0"s},
      {"Zmtp2", kSignature + "\1\x07\0\0"s},
      {"Zmtp2LongLength", kSignature + "\1\x07\0\0\2\x7f\xff\xff\xff\xff\xff\xff\xff"s},
      {"AFutureVersion", kSignature + std::string(500, '\xee')},
      {"AnUnknownMechanism", greeting("ROT13")},
      {"AnotherMechanism", greeting("CURVE") + command("HELLO", std::string(194, 'x'))},
      {"ReadyOfTwoToThe63", greeting() + "\6\x80\0\0\0\0\0\0\0\5READY"s},
      {"ReadyCutShort", greeting() + command("READY", "\x0bSocket-Type\0\0\0\xff"s + "SUB")},
      {"ReadyOfAWrongType", greeting() + command("READY", property("Socket-Type", "REQ"))},
      {"ReadyOfAnUnknownType", greeting() + command("READY", property("Socket-Type", "SPY"))},
      {"ReadyOfManyProperties",
       greeting() +
           command("READY", property("Socket-Type", "SPY") + repeated(property("X", "y"), 20))},
      {"ErrorCommand", greeting() + command("ERROR", "\3bad"s)},
      {"MessageBeforeReady", greeting() + "\0\5hello"s},
      {"CommandOfNoName", greeting() + "\4\0"s},
  };
}

class Rubbish : public SystemTest {
 protected:
  void start(const std::string& type) {
    daemon_ = std::make_unique<Rsyslogd>(
        directory_,
        configuration().omzmq(fmt::format(R"(endpoints="@{}" sockType="{}" {})", endpoint_, type,
                                          type == "PUB" ? R"(topics="t" topicFrame="on")" : "")));
    daemon_->start();
    const std::string peer = type == "PUB" ? "SUB" : type == "PUSH" ? "PULL" : "DEALER";
    good_ = std::make_unique<Receiver>(
        directory_, "good",
        Receiver::Options{
            .type = peer, .bind = false, .endpoint = endpoint_, .subscriptions = {"t"}});
    good_->start();
    part_ = type == "PUB" ? 1 : 0;
    ASSERT_TRUE(type == "PUB" ? wait_subscribed(*daemon_, *good_) : good_->wait_connected());
  }
  // While `disturb` goes on, and after it, the good receiver gets everything.
  void expect_no_gap(const std::function<void()>& disturb) {
    Injector injector(daemon_->input());
    injector.numbered(0, kMessages / 2);
    disturb();
    injector.numbered(kMessages / 2, kMessages / 2);
    EXPECT_TRUE(wait_for_numbered(*good_, kMessages, part_)) << daemon_->standard_error();
    EXPECT_TRUE(are_numbered_in_order(only_numbered(good_->payloads(part_)), kMessages));
    EXPECT_EQ(stopped(*daemon_), "exit 0") << daemon_->standard_error();
  }

  const std::string endpoint_ = free_tcp_endpoint();
  std::unique_ptr<Rsyslogd> daemon_;
  std::unique_ptr<Receiver> good_;
  std::size_t part_ = 0;
};

class FirstWords : public Rubbish,
                   public testing::WithParamInterface<std::tuple<const char*, Words>> {};

TEST_P(FirstWords, CostNobodyElseAnything) {
  const auto& [type, words] = GetParam();
  start(type);
  Connections rude(port_of(endpoint_));
  expect_no_gap([&] {
    rude.open(kPeers, words.bytes);
    // Once libzmq has accepted them: what it would give to such a peer goes to nobody.
    EXPECT_TRUE(wait_until(
        [&] { return open_connections(port_of(endpoint_)) <= 2 || rude.heard() == kPeers; }));
  });
}

INSTANTIATE_TEST_SUITE_P(Any, FirstWords,
                         testing::Combine(testing::Values("PUB", "PUSH", "DEALER"),
                                          testing::ValuesIn(all_first_words())),
                         [](const auto& about) {
                           return std::get<0>(about.param) + std::get<1>(about.param).name;
                         });

// Of a subscriber whose handshake is complete.
std::vector<Words> all_later_words() {
  return {
      {"FrameOfTwoToThe63", "\2\x80\0\0\0\0\0\0\0"s},
      {"FrameOfAGigabyte", "\2\0\0\0\0\x40\0\0\0"s + std::string(100000, 'x')},
      {"EndlessMultipart", repeated("\1\4more"s, 100000)},
      {"UnknownCommands", repeated(command("DANCE", "now"), 50000)},
      {"TinyCommands", repeated("\4\1\0"s, 100000)},
      {"CommandsOfNoBytes", repeated("\4\0"s, 100000)},
      {"PingFlood", repeated(command("PING", "\0\0"s), 100000)},
      {"PingWithALongContext", repeated(command("PING", "\0\0"s + std::string(16, 'c')), 10000)},
      {"PingCutShort", command("PING", "")},
      {"PongsNobodyAskedFor", repeated(command("PONG", "context"), 50000)},
      {"SubscriptionsToHugePrefixes",
       repeated("\2\0\0\0\0\0\0\xf0\1\1"s + std::string(0xf000, 'p'), 20)},
      {"AHundredThousandSubscriptions", many_subscriptions(100000)},
      {"SubscriptionBeyondTheLimit", "\2\0\0\0\0\0\2\0\1\1"s + std::string(0x20000, 'p')},
      {"MessagesThatAreNoSubscriptions", repeated("\0\5hello"s, 100000)},
      {"CancelledButNeverMade", repeated("\0\3\0ab"s, 50000)},
      {"ReservedFlags", "\xf8\4abcd"s},
      {"AnotherReady", command("READY", property("Socket-Type", "SUB"))},
      {"RandomBytes", random_bytes(100000)},
  };
}

class LaterWords : public Rubbish, public testing::WithParamInterface<Words> {};

TEST_P(LaterWords, CostNobodyElseAnything) {
  start("PUB");
  std::vector<std::unique_ptr<ZmtpPeer>> rude;
  expect_no_gap([&] {
    for (unsigned n = 0; n < 3; ++n) {
      rude.push_back(std::make_unique<ZmtpPeer>(port_of(endpoint_), "SUB"));
      try {
        rude.back()->write(GetParam().bytes);
      } catch (const std::system_error&) {
        // It was cut off: that is right too.
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Any, LaterWords, testing::ValuesIn(all_later_words()),
                         [](const auto& about) { return about.param.name; });

}  // namespace
}  // namespace omzmq::test
