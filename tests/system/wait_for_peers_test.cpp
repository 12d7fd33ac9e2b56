// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// A PUB with waitForPeers: who counts, what is held back, and what happens once they are there.

#include <memory>

#include "system_test.hpp"
#include "zmtp_peer.hpp"

namespace omzmq::test {
namespace {

class WaitForPeers : public SystemTest {
 protected:
  static constexpr unsigned kCount = 1000;

  WaitForPeers() : endpoint_(free_tcp_endpoint()) {}

  // Starts a daemon with one PUB that waits for two subscribers, and gives it kCount messages.
  void start(const std::string& endpoints, const std::string& parameters = {}) {
    daemon_ = std::make_unique<Rsyslogd>(
        directory_, configuration().omzmq(fmt::format(
                        R"(endpoints="{}" sockType="PUB" waitForPeers="2" statsName="pub" {})",
                        endpoints, parameters)));
    daemon_->start();
    Injector(daemon_->input()).numbered(0, kCount);
    ASSERT_TRUE(statistics("pub").wait_for("submitted", kCount));
  }
  void start() { start(endpoint_); }

  Receiver subscriber(const std::string& name, std::vector<std::string> prefixes = {""}) const {
    return subscriber_at(endpoint_, name, std::move(prefixes));
  }
  Receiver subscriber_at(const std::string& endpoint, const std::string& name,
                         std::vector<std::string> prefixes = {""}) const {
    return Receiver(
        directory_, name,
        {.type = "SUB", .bind = false, .endpoint = endpoint, .subscriptions = std::move(prefixes)});
  }
  // Starts it; returns when its handshake is over, which its subscriptions follow at once.
  static void let_in(Receiver& receiver) {
    receiver.start();
    ASSERT_TRUE(receiver.wait_connected());
  }
  void wait_until_alone(int connections = 0) const {
    ASSERT_TRUE(wait_until([&] { return open_connections(port_of(endpoint_)) == connections; }));
  }
  // The statistics of a second or two from now on still say that nothing was sent.
  testing::AssertionResult holds_back() const {
    const Statistics counters = statistics("pub");
    if (!counters.wait_for_report()) return testing::AssertionFailure() << "no statistics";
    const auto sent = counters.value("sent.messages").value_or(-1);
    if (sent == 0) return testing::AssertionSuccess();
    return testing::AssertionFailure() << sent << " messages were sent";
  }
  static testing::AssertionResult gets_all(Receiver& receiver) {
    if (!receiver.wait_for(kCount)) {
      return testing::AssertionFailure() << "only " << receiver.count() << " messages came";
    }
    return are_numbered_in_order(receiver.payloads(), kCount);
  }

