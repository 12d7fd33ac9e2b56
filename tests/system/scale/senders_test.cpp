// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Ten senders and three collectors, each a host of its own. While messages flow, a fourth collector
// comes and one of the others goes.
#include <algorithm>
#include <iostream>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fault_test.hpp"
#include "merged_collectors.hpp"
#include "network_hosts.hpp"

namespace omzmq::test {
namespace {

constexpr int kPort = 5555;
constexpr unsigned kSenders = 10;
constexpr unsigned kCollectors = 3;    // at first
constexpr unsigned kPerSecond = 1000;  // of each sender
constexpr unsigned kRange = 1000000;   // the numbers of each sender begin at a multiple of it
constexpr std::size_t kSize = 200;     // bytes of a message
constexpr unsigned kPhase = 2000;      // messages that each collector gets in each phase

constexpr const char* kReconnects = R"(connectTimeout="1000" reconnect.maxInterval="500")";

// Which side knows where the others are, and how a collector goes.
struct Plan {
  const char* name;
  bool senders_connect;  // to a list of collectors, of whom not all are there; else these connect
  bool is_killed;        // the collector that goes; else it is asked to end
};

class Senders : public SystemTest {
 protected:
  struct Sender {
    std::string name;
    unsigned first = 0;  // number of its first message
    unsigned count = 0;  // of its messages, once the load has ended
    std::unique_ptr<Rsyslogd> daemon = nullptr;
    std::unique_ptr<Load> load = nullptr;
  };

  void SetUp() override {
    const std::string why_not = why_no_namespaces(directory_);
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    network_.emplace(directory_);
    for (unsigned i = 0; i <= kCollectors; ++i) {
      collector_hosts_.push_back(&network_->add_host("collector" + std::to_string(i)));
    }
    for (unsigned i = 0; i < kSenders; ++i) {
      sender_hosts_.push_back(&network_->add_host("sender" + std::to_string(i)));
    }
  }

  static std::vector<std::string> endpoints_of(const std::vector<Host*>& hosts) {
    std::vector<std::string> endpoints;
    endpoints.reserve(hosts.size());
    for (const Host* host : hosts) endpoints.push_back(host->endpoint(kPort));
    return endpoints;
  }

  // `socket`: the parameters of the action that say what socket it has.
  void start_senders(const std::string& socket, bool connects) {
    for (unsigned i = 0; i < kSenders; ++i) {
      const Host& host = *sender_hosts_[i];
      const std::string endpoints =
          connects ? fmt::to_string(fmt::join(endpoints_of(collector_hosts_), ","))
                   : "@" + host.endpoint(kPort);
      Sender sender{.name = host.name(), .first = i * kRange};
      sender.daemon = std::make_unique<Rsyslogd>(
          directory_,
          configuration(host.name())
              .action(fmt::format(R"(action(type="omzmq" template="raw" statsName="sender" )"
                                  R"(format="packed" endpoints="{}" {} {} {}))",
                                  endpoints, socket, connects ? kReconnects : "", kMemoryQueue)));
      sender.daemon->run_behind(host.command());
      sender.daemon->start();
      senders_.push_back(std::move(sender));
    }
  }

  void add_collector(const std::string& source, bool connects) {
    const Host& host = *collector_hosts_[collectors_.size()];
    TappedReceiver::Options options{.source = source,
                                    .endpoint = host.endpoint(kPort),
                                    .bind = !connects,
                                    // Each of them has a part of each stream only.
                                    .arguments = {"--allow-gaps", "-f", kNamedMessages},
                                    .before = host.command()};
    if (connects) {
      std::vector<std::string> all = endpoints_of(sender_hosts_);
      options.endpoint = all.front();
      options.arguments.insert(options.arguments.end(), all.begin() + 1, all.end());
    }
    collectors_.push_back(
        std::make_unique<TappedReceiver>(directory_, host.name() + ".got", std::move(options)));
    collectors_.back()->start();
  }

