// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <string_view>
#include <utility>

#include "common/format.hpp"
#include "tap/option_values.hpp"

namespace omzmq::tap {
namespace {

constexpr std::uint64_t kMaxMessageBytes = std::uint64_t{2} << 30;
constexpr std::uint64_t kMaxShown = 1000;
constexpr std::uint64_t kMaxKept = 1'000'000;
constexpr std::string_view kKeygen = "keygen";

// The values as they stand on the command line.
struct RawValues {
  bool sub = false, pull = false, router = false, bind = false, connect = false;
  bool nul = false, quote = false, hex = false, json = false;
  bool unbuffered = false, end_when_idle = false, allow_gaps = false, allow_duplicates = false;
  bool quiet = false, verbose = false, stats = false, top = false, help = false;
  std::vector<std::string> endpoints, prefixes, proxies, socket_options;
  std::string max_message, format = "auto", text, output, rotate_size, rotate_every, rotate_keep;
  std::string count, timeout, count_by, distinct, count_show, count_slots;
  CurveOptions curve;
};

void declare_source(CLI::App& app, RawValues& values) {
  app.add_option("ENDPOINT", values.endpoints);
  app.add_flag("--sub", values.sub);
  app.add_flag("--pull", values.pull);
  app.add_flag("--router", values.router);
  app.add_flag("--connect", values.connect);
  app.add_flag("--bind", values.bind);
  // One value for each -s: endpoints may follow it, and a prefix may look like "[list]".
  app.add_option("-s,--subscribe", values.prefixes)->allow_extra_args(false);
  app.add_option("-X,--socket-option", values.socket_options)->allow_extra_args(false);
  app.add_option("--proxy", values.proxies)->allow_extra_args(false);
  app.add_option("--max-message", values.max_message);
  app.add_option("--curve-server", values.curve.server_certificate);
  app.add_option("--curve-clients", values.curve.clients);
  app.add_option("--curve-key", values.curve.server_key);
  app.add_option("--curve-cert", values.curve.certificate);
}

void declare_output(CLI::App& app, RawValues& values) {
  app.add_option("--format", values.format);
  app.add_flag("-0,--null", values.nul);
  app.add_flag("--quote", values.quote);
  app.add_flag("--hex", values.hex);
  app.add_flag("-J,--json", values.json);
  app.add_option("-f,--text", values.text);
  app.add_option("-o,--output", values.output);
  app.add_option("--rotate-size", values.rotate_size);
  app.add_option("--rotate-every", values.rotate_every);
  app.add_option("--rotate-keep", values.rotate_keep);
  app.add_flag("-u,--unbuffered", values.unbuffered);
}

void declare_rest(CLI::App& app, RawValues& values) {
  app.add_option("-c,--count", values.count);
  app.add_option("-t,--timeout", values.timeout);
  app.add_flag("-e,--end", values.end_when_idle);
  app.add_flag("--allow-gaps", values.allow_gaps);
  app.add_flag("--allow-duplicates", values.allow_duplicates);
  app.add_flag("-q,--quiet", values.quiet);
  app.add_flag("-v,--verbose", values.verbose);
  app.add_flag("--stats", values.stats);
  app.add_flag("--top", values.top);
  app.add_option("--count-by", values.count_by);
  app.add_option("--distinct", values.distinct);
  app.add_option("--count-show", values.count_show);
  app.add_option("--count-slots", values.count_slots);
  app.add_flag("-h,--help", values.help);
  app.set_version_flag("--version", "zmqtap " OMZMQ_VERSION);
}

void declare(CLI::App& app, RawValues& values) {
  app.set_help_flag();  // the text is help_text()
  declare_source(app, values);
  declare_output(app, values);
  declare_rest(app, values);
}

/// Refuses the second of two that are there.
void at_most_one(std::initializer_list<std::pair<const char*, bool>> given) {
  const char* first = nullptr;
  for (const auto& [name, is_given] : given) {
    if (is_given && first != nullptr) {
      throw UsageError(formatted("{} and {}: only one of them can be", first, name));
    }
    first = is_given ? name : first;
  }
}

/// Refuses those of `names` that are given, because of `why`.
void none_of(const CLI::App& app, std::initializer_list<const char*> names, std::string_view why) {
  for (const char* const name : names) {
    if (app.count(name) > 0) {
      throw UsageError(formatted("{}: {}", name, why));
    }
  }
}

/// How many frames are held for each peer. A publisher drops what its subscriber does not take at
/// once, so small messages need room for many; but large frames would fill the memory when nobody
/// takes what zmqtap writes. A PUSH or DEALER waits, and needs no room; what is held when -c ends
/// the run is lost to a PUSH, which takes it for sent.
int receive_mark(SocketKind kind, Format format, std::uint64_t count) {
  constexpr int kSmall = 100'000;
  constexpr int kUnknown = 10'000;
  constexpr int kLarge = 1000;
  if (kind != SocketKind::kSub) {
    // A thousandth of the count: enough that long runs are not slowed down.
    return kind == SocketKind::kPull && count != 0
               ? static_cast<int>(std::clamp<std::uint64_t>(count / kLarge, 1, kLarge))
               : kLarge;
  }
  return format == Format::kRaw ? kSmall : format == Format::kAuto ? kUnknown : kLarge;
}

/// Refuses what is given and is not in `allowed`, long names with a blank between, because of
/// `why`.
void none_but(const CLI::App& app, std::string_view allowed, std::string_view why) {
  for (const CLI::Option* const option : app.get_options()) {
    const std::string name = option->get_name();
    if (option->count() > 0 && allowed.find(name) == std::string_view::npos) {
      throw UsageError(formatted("{}: {}", name, why));
    }
  }
}

CurveOptions check_curve(const CLI::App& app, const CurveOptions& curve) {
  constexpr std::array kNames{"--curve-server", "--curve-clients", "--curve-key", "--curve-cert"};
  for (const char* const name : kNames) {
    if (app.count(name) > 0 && app[name]->as<std::string>().empty()) {
      throw UsageError(formatted("{} '': must name a certificate", name));
    }
  }
  // A proxy has two sides: the server of its subscribers may be a client of its publishers.
  at_most_one({{"--curve-server", app.count("--curve-server") > 0},
               {"--curve-key", app.count("--curve-key") > 0 && app.count("--proxy") == 0}});
  if (curve.server_certificate.empty()) {
    none_of(app, {"--curve-clients"}, "goes with --curve-server only: a server knows its clients");
  }
  if (curve.server_key.empty()) {
    none_of(app, {"--curve-cert"},
            "goes with --curve-key only: without the server's public key there is no connection");
  }
  return curve;
}

SourceOptions check_source(const CLI::App& app, const RawValues& values) {
  at_most_one({{"--sub", values.sub}, {"--pull", values.pull}, {"--router", values.router}});
  at_most_one({{"--bind", values.bind}, {"--connect", values.connect}});
  SourceOptions source;
  source.kind = values.pull     ? SocketKind::kPull
                : values.router ? SocketKind::kRouter
                                : SocketKind::kSub;
  if (values.endpoints.empty()) {
    throw UsageError("ENDPOINT is missing: give at least one, such as tcp://127.0.0.1:5555");
  }
  const Attachment attachment = values.bind ? Attachment::kBind : Attachment::kConnect;
  for (const std::string& endpoint : values.endpoints) {
    source.endpoints.push_back(parse_endpoint(endpoint, attachment));
  }
  if (source.kind != SocketKind::kSub && !values.prefixes.empty()) {
    throw UsageError(formatted("--subscribe '{}': goes with --sub only; {} gets everything",
                               values.prefixes.front(), values.pull ? "--pull" : "--router"));
  }
  source.prefixes = values.prefixes;
  if (source.kind == SocketKind::kSub && source.prefixes.empty()) {
    source.prefixes.emplace_back();
  }
  for (const std::string& option : values.socket_options) {
    source.socket_options.push_back(parse_socket_option(option));
  }
  if (app.count("--max-message") > 0) {
    source.max_message_bytes = read_size("--max-message", values.max_message, 1, kMaxMessageBytes);
  }
  source.curve = check_curve(app, values.curve);
  return source;
}

OutputFormat check_output_format(const CLI::App& app, const RawValues& values) {
  const bool text = app.count("--text") > 0;
  at_most_one({{"-0", values.nul},
               {"--quote", values.quote},
               {"--hex", values.hex},
               {"-J", values.json},
               {"-f", text}});
  return values.nul     ? OutputFormat::kNul
         : values.quote ? OutputFormat::kQuote
         : values.hex   ? OutputFormat::kHex
         : values.json  ? OutputFormat::kJson
         : text         ? OutputFormat::kText
                        : OutputFormat::kPlain;
}

std::string check_text(OutputFormat format, const std::string& text) {
  try {
    static_cast<void>(Formatter(format, text));
  } catch (const FormatError& error) {
    throw UsageError(formatted("-f '{}': {}", text, error.what()));
  }
  return text;
}

OutputOptions check_output(const CLI::App& app, const RawValues& values) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  OutputOptions output;
  output.file = values.output;
  if (app.count("--output") > 0 && output.file.empty()) {
    throw UsageError("--output '': must name a file");
  }
  if (output.file.empty()) {
    none_of(app, {"--rotate-size", "--rotate-every", "--rotate-keep"}, "goes with --output only");
  }
  if (app.count("--rotate-size") > 0) {
    output.rotate_bytes = read_size("--rotate-size", values.rotate_size, 1, kMost);
  }
  if (app.count("--rotate-every") > 0) {
    output.rotate_every = read_duration("--rotate-every", values.rotate_every);
  }
  if (app.count("--rotate-keep") > 0) {
    if (output.rotate_bytes == 0 && output.rotate_every.count() == 0) {
      throw UsageError("--rotate-keep: goes with --rotate-size or --rotate-every");
    }
    output.rotate_keep =
        static_cast<unsigned>(read_number("--rotate-keep", values.rotate_keep, 0, kMaxKept));
  }
  return output;
}

CountOptions check_counting(const CLI::App& app, const RawValues& values) {
  CountOptions counting;
  if (app.count("--count-by") > 0) {
    counting.count_by = values.count_by;
  } else {
    none_of(app, {"--count-show", "--count-slots"}, "goes with --count-by only");
  }
  if (app.count("--distinct") > 0) {
    counting.distinct = values.distinct;
  }
  if (app.count("--count-show") > 0) {
    counting.show =
        static_cast<std::size_t>(read_number("--count-show", values.count_show, 0, kMaxShown));
  }
  if (app.count("--count-slots") > 0) {
    counting.slots = static_cast<std::size_t>(
        read_number("--count-slots", values.count_slots, 1, HeavyHitters::kMaxCapacity));
  }
  // A path that is none is said before anything is opened.
  static_cast<void>(FieldCount({counting.count_by, counting.distinct, 0, 1}));
  return counting;
}

std::vector<Endpoint> check_proxies(const CLI::App& app, const RawValues& values) {
  std::vector<Endpoint> proxies;
  for (const std::string& endpoint : values.proxies) {
    proxies.push_back(parse_endpoint(endpoint, Attachment::kBind));
  }
  if (!proxies.empty()) {
    none_of(app, {"--pull", "--router"}, "--proxy is for subscribers and goes with --sub only");
    none_of(app, {"--subscribe"}, "with --proxy the subscribers say what they want");
    none_but(
        app,
        "ENDPOINT --proxy --sub --connect --bind --max-message --socket-option --quiet --verbose "
        "--curve-server --curve-clients --curve-key --curve-cert",
        "--proxy passes messages on as they are and looks into none of them");
  }
  return proxies;
}

void check_combinations(const CLI::App& app, const Options& options) {
  at_most_one({{"--quiet", options.quiet}, {"--verbose", options.verbose}});
  at_most_one({{"--quiet", options.quiet}, {"--stats", options.stats}});
  at_most_one({{"--top", options.top}, {"--stats", options.stats}});
  at_most_one({{"--top", options.top}, {"--verbose", options.verbose}});
  if (!options.writes_records()) {
    none_of(app, {"--null", "--quote", "--hex", "--json", "--text", "--unbuffered"},
            "no records are written while --top, --count-by or --distinct shows something else, "
            "unless --output names a file for them");
  }
}

Options check(const CLI::App& app, const RawValues& values) {
  Options options;
  options.proxies = check_proxies(app, values);
  options.source = check_source(app, values);
  options.format = read_format(values.format);
  options.output_format = check_output_format(app, values);
  options.text = check_text(options.output_format, values.text);
  options.output = check_output(app, values);
  options.unbuffered = values.unbuffered;
  if (app.count("--count") > 0) {
    options.count =
        read_number("--count", values.count, 1, std::numeric_limits<std::uint64_t>::max());
  }
  options.source.receive_mark = receive_mark(options.source.kind, options.format, options.count);
  if (app.count("--timeout") > 0) {
    options.timeout = read_seconds("--timeout", values.timeout);
  }
  options.end_when_idle = values.end_when_idle;
  options.allow_gaps = values.allow_gaps;
  options.allow_duplicates = values.allow_duplicates;
  options.quiet = values.quiet;
  options.verbose = values.verbose;
  options.stats = values.stats;
  options.top = values.top;
  options.counting = check_counting(app, values);
  check_combinations(app, options);
  return options;
}

Request parse_keygen(int argc, const char* const* argv) {
  CLI::App app("", "zmqtap keygen");
  app.set_help_flag();
  KeygenRequest request{"", "."};
  bool help = false;
  app.add_option("NAME", request.name);
  app.add_option("--directory", request.directory);
  app.add_flag("-h,--help", help);
  app.parse(argc - 1, argv + 1);
  if (help) {
    return TextRequest{help_text()};
  }
  if (request.name.empty() || request.name.find('/') != std::string::npos) {
    throw UsageError(formatted(
        "keygen NAME '{}': must be the name of a file, such as receiver; --directory says where",
        request.name));
  }
  return request;
}

Request parse_receive(int argc, const char* const* argv) {
  CLI::App app("", "zmqtap");
  RawValues values;
  declare(app, values);
  app.parse(argc, argv);
  if (values.help) {
    return TextRequest{help_text()};
  }
  if (std::find(values.socket_options.begin(), values.socket_options.end(), "list") !=
      values.socket_options.end()) {
    return TextRequest{describe_socket_options()};
  }
  return check(app, values);
}

/// What CLI11 says, in words about the command line and not about the program.
std::string reworded(const CLI::ParseError& error) {
  std::string text = error.what();
  const auto* const mismatch = dynamic_cast<const CLI::ArgumentMismatch*>(&error);
  if (mismatch != nullptr && text.find(':') != std::string::npos) {
    const bool is_missing = text.find("missing") != std::string::npos;
    return text.substr(0, text.find(':')) +
           (is_missing ? ": a value must follow" : ": can be given once only");
  }
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr) {
    return text + ": it takes no value";
  }
  return text;
}

}  // namespace

Request parse_command_line(int argc, const char* const* argv) {
  try {
    return argc > 1 && argv[1] == kKeygen ? parse_keygen(argc, argv) : parse_receive(argc, argv);
  } catch (const CLI::CallForVersion& version) {
    return TextRequest{std::string(version.what()) + '\n'};
  } catch (const CLI::ParseError& error) {
    throw UsageError(reworded(error));
  } catch (const SocketOptionError& error) {
    throw UsageError(error.what());
  }
}

std::vector<std::string> option_names() {
  CLI::App app;
  RawValues values;
  declare(app, values);
  std::vector<std::string> names;
  for (const CLI::Option* const option : app.get_options()) {
    names.push_back(option->get_name(false, true));
  }
  names.emplace_back("--directory");
  return names;
}

}  // namespace omzmq::tap
