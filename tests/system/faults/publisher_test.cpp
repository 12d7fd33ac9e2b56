// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// A PUB with the default settings at 500,000 messages a second, or at what the machine can do.
#include <chrono>
#include <deque>

#include "fault_test.hpp"

namespace omzmq::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kPerSecond = 500000;
constexpr std::size_t kSize = 256;

class Publisher : public SystemTest {
 protected:
  // Each of so many subscribers gets each message once, and sees no gap. With retries rsyslog waits
  // for an action that finds its lane full, where a busy machine keeps the sender from running for
  // handoff.timeout: it would throw away all messages of 30 s otherwise.
  void expect_no_gap(unsigned subscribers, const std::string& parameters) {
    const unsigned count = under_wrapper() ? 20000 : 2000000;
    const std::string endpoint = free_tcp_endpoint();
    Rsyslogd daemon(directory_,
                    configuration().omzmq(fmt::format(
                        R"(sockType="PUB" endpoints="{}" action.resumeRetryCount="-1"{})", endpoint,
                        parameters)));
    daemon.start();
    std::deque<TappedReceiver> all;
    for (unsigned i = 0; i < subscribers; ++i) {
      all.emplace_back(
          directory_, fmt::format("subscriber{}", i),
          TappedReceiver::Options{.source = "--sub", .endpoint = endpoint, .bind = false});
      all.back().start();
      ASSERT_TRUE(is_subscribed(daemon, all.back())) << all.back().errors();
    }

    const auto begin = Clock::now();
    Load load(daemon.input(), {.per_second = kPerSecond, .count = count, .size = kSize});
    EXPECT_TRUE(load.wait_for_all(4 * default_bound()));
    const auto injected = Clock::now();
    EXPECT_EQ(load.stop(), count);
    for (auto& subscriber : all) {
      EXPECT_TRUE(subscriber.wait_for_all(count, default_bound())) << subscriber.errors();
    }
    std::cout << fmt::format("{} messages: {:.0f}/s injected, {:.0f}/s received by {}\n", count,
                             rate(count, injected - begin), rate(count, Clock::now() - begin),
                             subscribers);
    EXPECT_EQ(stopped(daemon), "exit 0");
    for (auto& subscriber : all) {
      EXPECT_EQ(subscriber.stop(), 0) << subscriber.errors();  // 4: it knows of a gap
      EXPECT_TRUE(is_everything_once(subscriber.numbers(), count));
    }
  }

 private:
  static double rate(unsigned count, std::chrono::duration<double> time) {
    return count / time.count();
  }
  // Sends lines "probe" until one of them arrives: then the PUB knows the subscription.
  static bool is_subscribed(Rsyslogd& daemon, const TappedReceiver& subscriber) {
    Injector injector(daemon.input());
    return wait_until([&] {
      injector.message("probe");
      return !subscriber.text().empty();
    });
  }
};

TEST_F(Publisher, LosesNothingForOneSubscriber) { expect_no_gap(1, ""); }

TEST_F(Publisher, LosesNothingForTwoSubscribers) { expect_no_gap(2, ""); }

TEST_F(Publisher, LosesNothingForOneSubscriberOfThePackedFormat) {
  expect_no_gap(1, R"( format="packed")");
}

TEST_F(Publisher, LosesNothingForTwoSubscribersOfThePackedFormat) {
  expect_no_gap(2, R"( format="packed")");
}

}  // namespace
}  // namespace omzmq::test
