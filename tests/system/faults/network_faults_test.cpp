// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Hosts of their own, one of which is cut off from the others.
#include <chrono>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "fault_test.hpp"
#include "network_hosts.hpp"

namespace omzmq::test {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kPort = 5555;  // of a host of the test's own
constexpr unsigned kPerSecond = 5000;
constexpr std::size_t kSize = 200;
constexpr unsigned kWindow = 16;  // batches
constexpr unsigned kBatch = 100;  // messages

// A DEALER that waits for acknowledgements, with one of the action queues of rsyslog before it.
Configuration with_dealer(Configuration configuration, const std::string& endpoints) {
  return configuration.action(
      fmt::format(R"(action(type="omzmq" template="raw" statsName="sender" format="packed" )"
                  R"(endpoints="{}" sockType="DEALER" confirm="acked" ack.timeout="1000" )"
                  R"(ack.window="{}" batch.maxMessages="{}" connectTimeout="1000" )"
                  R"(reconnect.maxInterval="1000" {}))",
                  endpoints, kWindow, kBatch, kMemoryQueue));
}

class NetworkFaults : public SystemTest {
 protected:
  void SetUp() override {
    const std::string why_not = why_no_namespaces(directory_);
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    network_.emplace(directory_);
  }
  std::unique_ptr<Rsyslogd> daemon_on(const Host& host, const std::string& endpoints) const {
    auto daemon =
        std::make_unique<Rsyslogd>(directory_, with_dealer(configuration(host.name()), endpoints));
    daemon->run_behind(host.command());
    daemon->start();
    return daemon;
  }
  TappedReceiver collector_on(const Host& host, std::vector<std::string> arguments = {}) const {
    return {directory_,
            host.name() + ".got",
            {.source = "--router",
             .endpoint = host.endpoint(kPort),
             .arguments = std::move(arguments),
             .before = host.command()}};
  }
  std::int64_t counter_on(const Host& host, const std::string& counter) const {
    return Statistics(configuration(host.name()).statistics(), "sender").value(counter).value_or(0);
  }

  std::optional<Network> network_;
};

// ---- Two hosts, and the cable between them

std::string name_of(const testing::TestParamInfo<Cut>& info) {
  switch (info.param) {
    case Cut::kCableUnplugged:
      return "unplugged";
    case Cut::kPacketsDropped:
      return "packets_dropped";
    case Cut::kInterfaceDown:
      break;
  }
  return "interface_down";
}

class ACutThatHeals : public NetworkFaults, public testing::WithParamInterface<Cut> {};
INSTANTIATE_TEST_SUITE_P(network, ACutThatHeals,
                         testing::Values(Cut::kCableUnplugged, Cut::kPacketsDropped,
                                         Cut::kInterfaceDown),
                         name_of);

TEST_P(ACutThatHeals, LosesNothing) {
  Host& sending = network_->add_host("sending");
  Host& collecting = network_->add_host("collecting");
  TappedReceiver collector = collector_on(collecting);
  collector.start();
  const auto daemon = daemon_on(sending, collecting.endpoint(kPort));
  Load load(daemon->input(), {.per_second = kPerSecond, .size = kSize});
  ASSERT_TRUE(collector.wait_for(kPerSecond)) << collector.errors();
  const auto length = fault_length(30s);

  // The sender sees by itself that its peer is gone: nobody tells it.
  network_->cut(GetParam() == Cut::kInterfaceDown ? sending : collecting, GetParam());
  const auto cut_at = Clock::now();
  EXPECT_TRUE(wait_until([&] { return sending.established_connections() == 0; }));
  std::cout << fmt::format("noticed after {:.1f} s\n",
                           std::chrono::duration<double>(Clock::now() - cut_at).count());
  std::this_thread::sleep_until(cut_at + length);
  const unsigned before = collector.different();

  network_->heal(GetParam() == Cut::kInterfaceDown ? sending : collecting);
  const auto healed_at = Clock::now();
  EXPECT_TRUE(collector.wait_for(before + 1));
  std::cout << fmt::format("goes on {:.1f} s after it was healed\n",
                           std::chrono::duration<double>(Clock::now() - healed_at).count());
  EXPECT_EQ(sending.established_connections(), 1);

  const unsigned count = load.stop();
  EXPECT_TRUE(collector.wait_for_all(count));
  std::cout << count_numbers(collector.numbers(), count) << '\n';
  EXPECT_TRUE(is_everything_once(collector.numbers(), count));
  EXPECT_TRUE(wait_until([&] { return counter_on(sending, "acked") == count; }))
      << counter_on(sending, "acked");
  EXPECT_EQ(counter_on(sending, "sent.messages"), count);
  EXPECT_GT(counter_on(sending, "resent"), 0);
  EXPECT_EQ(stopped(*daemon), "exit 0");
  EXPECT_EQ(collector.stop(), 0) << collector.errors();
}

// ---- Three senders, two collectors

// A batch whose acknowledgement was cut off is in both collectors' files; no other one is. Each of
// them has a part of a stream only: gaps are no error there.
TEST_F(NetworkFaults, ACollectorCutOffForGoodCostsNothingWhereAnotherIsThere) {
  constexpr unsigned kCount = 4 * kPerSecond;
  Host& cut_off = network_->add_host("cut-off");
  Host& staying = network_->add_host("staying");
  TappedReceiver one = collector_on(cut_off, {"--allow-gaps"});
  TappedReceiver other = collector_on(staying, {"--allow-gaps"});
  one.start();
  other.start();
  const std::string endpoints = cut_off.endpoint(kPort) + "," + staying.endpoint(kPort);
  std::vector<std::unique_ptr<Rsyslogd>> daemons;
  std::vector<std::unique_ptr<Load>> loads;
  for (const char* name : {"first", "second", "third"}) {
    daemons.push_back(daemon_on(network_->add_host(name), endpoints));
  }
  for (const auto& daemon : daemons) {
    const auto first = static_cast<unsigned>(loads.size()) * kCount;
    loads.push_back(std::make_unique<Load>(
        daemon->input(),
        Load::Options{.per_second = kPerSecond, .first = first, .count = kCount, .size = kSize}));
  }
  const auto senders = static_cast<unsigned>(daemons.size());
  ASSERT_TRUE(one.wait_for(kCount / 2)) << one.errors();
  ASSERT_TRUE(other.wait_for(kCount / 2)) << other.errors();

  network_->cut(cut_off, Cut::kPacketsDropped);
  for (const auto& load : loads) EXPECT_TRUE(load->wait_for_all());
  EXPECT_TRUE(wait_for_all({&one, &other}, senders * kCount));
  const auto all = united(one.numbers(), other.numbers());
  const Counts counts = count_numbers(all, senders * kCount);
  std::cout << counts << "; the one cut off has " << one.different() << '\n';
  EXPECT_TRUE(is_everything(all, senders * kCount));
  EXPECT_LE(counts.repeated, senders * kWindow * kBatch);
  EXPECT_LT(one.different(), other.different());
  for (const auto& daemon : daemons) EXPECT_EQ(stopped(*daemon), "exit 0");
  EXPECT_EQ(other.stop(), 0) << other.errors();
}

}  // namespace
}  // namespace omzmq::test
