// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Sends numbered lines to rsyslogd's imptcp, at full speed or at a rate.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "line.hpp"
#include "load.hpp"

int main(int argc, char** argv) {
  omzmq::bench::LoadSettings settings;
  CLI::App app("Sends numbered lines to rsyslogd's imptcp");
  auto* const path = app.add_option("--path", settings.input.path, "unix socket of imptcp");
  app.add_option("--port", settings.input.port, "or its port on 127.0.0.1")->excludes(path);
  app.add_option("--messages", settings.messages, "how many")
      ->required()
      ->check(CLI::Range(std::uint64_t{1}, omzmq::bench::kProbe - 1));
  app.add_option("--bytes", settings.line_bytes, "length of a line without its LF")
      ->check(CLI::Range(omzmq::bench::kShortestLine, std::size_t{1} << 20));
  app.add_option("--connections", settings.connections, "by turns")->check(CLI::Range(1U, 1000U));
  app.add_option("--rate", settings.rate, "messages a second; 0: as fast as they are read")
      ->check(CLI::Range(0U, 1'000'000U));
  CLI11_PARSE(app, argc, argv);
  try {
    fmt::print("{}\n", send_load(settings));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_load: {}\n", error.what());
    return 1;
  }
}
