// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "load.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>

#include <algorithm>
#include <deque>

#include "common/descriptor.hpp"
#include "line.hpp"

namespace omzmq::bench {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{64} << 10;
constexpr std::uint64_t kShortestSleepNs = 50'000;
constexpr std::uint64_t kSecondNs = 1'000'000'000;

void sleep_until(std::uint64_t time_ns) {
  const timespec time{static_cast<std::time_t>(time_ns / kSecondNs),
                      static_cast<long>(time_ns % kSecondNs)};
  ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, nullptr);
}

/// How many lines are due: at full speed all that are left.
class Pace {
 public:
  Pace(std::uint64_t rate, std::uint64_t start_ns) : rate_(rate), start_ns_(start_ns) {
    // Otherwise the kernel may let every sleep last 50 microseconds longer.
    if (rate_ != 0) ::prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  }

  /// Waits until at least one line is due.
  [[nodiscard]] std::uint64_t wait_for_due(std::uint64_t sent, std::uint64_t messages) const {
    if (rate_ == 0) return messages - sent;
    for (;;) {
      const std::uint64_t now = now_ns();
      const std::uint64_t due = 1 + (now - start_ns_) * rate_ / kSecondNs;
      if (due > sent) return std::min(due, messages) - sent;
      sleep_until(std::max(start_ns_ + sent * kSecondNs / rate_, now + kShortestSleepNs));
    }
  }

 private:
  const std::uint64_t rate_;
  const std::uint64_t start_ns_;
};

}  // namespace

std::string send_load(const LoadSettings& settings) {
  std::deque<Descriptor> connections;
  for (unsigned i = 0; i < settings.connections; ++i) {
    connections.emplace_back(connect_to(settings.input));
  }
  LineBlock block(std::max<std::size_t>(1, kBlockBytes / (settings.line_bytes + 1)),
                  settings.line_bytes);
  const std::uint64_t first_ns = now_ns();
  const Pace pace(settings.rate, first_ns);
  std::size_t turn = 0;
  for (std::uint64_t sent = 0; sent < settings.messages;) {
    const std::uint64_t due = pace.wait_for_due(sent, settings.messages);
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(due, block.lines()));
    write_all(connections[turn].get(), block.stamp(sent, count, now_ns()));
    turn = (turn + 1) % connections.size();
    sent += count;
  }
  return fmt::format(R"({{"sent": {}, "first_ns": {}, "last_ns": {}}})", settings.messages,
                     first_ns, now_ns());
}

}  // namespace omzmq::bench
