// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <variant>

#include "tap/options.hpp"
#include "tap/source.hpp"
#include "tap/stop_signals.hpp"
#include "tap/tap.hpp"
#include "tap/writer.hpp"

namespace {

using omzmq::tap::ExitCode;

ExitCode receive(const omzmq::tap::Options& options) {
  // The next descriptor that is opened would take the place of a closed standard output.
  if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
    fmt::print(stderr, "zmqtap: standard output is closed\n");
    return ExitCode::UsageOrOutput;
  }
  // Before libzmq starts its threads, which inherit the blocked signals.
  const omzmq::tap::StopSignals stop_signals;
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  omzmq::tap::Source source(options);
  omzmq::tap::Writer writer(STDOUT_FILENO, stop_signals.fd());
  omzmq::tap::Tap tap(options, source, writer, STDOUT_FILENO, stop_signals.fd());
  return tap.run();
}

ExitCode run(int argc, char** argv) {
  try {
    const auto request = omzmq::tap::parse_command_line(argc, argv);
    if (const auto* const text = std::get_if<omzmq::tap::TextRequest>(&request)) {
      fmt::print("{}", text->text);
      return ExitCode::Ok;
    }
    return receive(std::get<omzmq::tap::Options>(request));
  } catch (const omzmq::tap::UsageError& error) {
    fmt::print(stderr, "zmqtap: {}\nTry 'zmqtap --help'.\n", error.what());
    return ExitCode::UsageOrOutput;
  } catch (const std::exception& error) {
    fmt::print(stderr, "zmqtap: {}\n", error.what());
    return ExitCode::Unreachable;
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(run(argc, argv));
  } catch (...) {
    // Standard output or standard error itself failed: there is nobody left to tell.
    return static_cast<int>(ExitCode::UsageOrOutput);
  }
}
