// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "tap/options.hpp"
#include "tap/proxy.hpp"
#include "tap/records/output.hpp"
#include "tap/report.hpp"
#include "tap/screen/live_screen.hpp"
#include "tap/screen/signal_fd.hpp"
#include "tap/sockets/certificate.hpp"
#include "tap/sockets/keygen.hpp"
#include "tap/source.hpp"
#include "tap/tap.hpp"

namespace {

using namespace omzmq::tap;

/// SIGHUP asks for files to be opened again where there are some; else it means the end. The live
/// screen takes it for itself: its terminal is gone then.
bool reopens_at_hang_up(const Options& options) {
  return !options.top && (!options.output.file.empty() || !options.source.curve.clients.empty());
}

std::vector<int> stop_signals(const Options& options) {
  std::vector<int> signals{SIGINT, SIGTERM};
  if (!options.top && !reopens_at_hang_up(options)) {
    signals.push_back(SIGHUP);
  }
  return signals;
}

std::vector<int> request_signals(const Options& options) {
  std::vector<int> signals{SIGUSR1};
  if (reopens_at_hang_up(options)) {
    signals.push_back(SIGHUP);
  }
  return signals;
}

/// For the head of the live screen: "pull @tcp://*:5555".
std::string describe(const SourceOptions& source) {
  std::string text = source.kind == SocketKind::kPull     ? "pull"
                     : source.kind == SocketKind::kRouter ? "router"
                                                          : "sub";
  for (const Endpoint& endpoint : source.endpoints) {
    text += endpoint.attachment == Attachment::kBind ? " @" : " ";
    text += endpoint.address;
  }
  return text;
}

/// Says where it listens: always, when the system chose the port.
void tell_bound(const std::vector<Endpoint>& endpoints, const std::vector<std::string>& all_bound,
                Report& report) {
  std::size_t i = 0;
  for (const Endpoint& endpoint : endpoints) {
    if (endpoint.attachment == Attachment::kBind) {
      const std::string& bound = all_bound[i++];
      const bool is_chosen = endpoint.address.ends_with(":*") || endpoint.address.ends_with(":0") ||
                             endpoint.address == "ipc://*";
      const std::string text = "listening at " + bound;
      is_chosen ? report.say(text) : report.mention(text);
    }
  }
}

ExitCode pass_on(const Options& options) {
  // Before libzmq starts its threads, which inherit the blocked signals.
  SignalFd stop(stop_signals(options));
  SignalFd requests(request_signals(options));
  Report report(report_level(options));
  Proxy proxy(options, stop, requests, report);
  std::vector<Endpoint> endpoints = options.source.endpoints;
  endpoints.insert(endpoints.end(), options.proxies.begin(), options.proxies.end());
  tell_bound(endpoints, proxy.bound(), report);
  return proxy.run();
}

ExitCode receive(const Options& options) {
  // The next descriptor that is opened would take the place of a closed standard output.
  if (fcntl(STDOUT_FILENO, F_GETFD) < 0) {
    throw UsageError("standard output is closed");
  }
  if (options.top && !LiveScreen::is_possible()) {
    throw UsageError(std::string(LiveScreen::kNeedsTerminal));
  }
  // Before libzmq starts its threads, which inherit the blocked signals.
  SignalFd stop(stop_signals(options));
  SignalFd requests(request_signals(options));
  // Both are errors of a write instead, which the output deals with.
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
  std::optional<Output> output;
  if (options.writes_records()) {
    output.emplace(options.output, STDOUT_FILENO, stop.fd(), Tap::Clock::now());
  }
  Report report(report_level(options));
  std::optional<LiveScreen> screen;
  if (options.top) {
    screen.emplace(describe(options.source));
    report.set_level(Report::Level::kErrors);
  }
  Source source(options.source);
  tell_bound(options.source.endpoints, source.bound(), report);
  Tap tap(options, {stop, requests, source, output, screen, report});
  return tap.run();
}

struct Perform {
  ExitCode operator()(const Options& options) const {
    return options.proxies.empty() ? receive(options) : pass_on(options);
  }
  ExitCode operator()(const TextRequest& request) const { return print(request.text); }
  ExitCode operator()(const KeygenRequest& request) const { return print(keygen(request)); }

  static ExitCode print(const std::string& text) {
    if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() &&
        std::fflush(stdout) == 0) {
      return ExitCode::kOk;
    }
    throw OutputError("cannot write to standard output: " + std::generic_category().message(errno));
  }
};

ExitCode complain(const char* why, ExitCode code) {
  static_cast<void>(std::fprintf(stderr, "zmqtap: %s\n", why));
  return code;
}

ExitCode run(int argc, char** argv) {
  try {
    return std::visit(Perform{}, parse_command_line(argc, argv));
  } catch (const UsageError& error) {
    static_cast<void>(std::fprintf(stderr, "zmqtap: %s\nTry 'zmqtap --help'.\n", error.what()));
    return ExitCode::kUsageOrOutput;
  } catch (const SocketOptionError& error) {
    return complain(error.what(), ExitCode::kUsageOrOutput);
  } catch (const omzmq::CertificateError& error) {
    return complain(error.what(), ExitCode::kUsageOrOutput);
  } catch (const OutputError& error) {
    return complain(error.what(), ExitCode::kUsageOrOutput);
  } catch (const std::exception& error) {
    return complain(error.what(), ExitCode::kUnreachable);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(run(argc, argv));
  } catch (...) {
    // Standard output or standard error itself failed: there is nobody left to tell.
    return static_cast<int>(ExitCode::kUsageOrOutput);
  }
}
