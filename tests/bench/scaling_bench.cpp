// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What a message costs as there are more topics, more subscribers, larger messages. Through the
// module's C boundary, without rsyslogd.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/pipeline/plan.hpp"
#include "bench/pipeline/results.hpp"

namespace {

using namespace omzmq::bench;

constexpr std::uint64_t kBytes = 256;
/// Fewer than a subscriber's queue takes, so that nothing is dropped; many more than are batched.
constexpr std::uint64_t kWindow = 32768;

constexpr const char* name_of(Way way) { return way == Way::kRaw ? "omzmq raw" : "omzmq packed"; }

void add_topics(std::vector<Case>& cases) {
  for (const TopicOrder order : {TopicOrder::kZipf, TopicOrder::kRoundRobin}) {
    const std::string order_name = order == TopicOrder::kZipf ? "zipf" : "round robin";
    for (const Way way : {Way::kPacked, Way::kRaw}) {
      for (const auto topics : std::to_array<std::uint64_t>({1, 10, 100, 1000, 10000, 100000})) {
        Case& one =
            cases.emplace_back(Case{"topics",
                                    name_of(way),
                                    "",
                                    {{"topics", topics}, {"order", order_name}, {"bytes", kBytes}},
                                    {}});
        one.plan.way = way;
        one.plan.is_pub = true;
        one.plan.topics = topics;
        one.plan.order = order;
        one.plan.messages = 120'000;
        one.plan.window = kWindow;
      }
    }
  }
}

void add_subscribers(std::vector<Case>& cases) {
  for (const Way way : {Way::kPacked, Way::kRaw}) {
    for (std::uint64_t subscribers = 1; subscribers <= kMostSubscribers; subscribers *= 2) {
      Case& one = cases.emplace_back(Case{
          "subscribers", name_of(way), "", {{"subscribers", subscribers}, {"bytes", kBytes}}, {}});
      one.plan.way = way;
      one.plan.is_pub = true;
      one.plan.subscribers = subscribers;
      // As many as give a few hundred thousand deliveries, and several windows.
      one.plan.messages = std::max<std::uint64_t>(2 * kWindow, 500'000 / subscribers);
      one.plan.window = kWindow;
    }
  }
}

void add_sizes(std::vector<Case>& cases) {
  constexpr std::uint64_t kMostBytes = std::uint64_t{128} << 20;
  constexpr std::uint64_t kMostMessages = 250'000;
  constexpr std::uint64_t kTransactionBytes = std::uint64_t{1} << 20;
  constexpr std::uint64_t kTransaction = 1024;
  const auto add = [&](const char* name, const char* peer, Way way, std::uint64_t bytes) {
    Case& one = cases.emplace_back(Case{"sizes", name, peer, {{"bytes", bytes}}, {}});
    one.plan.way = way;
    one.plan.bytes = bytes;
    one.plan.messages = std::min(kMostMessages, kMostBytes / bytes);
    one.plan.transaction = std::clamp<std::uint64_t>(kTransactionBytes / bytes, 1, kTransaction);
  };
  constexpr const char* kEach = "raw libzmq messages";
  for (std::uint64_t bytes = 16; bytes <= std::uint64_t{1} << 20; bytes *= 4) {
    add(kEach, "", Way::kZmqEach, bytes);
    add(name_of(Way::kRaw), kEach, Way::kRaw, bytes);
    add(name_of(Way::kPacked), kEach, Way::kPacked, bytes);
  }
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<Case> cases;
  add_topics(cases);
  add_subscribers(cases);
  add_sizes(cases);
  return run_benchmark(argc, argv, 1,
                       "What a message costs as topics, subscribers or bytes grow; JSON lines.",
                       cases);
}
