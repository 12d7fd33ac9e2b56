// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What counting costs for each record of zmqtap: FieldCount on web access events of 250 bytes,
// beside its floors (libfastjson's parse alone, an exact count in a std::unordered_map), and its
// parts.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <json.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <unordered_map>
#include <vector>

#include "tap/count/distinct_estimate.hpp"
#include "tap/count/field_count.hpp"
#include "tap/count/heavy_hitters.hpp"
#include "tap/count/json_field.hpp"

namespace omzmq::tap {
namespace {

constexpr std::size_t kEvents = 10'000;

/// Zipf's law, nearly: the n-th of `most` values has 1/n of what the first has.
std::uint64_t skewed(std::mt19937_64& random, double most) {
  const double even = std::uniform_real_distribution<double>(0, 1)(random);
  return static_cast<std::uint64_t>(std::exp(even * std::log(most)));
}

const std::vector<std::string>& events() {
  static const std::vector<std::string> kMade = [] {
    std::mt19937_64 random(1);
    std::vector<std::string> made;
    for (std::size_t i = 0; i < kEvents; ++i) {
      made.push_back(fmt::format(
          R"({{"time":"2026-05-01T12:00:{:02}.{:03}Z","host":"shop.example.com","method":"GET",)"
          R"("path":"/products/{:05}","status":{},"bytes":{:05},"duration_ms":{:05.1f},)"
          R"("client":"192.0.2.{:03}","agent":"Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0",)"
          R"("request_id":"{:016x}"}})",
          i / 1000 % 60, i % 1000, skewed(random, 1e5), random() % 10 == 0 ? 404 : 200,
          10'000 + random() % 90'000, 100.0 + static_cast<double>(random() % 1000) / 10,
          random() % 256, random()));
    }
    return made;
  }();
  return kMade;
}

void count_rate(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations());
  state.SetLabel(fmt::format("{} bytes each", events()[0].size()));
}

void parse_only(benchmark::State& state) {
  fjson_tokener* const tokener = fjson_tokener_new();
  for (std::size_t i = 0; [[maybe_unused]] auto _ : state) {
    const std::string& event = events()[i++ % kEvents];
    fjson_object_put(fjson_tokener_parse_ex(tokener, event.data(), static_cast<int>(event.size())));
  }
  fjson_tokener_free(tokener);
  count_rate(state);
}
BENCHMARK(parse_only);

void exact_count(benchmark::State& state) {
  JsonDocument document;
  JsonField field("--count-by", ".path");
  std::unordered_map<std::string, std::uint64_t> counts;
  for (std::size_t i = 0; [[maybe_unused]] auto _ : state) {
    document.parse(events()[i++ % kEvents]);
    ++counts[std::string(field.find(document).value_or(""))];
  }
  count_rate(state);
}
BENCHMARK(exact_count);

void count_with(benchmark::State& state, const CountOptions& options) {
  FieldCount counted(options);
  for (std::size_t i = 0; [[maybe_unused]] auto _ : state) {
    counted.count(events()[i++ % kEvents]);
  }
  count_rate(state);
}

void count_by_status(benchmark::State& state) { count_with(state, {.count_by = ".status"}); }
BENCHMARK(count_by_status);

void count_by_path(benchmark::State& state) { count_with(state, {.count_by = ".path"}); }
BENCHMARK(count_by_path);

void count_by_path_few_slots(benchmark::State& state) {
  count_with(state, {.count_by = ".path", .slots = 100});
}
BENCHMARK(count_by_path_few_slots);

void count_by_path_and_distinct(benchmark::State& state) {
  count_with(state, {.count_by = ".path", .distinct = ".request_id"});
}
BENCHMARK(count_by_path_and_distinct);

void not_json(benchmark::State& state) {
  FieldCount counted({.count_by = ".path"});
  const std::string text(250, 'x');
  for ([[maybe_unused]] auto _ : state) {
    counted.count(text);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(not_json);

/// The argument is how many different values there are, beside 10,000 slots.
void heavy_hitters_add(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::vector<std::string> values;
  for (int i = 0; i < 1'000'000; ++i) {
    values.push_back(
        fmt::format("/products/{}", skewed(random, static_cast<double>(state.range(0)))));
  }
  HeavyHitters hitters(10'000);
  for (std::size_t i = 0; [[maybe_unused]] auto _ : state) {
    hitters.add(values[i++ % values.size()]);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(heavy_hitters_add)->Arg(10)->Arg(10'000)->Arg(100'000'000);

void distinct_add(benchmark::State& state) {
  DistinctEstimate distinct;
  for (std::size_t i = 0; [[maybe_unused]] auto _ : state) {
    distinct.add(events()[i++ % kEvents]);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(distinct_add);

/// What is done once a second, with all slots in use.
void lines(benchmark::State& state) {
  FieldCount counted({.count_by = ".request_id", .distinct = ".path"});
  for (const std::string& event : events()) {
    counted.count(event);
  }
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(counted.lines());
  }
}
BENCHMARK(lines);

}  // namespace
}  // namespace omzmq::tap

BENCHMARK_MAIN();