  std::string endpoint_;
  std::unique_ptr<Rsyslogd> daemon_;
};

TEST_F(WaitForPeers, HoldsMessagesBackUntilTheLastOfThemIsThere) {
  start();
  EXPECT_TRUE(holds_back());
  Receiver first = subscriber("first");
  let_in(first);
  EXPECT_TRUE(holds_back());
  Receiver second = subscriber("second");
  second.start();
  EXPECT_TRUE(gets_all(first));
  EXPECT_TRUE(gets_all(second));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(daemon_->standard_error().find("unsent"), std::string::npos);
}

TEST_F(WaitForPeers, DoesNotCountOneThatCameAndWent) {
  start();
  Receiver guest = subscriber("guest");
  let_in(guest);
  EXPECT_TRUE(holds_back());
  guest.stop();
  wait_until_alone();
  // One of these connections has the guest's descriptor now, so that the next subscriber has not.
  const Injector one(daemon_->input());
  const Injector another(daemon_->input());
  EXPECT_TRUE(holds_back());
  Receiver first = subscriber("first");
  let_in(first);
  EXPECT_TRUE(holds_back());
  Receiver second = subscriber("second");
  second.start();
  EXPECT_TRUE(gets_all(first));
  EXPECT_TRUE(gets_all(second));
  EXPECT_EQ(guest.count(), 0U);
}

TEST_F(WaitForPeers, CountsOnePeerOnceWhateverItSubscribesTo) {
  start();
  Receiver first = subscriber("first", {"msgnum:", "a", "b"});
  let_in(first);
  EXPECT_TRUE(holds_back());
  Receiver second = subscriber("second", {"nothing like it"});
  second.start();
  EXPECT_TRUE(gets_all(first));
}

TEST_F(WaitForPeers, DoesNotWaitAgainWhenOneLeaves) {
  start();
  Receiver first = subscriber("first");
  Receiver second = subscriber("second");
  first.start();
  second.start();
  EXPECT_TRUE(gets_all(first));
  EXPECT_TRUE(gets_all(second));
  second.stop();
  wait_until_alone(2);  // the first one's connection, once for each side
  Injector(daemon_->input()).numbered(kCount, kCount);
  EXPECT_TRUE(first.wait_for(2UL * kCount));
  EXPECT_TRUE(are_numbered_in_order(first.payloads(), 2 * kCount));
}

TEST_F(WaitForPeers, StopsInTimeAndSaysWhatIsUnsent) {
  start(endpoint_, R"(closeTimeout="300")");
  Receiver only = subscriber("only");
  let_in(only);
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  const std::string said = daemon_->standard_error();
  EXPECT_NE(said.find("stopped with 1000 messages unsent"), std::string::npos) << said;
  EXPECT_EQ(only.count(), 0U);
}

// Each connection has the descriptor of the one before it, as far as the kernel can.
TEST_F(WaitForPeers, CountsRightAfterManyThatCameAndWent) {
  constexpr int kTimes = 300;
  start();
  for (int i = 0; i < kTimes; ++i) {
    ZmtpPeer guest(port_of(endpoint_), "SUB");
    guest.subscribe("");
  }
  wait_until_alone();
  Receiver first = subscriber("first");
  let_in(first);
  EXPECT_TRUE(holds_back());
  first.stop();
  wait_until_alone();
  first.start();
  ASSERT_TRUE(first.wait_connected(2));
  EXPECT_TRUE(holds_back());
  Receiver second = subscriber("second");
  second.start();
  EXPECT_TRUE(gets_all(first));
  EXPECT_TRUE(gets_all(second));
}

TEST_F(WaitForPeers, CountsNeitherRubbishNorAFloodOfSubscriptions) {
  constexpr int kFlood = 20000;
  start();
  std::vector<std::unique_ptr<ZmtpPeer>> rubbish;
  for (int i = 0; i < 50; ++i) {
    rubbish.push_back(std::make_unique<ZmtpPeer>(port_of(endpoint_)));
    rubbish.back()->write(i % 2 == 0 ? std::string("\1\0", 2) : std::string(100, 'x'));
  }
  ZmtpPeer flood(port_of(endpoint_), "SUB");
  for (int i = 0; i < kFlood; ++i) flood.subscribe(fmt::format("prefix {}", i));
  EXPECT_TRUE(holds_back());
  Receiver second = subscriber("second");
  second.start();
  EXPECT_TRUE(gets_all(second));
  for (int i = 0; i < kFlood; ++i) flood.subscribe(fmt::format("more {}", i));
  Injector(daemon_->input()).numbered(kCount, kCount);
  EXPECT_TRUE(second.wait_for(2UL * kCount));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

TEST_F(WaitForPeers, CountsOverAllEndpoints) {
  start(fmt::format("{},{}", endpoint_, ipc_endpoint()));
  Receiver first = subscriber("first");
  let_in(first);
  EXPECT_TRUE(holds_back());
  Receiver second = subscriber_at(ipc_endpoint(), "second");
  second.start();
  EXPECT_TRUE(gets_all(first));
  EXPECT_TRUE(gets_all(second));
}

TEST_F(WaitForPeers, CountsSubscribersThatItConnectsTo) {
  const std::string other = free_tcp_endpoint();
  start(fmt::format(">{},>{}", endpoint_, other),
        R"(reconnect.interval="20" reconnect.maxInterval="20")");
  Receiver first(directory_, "first", {.type = "SUB", .endpoint = endpoint_});
  let_in(first);
  EXPECT_TRUE(holds_back());
  first.stop();
  first.start();
  ASSERT_TRUE(first.wait_connected(2));
  EXPECT_TRUE(holds_back());
  Receiver second(directory_, "second", {.type = "SUB", .endpoint = other});
  second.start();
  EXPECT_TRUE(gets_all(first));
  EXPECT_TRUE(gets_all(second));
}

TEST_F(WaitForPeers, SuspendsTheActionWhenTheLanesAreFull) {
  constexpr unsigned kMany = 5000;
  start(endpoint_, R"(handoff.size="64k" handoff.timeout="0" action.resumeRetryCount="-1" )"
                   R"(action.resumeInterval="1")");
  Injector(daemon_->input()).numbered(kCount, kMany - kCount);
  EXPECT_TRUE(wait_until([&] { return statistics("pub").value("suspended").value_or(0) > 0; }));
  Receiver first = subscriber("first");
  Receiver second = subscriber("second");
  first.start();
  second.start();
  EXPECT_TRUE(first.wait_for(kMany));
  EXPECT_TRUE(second.wait_for(kMany));
  // rsyslog gives a refused transaction again message by message, not always in its order.
  EXPECT_TRUE(are_numbered(first.payloads(), kMany));
  EXPECT_TRUE(are_numbered(second.payloads(), kMany));
}

TEST_F(WaitForPeers, IsRefusedWithoutPub) {
  const Output output =
      check(directory_,
            configuration()
                .omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" waitForPeers="2")", endpoint_))
                .text());
  EXPECT_EQ(output.ended.exit_code, 1);
  EXPECT_NE(output.err.find("waitForPeers"), std::string::npos) << output.err;
  EXPECT_NE(output.err.find("'2': only sockType=\"PUB\""), std::string::npos) << output.err;
}

}  // namespace
}  // namespace omzmq::test
