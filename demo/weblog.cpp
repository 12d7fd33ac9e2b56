// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// The demo's generator: sends web access events as syslog lines over TCP to 127.0.0.1. The last
// line of its standard output says how many it sent: "sent N".
#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <limits>
#include <string>
#include <system_error>

#include "line_sender.hpp"
#include "web_events.hpp"

namespace {

using Clock = std::chrono::steady_clock;
using omzmq::demo::LineSender;
using omzmq::demo::WebEvents;

constexpr int kFailure = 1;
constexpr std::uint64_t kMaxChunkLines = 256;
constexpr std::chrono::milliseconds kTick{10};
constexpr std::chrono::milliseconds kStopGrace{5000};

struct Options {
  std::uint16_t port = 0;
  std::uint64_t rate = 1000;  // lines/s; 0: as fast as it goes
  std::uint64_t count = 0;    // 0: no bound
  double seconds = 0;         // 0: no bound
  std::uint64_t seed = 1;
};

void declare(CLI::App& app, Options& options) {
  app.add_option("--port", options.port, "TCP port at 127.0.0.1 that takes syslog lines")
      ->required()
      ->check(CLI::Range(1, 65535));
  app.add_option("--rate", options.rate, "Events a second; 0: as fast as it goes; default 1000");
  app.add_option("--count", options.count, "End after so many events; 0: no bound (default)");
  app.add_option("--seconds", options.seconds, "End after so many seconds; 0: no bound (default)")
      ->check(CLI::Range(0.0, 1e9));
  app.add_option("--seed", options.seed, "The same seed makes the same events; default 1");
}

/// SIGINT and SIGTERM as a readable descriptor, which lives as long as the process.
int open_stop_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  const int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(), "signalfd");
  }
  return fd;
}

bool stops_within(int stop_fd, std::chrono::milliseconds time) {
  pollfd watched{stop_fd, POLLIN, 0};
  return poll(&watched, 1, static_cast<int>(time.count())) > 0;
}

/// How many lines may be out by now.
std::uint64_t allowance(const Options& options, Clock::duration elapsed) {
  const std::uint64_t bound =
      options.count == 0 ? std::numeric_limits<std::uint64_t>::max() : options.count;
  if (options.rate == 0) {
    return bound;
  }
  const double due =
      std::chrono::duration<double>(elapsed + kTick).count() * static_cast<double>(options.rate);
  return std::min(bound, std::max<std::uint64_t>(1, static_cast<std::uint64_t>(due)));
}

void generate(const Options& options, LineSender& sender, int stop_fd) {
  WebEvents events(options.seed);
  std::string chunk;
  const Clock::time_point start = Clock::now();
  std::uint64_t made = 0;
  for (;;) {
    const Clock::duration elapsed = Clock::now() - start;
    const bool time_is_over =
        options.seconds > 0 && std::chrono::duration<double>(elapsed).count() >= options.seconds;
    if (time_is_over || (options.count != 0 && made >= options.count)) {
      return;
    }
    const std::uint64_t allowed = allowance(options, elapsed);
    const std::uint64_t due = allowed > made ? std::min(allowed - made, kMaxChunkLines) : 0;
    if (stops_within(stop_fd, due == 0 ? kTick : std::chrono::milliseconds{0})) {
      return;
    }
    chunk.clear();
    for (std::uint64_t i = 0; i < due; ++i) {
      events.append_line(std::chrono::system_clock::now(), chunk);
    }
    made += due;
    if (sender.send(chunk, stop_fd, kStopGrace) < due) {
      return;
    }
  }
}

int run(int argc, char** argv) {
  CLI::App app("Sends web access events as syslog lines, each ended by LF, to 127.0.0.1.",
               "weblog");
  Options options;
  declare(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kFailure;
  }
  const int stop_fd = open_stop_signals();
  LineSender sender(options.port);
  int code = 0;
  try {
    generate(options, sender, stop_fd);
  } catch (const std::system_error& error) {
    fmt::print(stderr, "weblog: {}\n", error.what());
    code = kFailure;
  }
  fmt::print("sent {}\n", sender.lines_sent());
  return code;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    try {
      return run(argc, argv);
    } catch (const std::exception& error) {
      fmt::print(stderr, "weblog: {}\n", error.what());
    }
  } catch (...) {
    // Standard error itself failed: there is nobody left to tell.
    return kFailure;
  }
  return kFailure;
}