  void start_load() {
    for (Sender& sender : senders_) {
      sender.load = std::make_unique<Load>(
          sender.daemon->input(),
          Load::Options{.per_second = kPerSecond, .first = sender.first, .size = kSize});
    }
  }
  // Ends the load; how many messages there were in all.
  unsigned stop_load() {
    unsigned count = 0;
    for (Sender& sender : senders_) count += sender.count = sender.load->stop();
    return count;
  }

  // Until each of these collectors has kPhase more messages.
  bool wait_for_phase(const std::vector<std::size_t>& which) {
    std::vector<unsigned> wanted;
    wanted.reserve(which.size());
    for (const std::size_t i : which) wanted.push_back(collectors_[i]->different() + kPhase);
    return wait_until([&] {
      for (std::size_t i = 0; i < which.size(); ++i) {
        if (collectors_[which[i]]->different() < wanted[i]) return false;
      }
      return true;
    });
  }

  std::vector<unsigned> shares() {
    std::vector<unsigned> have;
    for (const auto& collector : collectors_) have.push_back(collector->different());
    return have;
  }
  // What each of them got since `before`.
  std::vector<unsigned> shares_since(const std::vector<unsigned>& before) {
    std::vector<unsigned> now = shares();
    for (std::size_t i = 0; i < before.size(); ++i) now[i] -= before[i];
    return now;
  }

  bool wait_for_all(unsigned count) {
    std::vector<TappedReceiver*> all;
    for (const auto& collector : collectors_) all.push_back(collector.get());
    return wait_until([&] {
      unsigned different = 0;
      for (TappedReceiver* collector : all) different += collector->different();
      return different >= count && merged().numbers.size() >= count;
    });
  }
  Merged merged() const {
    std::vector<std::string> texts;
    for (const auto& collector : collectors_) texts.push_back(collector->text());
    return merge_collectors(texts);
  }

  std::int64_t sum_of(const std::string& counter) const {
    std::int64_t sum = 0;
    for (const Sender& sender : senders_) {
      sum +=
          Statistics(configuration(sender.name).statistics(), "sender").value(counter).value_or(0);
    }
    return sum;
  }

  // Each message of each sender exactly once, by the numbers that the collectors together have.
  void expect_everything_once(const Merged& merged) const {
    for (const Sender& sender : senders_) {
      std::vector<unsigned> own;
      std::copy_if(merged.numbers.begin(), merged.numbers.end(), std::back_inserter(own),
                   [&](unsigned number) { return number / kRange == sender.first / kRange; });
      EXPECT_TRUE(is_everything_once(own, sender.count, sender.first)) << sender.name;
    }
    EXPECT_EQ(merged.contradictions, 0U);
    EXPECT_EQ(merged.unreadable, 0U);
  }

