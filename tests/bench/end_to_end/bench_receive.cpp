// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Receives what an action sends, and says what came: a line of JSON each with its addresses, once a
// probe came on every socket, and at the end.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>

#include "receive.hpp"
#include "stop_signal.hpp"

namespace {

void say(const std::string& text) {
  fmt::print("{}\n", text);
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  using namespace omzmq::bench;
  ReceiveSettings settings;
  std::string framing = "raw";
  CLI::App app("Receives a load of bench_load");
  app.add_flag("--sub", settings.socket.is_sub, "SUB to everything, else PULL");
  app.add_option("--connect", settings.socket.endpoint, "else bound to free ports");
  app.add_option("--sockets", settings.sockets, "each gets all messages")
      ->check(CLI::Range(1U, 1000U));
  app.add_option("--format", framing, "what a message holds")
      ->check(CLI::IsMember({"raw", "lines", "packed"}));
  app.add_option("--messages", settings.messages, "ends when there were so many")->required();
  app.add_flag("--curve", settings.is_curve_server, "a CURVE server that lets in everybody");
  app.add_flag("--latency", settings.measures_latency, "from the load's socket to here");
  app.add_option("--idle-ms", settings.idle_ms, "ends when nothing came for so long");
  CLI11_PARSE(app, argc, argv);
  catch_stop_signal();
  try {
    settings.framing = to_framing(framing);
    Receiver receiver(settings);
    say(receiver.description());
    receiver.wait_for_probes(stop_signal());
    say(R"({"ready": true})");
    receiver.receive(stop_signal());
    say(receiver.report());
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_receive: {}\n", error.what());
    return 1;
  }
}
