// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Sends one line at a time to rsyslogd, and the next once the last came out of ZeroMQ. Prints a
// line of JSON with its address, begins when it gets a line, and prints one at the end.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>

#include "line.hpp"
#include "ping.hpp"
#include "stop_signal.hpp"

int main(int argc, char** argv) {
  using namespace omzmq::bench;
  PingSettings settings;
  std::string framing = "raw";
  CLI::App app("Measures one message at a time through rsyslogd");
  app.add_option("--path", settings.input.path, "unix socket of imptcp")->required();
  app.add_option("--format", framing, "what a message holds")
      ->check(CLI::IsMember({"raw", "lines", "packed"}));
  app.add_option("--messages", settings.messages, "how many")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, kProbe - 1));
  app.add_option("--bytes", settings.line_bytes, "length of a line without its LF")
      ->check(CLI::Range(kShortestLine, std::size_t{1} << 20));
  CLI11_PARSE(app, argc, argv);
  catch_stop_signal();
  try {
    settings.framing = to_framing(framing);
    Ping ping(settings);
    fmt::print("{}\n", ping.description());
    std::fflush(stdout);
    std::string go;
    if (!std::getline(std::cin, go)) return 1;
    fmt::print("{}\n", ping.run(stop_signal()));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_latency: {}\n", error.what());
    return 1;
  }
}
