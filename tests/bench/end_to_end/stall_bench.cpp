// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// How long commits take while the receiver stands still.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "stall.hpp"

int main(int argc, char** argv) {
  omzmq::bench::StallSettings settings;
  std::vector<std::string> parameters;
  CLI::App app("Measures commits while the receiver stands still");
  app.add_option("--set", parameters, "parameter of the action, such as handoff.full=dropNewest");
  app.add_option("--commits", settings.commits, "how many")->check(CLI::Range(1, 1'000'000));
  app.add_option("--messages", settings.messages, "of each commit")->check(CLI::Range(1, 100'000));
  app.add_option("--bytes", settings.message_bytes, "of each message")
      ->check(CLI::Range(1, 1 << 20));
  app.add_option("--pause-us", settings.pause_us, "from the start of one commit to the next");
  CLI11_PARSE(app, argc, argv);
  try {
    for (const std::string& parameter : parameters) {
      const auto equals = parameter.find('=');
      if (equals == std::string::npos) {
        throw std::invalid_argument("--set " + parameter + ": there is no =; it is NAME=VALUE");
      }
      settings.parameters.emplace_back(parameter.substr(0, equals), parameter.substr(equals + 1));
    }
    fmt::print("{}\n", measure_stall(settings));
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "stall_bench: {}\n", error.what());
    return 1;
  }
}
