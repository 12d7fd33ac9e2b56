// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What a message costs the sender thread: out of a lane, into a frame, to a sink that takes
// everything and keeps nothing.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <ctime>

#include "bench/load.hpp"
#include "bench/null_sink.hpp"
#include "core/handoff.hpp"
#include "core/sender.hpp"

namespace {

using namespace omzmq;

constexpr std::size_t kLaneBytes = std::size_t{8} << 20;
constexpr std::size_t kMessages = 16384;
constexpr std::size_t kPayloadBytes = 256;

/// A full lane, in transactions that each have a time of their own.
void fill(Lane& lane, const bench::Load& load) {
  for (std::size_t n = 0; n < kMessages; n += load.batch().count) {
    if (!load.publish(lane, Clock::now())) return;
  }
}

/// Of this thread: what others do at the same time matters less.
double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

void send(benchmark::State& state, Format format) {
  Settings settings;
  settings.sock_type = SocketType::kPush;
  settings.format = format;
  const omzmq_host host{[](omzmq_severity, const char*) {}, [] { return false; }, true};
  const Log log(host, "bench");
  Handoff handoff(kLaneBytes);
  bench::NullSink sink;
  SenderStats stats;
  Sender sender(settings, handoff, sink, stats, log);
  const auto lane = handoff.open_lane();
  const bench::Load load(static_cast<std::size_t>(state.range(0)), kPayloadBytes);
  std::uint64_t sent = 0;
  for ([[maybe_unused]] auto _ : state) {
    fill(*lane, load);
    const double begun = processor_seconds();
    while (sender.do_work(Clock::now()) == Sender::Outcome::kMore) {
    }
    state.SetIterationTime(processor_seconds() - begun);
    sent += kMessages;
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(sent));
}

BENCHMARK_CAPTURE(send, raw, Format::kRaw)->Arg(1)->Arg(64)->UseManualTime();
BENCHMARK_CAPTURE(send, lines, Format::kLines)->Arg(1)->Arg(64)->UseManualTime();
BENCHMARK_CAPTURE(send, packed, Format::kPacked)->Arg(1)->Arg(64)->UseManualTime();

}  // namespace

BENCHMARK_MAIN();
