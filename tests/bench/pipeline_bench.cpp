// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What the module can do when rsyslogd is not the limit: through its C boundary, as rsyslog's part
// calls it, over TCP to a receiver that reads each message. Beside it, by turns, libzmq alone with
// the same messages. Once with as many messages on the way as the queues take, and, where a
// "window" is named, with no more than that: as it is when what comes before it is slower.
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "bench/pipeline/plan.hpp"
#include "bench/pipeline/results.hpp"

namespace {

using namespace omzmq::bench;

constexpr std::uint64_t kBytes = 256;
/// Messages on the way: several frames.
constexpr std::uint64_t kShort = 8192;

Case make_case(const char* name, const char* peer, Way way, std::uint64_t workers,
               std::uint64_t messages) {
  Case made{"pipeline", name, peer, {{"bytes", kBytes}, {"workers", workers}}, {}};
  made.plan.way = way;
  made.plan.workers = workers;
  made.plan.bytes = kBytes;
  made.plan.messages = messages;
  return made;
}

std::vector<Case> all_cases() {
  constexpr std::uint64_t kMany = 2'000'000;
  constexpr std::uint64_t kFewer = 1'000'000;
  constexpr const char* kFrames = "raw libzmq frames";
  constexpr const char* kEach = "raw libzmq messages";
  std::vector<Case> cases{make_case(kFrames, "", Way::kZmqFrames, 1, kMany),
                          make_case(kEach, "", Way::kZmqEach, 1, kFewer)};
  for (const auto workers : std::to_array<std::uint64_t>({1, 2, 4})) {
    cases.push_back(make_case("omzmq packed", kFrames, Way::kPacked, workers, kMany));
    cases.push_back(make_case("omzmq lines", kFrames, Way::kLines, workers, kMany));
    cases.push_back(make_case("omzmq raw", kEach, Way::kRaw, workers, kFewer));
  }
  for (Case one : std::vector(cases)) {
    if (one.plan.workers != 1) continue;
    one.plan.window = kShort;
    one.parameters.emplace_back("window", kShort);
    cases.push_back(one);
  }
  return cases;
}

}  // namespace

int main(int argc, char** argv) {
  return run_benchmark(argc, argv, 3,
                       "What the module can do without rsyslogd, beside libzmq alone; JSON lines.",
                       all_cases());
}
