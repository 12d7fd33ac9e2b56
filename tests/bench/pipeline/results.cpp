// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "bench/pipeline/results.hpp"

#include <getopt.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <string_view>
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

int rounds_from(const char* text) {
  char* end = nullptr;
  const long value = std::strtol(text, &end, 10);
  if (*text != '\0' && *end == '\0' && value >= 1 && value <= 1000) return static_cast<int>(value);
  std::fprintf(stderr, "--rounds: '%s' is not a number from 1 to 1000\n", text);
  std::exit(2);
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
  std::fprintf(to,
               "{\"part\": \"%s\", \"name\": \"%s\", %s\"parameters\": {%s}, \"round\": %d, "
               "\"values\": {\"messages_per_s\": %.0f, \"lost\": %llu, \"wrong\": %llu, "
               "\"sending_us\": %.4f, \"worker_us\": %.4f, \"sender_us\": %.4f, \"io_us\": %.4f, "
               "\"receiver_us\": %.4f}}\n",
               measured_case.part.c_str(), measured_case.name.c_str(), peer.c_str(),
               parameters.c_str(), round, messages / measured.seconds,
               static_cast<unsigned long long>(measured.lost),
               static_cast<unsigned long long>(measured.wrong), us(measured.sending_ns),
               us(measured.workers_ns), us(measured.sender_ns), us(measured.io_ns),
               us(measured.receiving_ns));
  std::fflush(to);
}

}  // namespace

Options Options::parse(int argc, char** argv, int rounds, const char* about) {
  const option known[] = {
      {"rounds", required_argument, nullptr, 'r'}, {"only", required_argument, nullptr, 'o'},
      {"out", required_argument, nullptr, 'f'},    {"quick", no_argument, nullptr, 'q'},
      {"help", no_argument, nullptr, 'h'},         {nullptr, 0, nullptr, 0}};
  Options options;
  options.rounds = rounds;
  for (int found = 0; (found = ::getopt_long(argc, argv, "h", known, nullptr)) != -1;) {
    switch (found) {
      case 'r':
        options.rounds = rounds_from(optarg);
        break;
      case 'o':
        options.only = optarg;
        break;
      case 'f':
        options.out = optarg;
        break;
      case 'q':
        options.is_quick = true;
        break;
      case 'h':
        print_help(argv[0], about, rounds);
        std::exit(0);
      default:
        std::exit(2);  // getopt has said why
    }
  }
  if (optind < argc) {
    std::fprintf(stderr, "%s: '%s' is no option; --help lists them\n", argv[0], argv[optind]);
    std::exit(2);
  }
  if (options.is_quick) options.rounds = 1;
  return options;
}

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
        plan.messages = std::min({plan.messages, kQuickMessages, kQuickBytes / plan.bytes});
      }
      const Measured measured = measure(plan);
      print(file ? file.get() : stdout, one, round, measured);
      is_right = is_right && measured.lost == 0 && measured.wrong == 0;
    }
  }
  return is_right;
}

}  // namespace omzmq::bench
