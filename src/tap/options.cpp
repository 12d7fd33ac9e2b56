// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <system_error>

namespace omzmq::tap {
namespace {

constexpr double kMinTimeoutSeconds = 0.001;
constexpr double kMaxTimeoutSeconds = 1e9;
constexpr std::uint64_t kMaxPort = 65535;
constexpr std::string_view kSeparator = "://";

constexpr const char* kExamples = R"(
ENDPOINT is tcp://host:port, tcp://[ipv6]:port or ipc:///path. '@' before it binds, '>' connects,
whatever --bind and --connect say. Of a message in several parts the last one, the body, is
written. The bytes of a message are written as they are.

Exit codes: 0 all well, also when a signal or a closed standard output ended it; 1 wrong usage, or
standard output cannot be written; 2 cannot bind or connect; 3 the time of -t is over.

Examples:
  zmqtap tcp://127.0.0.1:5555                       everything that a PUB there publishes
  zmqtap -s nginx -s sshd -c 10 tcp://log:5555      ten messages of two topics
  zmqtap --pull --bind --format lines --stats 'tcp://*:5555' > events.log
)";

// The values as they stand on the command line.
struct RawValues {
  bool pull = false;
  bool sub = false;
  bool bind = false;
  bool connect = false;
  bool stats = false;
  std::vector<std::string> endpoints;
  std::vector<std::string> prefixes;
  std::string count;
  std::string timeout;
  std::string format = "raw";
};

void declare(CLI::App& app, RawValues& values) {
  app.footer(kExamples);
  app.set_version_flag("--version", "zmqtap " OMZMQ_VERSION, "Print the version and end");
  app.add_option("ENDPOINT", values.endpoints, "Where to receive from; several are allowed");
  auto* const sub = app.add_flag("--sub", values.sub, "Subscribe to PUB sockets (default)");
  app.add_flag("--pull", values.pull, "Pull from PUSH sockets")->excludes(sub);
  auto* const connect = app.add_flag("--connect", values.connect, "Connect (default)");
  app.add_flag("--bind", values.bind, "Bind")->excludes(connect);
  // One value for each -s: endpoints may follow it, and a prefix may look like "[list]".
  app.add_option("-s,--subscribe", values.prefixes,
                 "--sub: only what begins with PREFIX; repeatable; default: everything")
      ->option_text("PREFIX")
      ->allow_extra_args(false);
  app.add_option("-c,--count", values.count, "End after exactly COUNT messages")
      ->option_text("COUNT");
  app.add_option("-t,--timeout", values.timeout,
                 "End with exit code 3 after SECONDS without a message; fractions are allowed")
      ->option_text("SECONDS");
  app.add_option("--format", values.format,
                 "raw: one ZeroMQ message is one message (default); lines: messages in a frame "
                 "are separated by LF")
      ->option_text("raw|lines");
  app.add_flag("--stats", values.stats,
               "Write messages/s, MB/s and the total to standard error, once a second and at the "
               "end");
}

std::uint64_t read_count(const std::string& text) {
  std::uint64_t count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc{} || stop != end || count == 0) {
    throw UsageError(fmt::format("--count '{}': must be a whole number from 1 to {}", text,
                                 std::numeric_limits<std::uint64_t>::max()));
  }
  return count;
}

std::chrono::milliseconds read_timeout(const std::string& text) {
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
  // The comparison is written so that NaN fails it.
  const bool in_range = seconds >= kMinTimeoutSeconds && seconds <= kMaxTimeoutSeconds;
  if (error != std::errc{} || stop != end || !in_range) {
    throw UsageError(fmt::format(
        "--timeout '{}': must be seconds from {} to {:.0f}, fractions allowed, such as 2 or 0.5",
        text, kMinTimeoutSeconds, kMaxTimeoutSeconds));
  }
  return std::chrono::milliseconds{std::llround(seconds * 1000)};
}

Format read_format(const std::string& text) {
  if (text == "raw") {
    return Format::Raw;
  }
  if (text == "lines") {
    return Format::Lines;
  }
  throw UsageError(fmt::format("--format '{}': must be raw or lines", text));
}

/// libzmq takes a port beyond 65535 modulo 65536, and would bind somewhere else.
bool has_valid_port(std::string_view address) {
  const std::string_view port = address.substr(address.rfind(':') + 1);
  if (port == "*") {
    return true;
  }
  std::uint64_t number = 0;
  const auto [stop, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  return error == std::errc{} && stop == port.data() + port.size() && number <= kMaxPort;
}

Options check(const CLI::App& app, const RawValues& values) {
  Options options;
  options.socket_kind = values.pull ? SocketKind::Pull : SocketKind::Sub;
  options.format = read_format(values.format);
  options.stats = values.stats;
  if (app.count("--count") > 0) {
    options.count = read_count(values.count);
  }
  if (app.count("--timeout") > 0) {
    options.timeout = read_timeout(values.timeout);
  }
  if (values.endpoints.empty()) {
    throw UsageError("ENDPOINT is missing: give at least one, such as tcp://127.0.0.1:5555");
  }
  const Attachment attachment = values.bind ? Attachment::Bind : Attachment::Connect;
  for (const std::string& endpoint : values.endpoints) {
    options.endpoints.push_back(parse_endpoint(endpoint, attachment));
  }
  if (values.pull && !values.prefixes.empty()) {
    throw UsageError(
        fmt::format("--subscribe '{}': goes with --sub only, a --pull socket gets "
                    "everything",
                    values.prefixes.front()));
  }
  options.prefixes = values.prefixes;
  if (!values.pull && options.prefixes.empty()) {
    options.prefixes.emplace_back();
  }
  return options;
}

}  // namespace

std::variant<Options, TextRequest> parse_command_line(int argc, const char* const* argv) {
  CLI::App app(
      "Receives log messages from ZeroMQ sockets and writes them to standard output, one "
      "a line.",
      "zmqtap");
  RawValues values;
  declare(app, values);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return TextRequest{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return TextRequest{std::string(version.what()) + '\n'};
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  return check(app, values);
}

Endpoint parse_endpoint(std::string_view text, Attachment attachment) {
  std::string_view address = text;
  if (address.starts_with('@') || address.starts_with('>')) {
    attachment = address.front() == '@' ? Attachment::Bind : Attachment::Connect;
    address.remove_prefix(1);
  }
  const std::size_t separator = address.find(kSeparator);
  const bool complete = separator != std::string_view::npos && separator > 0 &&
                        separator + kSeparator.size() < address.size();
  // An inproc endpoint has no peer in another process: the wait would be for ever.
  if (!complete || address.starts_with("inproc:")) {
    throw UsageError(
        fmt::format("ENDPOINT '{}': must be tcp://host:port or ipc:///path, with '@' before it to "
                    "bind or '>' to connect",
                    text));
  }
  if (address.starts_with("tcp://") && !has_valid_port(address)) {
    throw UsageError(
        fmt::format("ENDPOINT '{}': must end in ':' and a port from 1 to 65535", text));
  }
  return Endpoint{attachment, std::string(address)};
}

}  // namespace omzmq::tap
