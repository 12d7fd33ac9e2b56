// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// Receivers that come late, go and come back; HUP and stop of the daemon.

#include <algorithm>
#include <system_error>

#include "system_test.hpp"

namespace omzmq::test {
namespace {

class Life : public SystemTest {
 protected:
  Life() : endpoint_(free_tcp_endpoint()) {}

  Configuration pushing(const std::string& parameters = {}) const {
    return configuration().omzmq(
        fmt::format(R"(endpoints="{}" sockType="PUSH" statsName="push" reconnect.interval="20" )"
                    R"(reconnect.maxInterval="100" {})",
                    endpoint_, parameters));
  }
  Receiver receiver() const { return Receiver(directory_, "receiver", {.endpoint = endpoint_}); }

  std::string endpoint_;
};

TEST_F(Life, AReceiverThatComesLateGetsWhatWasWaiting) {
  Rsyslogd daemon(directory_, pushing());
  daemon.start();
  Injector(daemon.input()).numbered(0, 1000);
  EXPECT_TRUE(statistics("push").wait_for("submitted", 1000));
  Receiver late = receiver();
  late.start();
  EXPECT_TRUE(late.wait_for(1000));
  EXPECT_TRUE(are_numbered_in_order(late.payloads(), 1000));
}

TEST_F(Life, AReceiverThatGoesAndComesBackMissesNothing) {
  Receiver wanderer = receiver();
  wanderer.start();
  Rsyslogd daemon(directory_, pushing());
  daemon.start();
  constexpr unsigned kEach = 1000;
  for (unsigned round = 0; round < 3; ++round) {
    Injector(daemon.input()).numbered(2 * round * kEach, kEach);
    EXPECT_TRUE(wanderer.wait_for((2UL * round + 1) * kEach));
    wanderer.stop();
    ASSERT_TRUE(wait_until([&] { return open_connections(port_of(endpoint_)) == 0; }));
    Injector(daemon.input()).numbered((2 * round + 1) * kEach, kEach);
    EXPECT_TRUE(statistics("push").wait_for("submitted", (2L * round + 2) * kEach));
    wanderer.start();
    EXPECT_TRUE(wanderer.wait_for((2UL * round + 2) * kEach));
  }
  EXPECT_TRUE(are_numbered_in_order(wanderer.payloads(), 6 * kEach));
}

TEST_F(Life, AReceiverThatWasKilledGetsNewMessagesWhenItIsBack) {
  Receiver victim = receiver();
  victim.start();
  Rsyslogd daemon(directory_, pushing());
  daemon.start();
  Injector(daemon.input()).numbered(0, 20000);
  EXPECT_TRUE(victim.wait_for(1));
  victim.kill();
  ASSERT_TRUE(wait_until([&] { return open_connections(port_of(endpoint_)) == 0; }));
  victim.start();
  Injector(daemon.input()).numbered(20000, 1000);
  EXPECT_TRUE(wait_until([&] {
    const auto payloads = victim.payloads();
    return !payloads.empty() && payloads.back() == numbered_line(20999);
  }));
  EXPECT_TRUE(are_rising(victim.payloads()));
}

TEST_F(Life, AReceiverThatStandsStillLosesNothing) {
  Receiver sleeper = receiver();
  sleeper.start();
  Rsyslogd daemon(directory_,
                  pushing(R"(sendHWM="100" handoff.size="64k" handoff.timeout="60000")"));
  daemon.start();
  Injector(daemon.input()).numbered(0, 1000, 1000);
  EXPECT_TRUE(sleeper.wait_for(1000));
  sleeper.pause();
  Injector(daemon.input()).numbered(1000, 20000, 1000);
  EXPECT_TRUE(statistics("push").wait_for("submitted", 2000));
  sleeper.resume();
  EXPECT_TRUE(sleeper.wait_for(21000));
  EXPECT_TRUE(are_numbered_in_order(sleeper.payloads(), 21000, 1000));
}

TEST_F(Life, HupUnderLoadLosesNothing) {
  Receiver steady = receiver();
  steady.start();
  Rsyslogd daemon(directory_, pushing().workers(4));
  daemon.start();
  constexpr unsigned kRounds = 50;
  constexpr unsigned kEach = 2000;
  Injector injector(daemon.input());
  for (unsigned round = 0; round < kRounds; ++round) {
    injector.numbered(round * kEach, kEach, 100);
    daemon.hup();
  }
  EXPECT_TRUE(steady.wait_for(std::size_t{kRounds} * kEach));
  EXPECT_TRUE(daemon.process().running());
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(are_numbered(steady.payloads(), kRounds * kEach, 100));
}

TEST_F(Life, StopUnderLoadSendsAllThatTheActionWasGiven) {
  const std::string file = directory_.file("neighbour");
  Receiver steady = receiver();
  steady.start();
  Rsyslogd daemon(directory_,
                  pushing()
                      .top("template(name=\"line\" type=\"string\" string=\"%rawmsg%\\n\")")
                      .action(omfile(file, "line")));
  daemon.start();
  Injector(daemon.input()).numbered(0, 100000, 100);
  EXPECT_EQ(stopped(daemon), "exit 0");
  auto lines = split_lines({read_file(file)});
  lines.pop_back();
  EXPECT_GT(lines.size(), 0U);
  EXPECT_TRUE(steady.wait_for(lines.size()));
  const auto payloads = steady.payloads();
  EXPECT_TRUE(are_rising(payloads));
  EXPECT_TRUE(payloads == lines) << payloads.size() << " and " << lines.size();
}

TEST_F(Life, StopWithoutAReceiverTellsHowManyMessagesWereLeft) {
  Rsyslogd daemon(directory_, pushing(R"(closeTimeout="300")"));
  daemon.start();
  Injector(daemon.input()).numbered(0, 1234);
  EXPECT_TRUE(statistics("push").wait_for("submitted", 1234));
  EXPECT_EQ(stopped(daemon), "exit 0");
  const auto lines = split_lines({daemon.standard_error()});
  EXPECT_EQ(std::count_if(lines.begin(), lines.end(),
                          [](const std::string& line) {
                            return line.find("omzmq[push]") != std::string::npos &&
                                   line.find("1234") != std::string::npos &&
                                   line.find("unsent") != std::string::npos;
                          }),
            1)
      << daemon.standard_error();
}

TEST_F(Life, StopGoesOnSendingForTheCloseTimeout) {
  Rsyslogd daemon(directory_, pushing(R"(closeTimeout="100000")"));
  daemon.start();
  Injector(daemon.input()).numbered(0, 5000);
  EXPECT_TRUE(statistics("push").wait_for("submitted", 5000));
  daemon.process().send_signal(SIGTERM);
  // Inputs end first: when nobody listens there any more the stop has begun.
  ASSERT_TRUE(wait_until([&] {
    try {
      const Injector probe(daemon.input());
      return false;
    } catch (const std::system_error&) {
      return true;
    }
  }));
  Receiver late = receiver();
  late.start();
  EXPECT_TRUE(late.wait_for(5000));
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(are_numbered_in_order(late.payloads(), 5000));
  EXPECT_EQ(daemon.standard_error().find("unsent"), std::string::npos) << daemon.standard_error();
}

TEST_F(Life, StopSendsWhatAReceiverThatStoodStillHasNotReadYet) {
  constexpr unsigned kMessages = 3000;
  Receiver still(directory_, "still",
                 {.endpoint = endpoint_, .receive_hwm = 1, .receive_buffer = 4096});
  still.start();
  Rsyslogd daemon(directory_, pushing(R"(closeTimeout="100000" sendBuffer="4k")"));
  daemon.start();
  ASSERT_TRUE(still.wait_connected());
  still.pause();
  Injector(daemon.input()).numbered(0, kMessages, 3000);
  EXPECT_TRUE(statistics("push").wait_for("submitted", kMessages));
  daemon.process().send_signal(SIGTERM);
  still.resume();
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(still.wait_for(kMessages));
  EXPECT_TRUE(are_numbered_in_order(still.payloads(), kMessages, 3000));
}

TEST_F(Life, StopUnderLoadWithoutAReceiverEndsInTime) {
  Rsyslogd daemon(directory_, pushing(R"(closeTimeout="300" handoff.size="64k")").workers(4));
  daemon.start();
  Injector(daemon.input()).numbered(0, 100000, 100);
  EXPECT_EQ(stopped(daemon), "exit 0");
}

TEST_F(Life, StopEndsAWorkerWhoseTransactionIsRefusedAgainAndAgain) {
  // rsyslog offers it in a loop until it has cancelled the worker, and meets no cancellation point
  // in that loop when it does not report the suspension.
  Rsyslogd daemon(directory_,
                  pushing(R"(closeTimeout="0" handoff.size="64k" handoff.timeout="60000" )"
                          R"(action.resumeRetryCount="-1" action.reportSuspension="off" )"
                          R"(queue.type="FixedArray" queue.dequeueBatchSize="16")"));
  daemon.start();
  Injector(daemon.input()).numbered(0, 5000, 100);
  EXPECT_TRUE(
      wait_until([&] { return statistics("push").value("lane.bytes").value_or(0) > 60000; }));
  EXPECT_EQ(stopped(daemon), "exit 0");
}

TEST_F(Life, StopWithoutAMessageEndsInTime) {
  Rsyslogd daemon(directory_, pushing());
  daemon.start();
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_EQ(daemon.standard_error().find("unsent"), std::string::npos) << daemon.standard_error();
}

TEST_F(Life, ADaemonThatStartsAgainSendsToTheSameReceiver) {
  Receiver steady = receiver();
  steady.start();
  Rsyslogd daemon(directory_, pushing());
  for (unsigned start = 0; start < 3; ++start) {
    daemon.start();
    Injector(daemon.input()).numbered(start * 100, 100);
    EXPECT_TRUE(steady.wait_for((start + 1UL) * 100));
    EXPECT_EQ(stopped(daemon), "exit 0");
  }
  EXPECT_TRUE(are_numbered_in_order(steady.payloads(), 300));
}

// An action that binds can bind again after a kill: an old ipc socket file is no obstacle.
TEST_F(Life, ADaemonThatWasKilledBindsItsIpcSocketAgain) {
  Rsyslogd daemon(directory_, configuration().omzmq(fmt::format(
                                  R"(endpoints="@{}" sockType="PUSH")", ipc_endpoint())));
  daemon.start();
  daemon.kill();
  daemon.start();
  Receiver puller(directory_, "receiver", {.bind = false, .endpoint = ipc_endpoint()});
  puller.start();
  Injector(daemon.input()).numbered(0, 100);
  EXPECT_TRUE(puller.wait_for(100));
  EXPECT_EQ(stopped(daemon), "exit 0");
}

TEST_F(Life, AnAddressInUseIsTakenWhenItIsFree) {
  Receiver holder(directory_, "holder", {.endpoint = endpoint_});
  holder.start();
  Rsyslogd daemon(directory_, configuration().omzmq(
                                  fmt::format(R"(endpoints="@{}" sockType="PUSH")", endpoint_)));
  daemon.start();
  Injector(daemon.input()).numbered(0, 100);
  EXPECT_TRUE(wait_until([&] {
    return daemon.standard_error().find(endpoint_) != std::string::npos;
  })) << daemon.standard_error();
  EXPECT_TRUE(daemon.process().running());
  holder.stop();
  Receiver puller(directory_, "receiver", {.bind = false, .endpoint = endpoint_});
  puller.start();
  EXPECT_TRUE(puller.wait_for(100));
  EXPECT_EQ(stopped(daemon), "exit 0");
}

}  // namespace
}  // namespace omzmq::test
