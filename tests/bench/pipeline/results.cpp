// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "bench/pipeline/results.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <exception>
#include <memory>
#include <span>
#include <stdexcept>
#include <system_error>

namespace omzmq::bench {
namespace {

constexpr std::uint64_t kQuickMessages = 20000;
constexpr std::uint64_t kQuickBytes = std::uint64_t{16} << 20;

void print_help(const char* program, const char* about, int rounds) {
  std::printf(
      "%s\n\n"
      "  %s [--rounds N] [--only TEXT] [--out FILE] [--quick]\n\n"
      "  --rounds N   measure everything so often, by turns (%d)\n"
      "  --only TEXT  only what has this in its part or name\n"
      "  --out FILE   write the lines of JSON there\n"
      "  --quick      one round with few messages, only to see whether it works\n",
      about, program, rounds);
}

/// What is wrong with the command line.
class UsageError : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

int rounds_from(const std::string& text) {
  int rounds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rounds);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  if (is_number && rounds >= 1 && rounds <= 1000) return rounds;
  throw UsageError("--rounds: '" + text + "' is not a number from 1 to 1000");
}

struct Options {
  int rounds = 1;
  bool is_quick = false;
  bool wants_help = false;
  std::string out;   ///< empty: standard output
  std::string only;  ///< what a part or a name has to have in it
};

/// \throws UsageError
Options parse(std::span<char* const> words, int rounds) {
  Options options;
  options.rounds = rounds;
  for (auto word = words.begin(); word != words.end(); ++word) {
    const std::string name = *word;
    const auto value = [&]() -> std::string {
      if (++word == words.end()) throw UsageError(name + " needs a value");
      return *word;
    };
    if (name == "--rounds") {
      options.rounds = rounds_from(value());
    } else if (name == "--only") {
      options.only = value();
    } else if (name == "--out") {
      options.out = value();
    } else if (name == "--quick") {
      options.is_quick = true;
    } else if (name == "--help") {
      options.wants_help = true;
    } else {
      throw UsageError("'" + name + "' is no option; --help lists them");
    }
  }
  if (options.is_quick) options.rounds = 1;
  return options;
}

std::string json_of(const Parameter& parameter) {
  const auto& [name, value] = parameter;
  if (const auto* const number = std::get_if<std::uint64_t>(&value)) {
    return '"' + name + "\": " + std::to_string(*number);
  }
  return '"' + name + "\": \"" + std::get<std::string>(value) + '"';
}

void print(std::FILE* to, const Case& measured_case, int round, const Measured& measured) {
  std::string parameters;
  for (const Parameter& parameter : measured_case.parameters) {
    parameters += (parameters.empty() ? "" : ", ") + json_of(parameter);
  }
  const auto messages = static_cast<double>(measured.messages);
  const auto us = [messages](std::int64_t time_ns) {
    return static_cast<double>(time_ns) / 1000 / messages;
  };
  std::string peer;
  if (!measured_case.peer.empty()) peer = "\"peer\": \"" + measured_case.peer + "\", ";
  std::string frames;
  if (measured.frames != 0) {
    frames = ", \"messages_per_frame\": " +
             std::to_string(messages / static_cast<double>(measured.frames));
  }
  std::fprintf(to,
               "{\"part\": \"%s\", \"name\": \"%s\", %s\"parameters\": {%s}, \"round\": %d, "
               "\"values\": {\"messages_per_s\": %.0f, \"lost\": %llu, \"wrong\": %llu, "
               "\"sending_us\": %.4f, \"worker_us\": %.4f, \"sender_us\": %.4f, \"io_us\": %.4f, "
               "\"receiver_us\": %.4f%s}}\n",
               measured_case.part.c_str(), measured_case.name.c_str(), peer.c_str(),
               parameters.c_str(), round, messages / measured.seconds,
               static_cast<unsigned long long>(measured.lost),
               static_cast<unsigned long long>(measured.wrong), us(measured.sending_ns),
               us(measured.workers_ns), us(measured.sender_ns), us(measured.io_ns),
               us(measured.receiving_ns), frames.c_str());
  std::fflush(to);
}

/// \return false when messages were lost or wrong
bool measure_all(const std::vector<Case>& cases, const Options& options) {
  std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(nullptr, std::fclose);
  if (!options.out.empty()) {
    file.reset(std::fopen(options.out.c_str(), "w"));
    if (!file) throw std::system_error(errno, std::generic_category(), "--out " + options.out);
  }
  bool is_right = true;
  for (int round = 0; round < options.rounds; ++round) {
    for (const Case& one : cases) {
      const bool is_asked_for = (one.part + ' ' + one.name).find(options.only) != std::string::npos;
      if (!is_asked_for) continue;
      Plan plan = one.plan;
      if (options.is_quick) {
        plan.messages =
            std::min({plan.messages, kQuickMessages / plan.subscribers, kQuickBytes / plan.bytes});
      }
      const Measured measured = measure(plan);
      print(file ? file.get() : stdout, one, round, measured);
      is_right = is_right && measured.lost == 0 && measured.wrong == 0;
    }
  }
  return is_right;
}

}  // namespace

int run_benchmark(int argc, char** argv, int rounds, const char* about,
                  const std::vector<Case>& cases) {
  try {
    const Options options =
        parse({argv + 1, static_cast<std::size_t>(std::max(argc - 1, 0))}, rounds);
    if (options.wants_help) {
      print_help(argv[0], about, rounds);
      return 0;
    }
    if (measure_all(cases, options)) return 0;
    std::fprintf(stderr, "%s: messages were lost or wrong, see above\n", argv[0]);
    return 1;
  } catch (const UsageError& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
    return 1;
  }
}

}  // namespace omzmq::bench
