// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// The live screen with made-up traffic: for looking at it, and for the test of the terminal.
// With the argument "throw" it ends by an exception after the first picture.
#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <exception>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tap/screen/live_screen.hpp"
#include "tap/screen/signal_fd.hpp"

namespace {

using omzmq::tap::FrameSeen;
using omzmq::tap::LiveScreen;
using omzmq::tap::Traffic;
using Clock = std::chrono::steady_clock;

/// Frames as a few busy and many quiet sources would send them.
class MadeUpTraffic {
 public:
  void send(Traffic& traffic) {
    ++turns_;
    const double wave = 1 + 0.6 * std::sin(turns_ / 90.0) + 0.2 * std::sin(turns_ / 7.0);
    for (std::size_t i = 0; i < kTopics.size(); ++i) {
      const double rate = wave * 6000 / std::pow(static_cast<double>(i) + 1, 1.3);
      send_frame(traffic, i, static_cast<std::uint64_t>(rate * (0.9 + 0.2 * random())));
    }
    traffic.set_peers(3);
    if (random() < 0.002) traffic.count_duplicates(412);
    if (random() < 0.001) traffic.count_corrupt();
  }

 private:
  static constexpr std::array<std::string_view, 14> kTopics{
      "nginx.access",   "nginx.error",
      "auth",           "kernel",
      "payments.eu",    "payments.us",
      "cron",           "mail.postfix",
      "größe.überall",  "evil\033[2J\a",
      "db.postgres",    "中文日志",
      "broken\xff\xfe", "a.very.long.topic.name.that.does.not.fit.into.any.column.of.this.table"};

  double random() { return std::uniform_real_distribution<double>(0, 1)(generator_); }

  void send_frame(Traffic& traffic, std::size_t i, std::uint64_t messages) {
    if (messages == 0) {
      return;
    }
    FrameSeen frame;
    frame.topic = kTopics[i];
    frame.numbered = true;
    frame.epoch = i % 2 == 0 ? 0x9f3c27e1d2b4a586 : 0x41d0b7735ca9e213;
    frame.stream = i;
    frame.messages = messages;
    frame.bytes = messages * 256;
    frame.frame_bytes = frame.bytes / 4 + 56;
    frame.missed = i % 5 == 1 && random() < 0.01 ? messages : 0;
    const double milliseconds = std::exp(1.5 * random()) - (i == 3 ? 2.5 : 0);
    frame.latency = std::chrono::nanoseconds(std::llround(milliseconds * 1e6));
    traffic.seen(frame);
  }

  std::mt19937 generator_{1};
  int turns_ = 0;
};

std::vector<std::string> made_up_counts(const Traffic& traffic) {
  const auto count = traffic.totals().flow.messages();
  return {fmt::format("count by .status, {} events", count),
          fmt::format("{:>14}  200", count * 9 / 10), fmt::format("{:>14}  404", count / 20),
          fmt::format("{:>14}  500", count / 50)};
}

/// Until q or a signal to stop.
void show(bool with_exception) {
  const omzmq::tap::SignalFd stop_signals({SIGINT, SIGTERM});
  LiveScreen screen("pull tcp://*:5555, sub ipc:///run/logs");
  Traffic traffic(Clock::now());
  MadeUpTraffic source;
  while (!screen.wants_quit()) {
    source.send(traffic);
    const auto now = Clock::now();
    const bool ticked = traffic.tick(now);
    if (screen.wants_redraw(ticked)) {
      screen.redraw(traffic, now, made_up_counts(traffic));
      if (with_exception) {
        throw std::runtime_error("screen_demo: as asked for");
      }
    }
    constexpr int kTurnMs = 20;
    std::array<pollfd, 3> fds{{{stop_signals.fd(), POLLIN, 0},
                               {screen.key_fd(), POLLIN, 0},
                               {screen.signal_fd(), POLLIN, 0}}};
    poll(fds.data(), fds.size(), kTurnMs);
    if (fds[0].revents != 0) {
      return;
    }
    if (fds[1].revents != 0 || fds[2].revents != 0) {
      screen.handle_input();
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (!LiveScreen::is_possible()) {
      fmt::print(stderr, "screen_demo: {}\n", LiveScreen::kNeedsTerminal);
      return 1;
    }
    show(argc > 1 && std::string_view(argv[1]) == "throw");
    return 0;
  } catch (const std::exception& error) {
    std::fputs(error.what(), stderr);
    std::fputs("\n", stderr);
    return 2;
  }
}