  std::optional<Network> network_;
  std::vector<Host*> collector_hosts_;
  std::vector<Host*> sender_hosts_;
  std::vector<Sender> senders_;
  std::vector<std::unique_ptr<TappedReceiver>> collectors_;
};

// Each got at least a fifth of an even share: turns are by batches, and these are of any length.
testing::AssertionResult is_spread(const std::vector<unsigned>& shares) {
  constexpr unsigned kPart = 5;
  const unsigned total = std::accumulate(shares.begin(), shares.end(), 0U);
  for (const unsigned share : shares) {
    if (share * shares.size() * kPart < total) {
      return testing::AssertionFailure() << fmt::format("shares {}", fmt::join(shares, ", "));
    }
  }
  std::cout << fmt::format("shares {}\n", fmt::join(shares, ", "));
  return testing::AssertionSuccess();
}

std::string name_of(const testing::TestParamInfo<Plan>& info) { return info.param.name; }

class SendersAcked : public Senders, public testing::WithParamInterface<Plan> {};
INSTANTIATE_TEST_SUITE_P(scale, SendersAcked,
                         testing::Values(Plan{"to_a_list_one_ends", true, false},
                                         Plan{"called_by_collectors_one_is_killed", false, true}),
                         name_of);

TEST_P(SendersAcked, LoseNothingWhenCollectorsComeAndGo) {
  const Plan plan = GetParam();
  for (unsigned i = 0; i < kCollectors; ++i) add_collector("--router", !plan.senders_connect);
  start_senders(R"(sockType="DEALER" confirm="acked" ack.timeout="1000")", plan.senders_connect);
  start_load();
  ASSERT_TRUE(wait_for_phase({0, 1, 2}));
  EXPECT_TRUE(is_spread(shares()));

  add_collector("--router", !plan.senders_connect);
  ASSERT_TRUE(wait_for_phase({3})) << collectors_[3]->errors();
  const auto with_four = shares();
  ASSERT_TRUE(wait_for_phase({0, 1, 2, 3}));
  EXPECT_TRUE(is_spread(shares_since(with_four)));

  if (plan.is_killed) {
    // Not before there is something on the way to it that it has not read.
    collectors_[0]->pause();
    ASSERT_TRUE(wait_for_phase({1, 2, 3}));
    collectors_[0]->kill();
  } else {
    EXPECT_EQ(collectors_[0]->stop(), 0) << collectors_[0]->errors();
  }
  // What its end held up goes out first, in batches that are larger than the others.
  ASSERT_TRUE(wait_for_phase({1, 2, 3}));
  const auto without_the_first = shares();
  ASSERT_TRUE(wait_for_phase({1, 2, 3}));
  auto rest = shares_since(without_the_first);
  rest.erase(rest.begin());
  EXPECT_TRUE(is_spread(rest));

  const unsigned count = stop_load();
  EXPECT_TRUE(wait_for_all(count));
  const Merged all = merged();
  std::cout << fmt::format(
      "{} messages of {} senders; {} in two collectors' files, {} sent again\n", count, kSenders,
      all.duplicates, sum_of("resent"));
  expect_everything_once(all);
  EXPECT_TRUE(wait_until([&] { return sum_of("acked") == count; })) << sum_of("acked");
  EXPECT_EQ(sum_of("submitted"), count);
  for (const Sender& sender : senders_) EXPECT_EQ(stopped(*sender.daemon), "exit 0");
  for (unsigned i = 1; i < collectors_.size(); ++i) {
    EXPECT_EQ(collectors_[i]->stop(), 0) << collectors_[i]->errors();
  }
}

// A PUSH takes for sent what is on its way, so that none of its receivers can be taken away for
// nothing; but one that is added costs nothing.
TEST_F(Senders, WithPushSpreadOverACollectorThatIsAdded) {
  for (unsigned i = 0; i < kCollectors; ++i) add_collector("--pull", false);
  start_senders(R"(sockType="PUSH")", true);
  start_load();
  ASSERT_TRUE(wait_for_phase({0, 1, 2}));
  add_collector("--pull", false);
  ASSERT_TRUE(wait_for_phase({3})) << collectors_[3]->errors();
  const auto with_four = shares();
  ASSERT_TRUE(wait_for_phase({0, 1, 2, 3}));
  EXPECT_TRUE(is_spread(shares_since(with_four)));

  const unsigned count = stop_load();
  EXPECT_TRUE(wait_for_all(count));
  const Merged all = merged();
  expect_everything_once(all);
  EXPECT_EQ(all.duplicates, 0U);
  EXPECT_TRUE(wait_until([&] { return sum_of("sent.messages") == count; }));
  for (const Sender& sender : senders_) EXPECT_EQ(stopped(*sender.daemon), "exit 0");
  for (const auto& collector : collectors_) {
    EXPECT_EQ(collector->stop(), 0) << collector->errors();
  }
}

}  // namespace
}  // namespace omzmq::test
