// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What a message costs the sender thread: out of a lane, into a frame, to a sink that takes
// everything and keeps nothing.
#include <benchmark/benchmark.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/handoff.hpp"
#include "core/sender.hpp"
#include "core/transaction.hpp"

namespace {

using namespace omzmq;

constexpr std::size_t kLaneBytes = std::size_t{8} << 20;
constexpr std::size_t kMessages = 16384;
constexpr std::size_t kPayloadBytes = 256;

class NullSink final : public FrameSink {
 public:
  void open() override {}
  SendResult send(Frame& frame) noexcept override {
    benchmark::DoNotOptimize(frame.body.view().data());
    return SendResult::kSent;
  }
  [[nodiscard]] bool writable() noexcept override { return true; }
  [[nodiscard]] int fd() const noexcept override { return -1; }
  [[nodiscard]] std::size_t unsent() const noexcept override { return 0; }
  [[nodiscard]] std::optional<std::string_view> try_receive() noexcept override { return {}; }
  void watch_peers(PeerListener& /*listener*/, Clock::time_point /*now*/) noexcept override {}
  [[nodiscard]] bool has_lost_peer() noexcept override { return false; }
  [[nodiscard]] std::vector<Frame> recover(Frame* /*offered*/) noexcept override { return {}; }
  void close(std::chrono::milliseconds /*linger*/) noexcept override {}
};

/// A full lane, in transactions of so many messages. Each has a time of its own.
void fill(Lane& lane, const std::string& payload, std::size_t each) {
  std::vector<omzmq_slice> slices(each);
  for (omzmq_slice& slice : slices) {
    slice = {reinterpret_cast<const unsigned char*>(payload.data()), 0,
             static_cast<std::uint32_t>(payload.size())};
  }
  const Batch batch{slices.data(), each, 1};
  const auto plan = plan_transaction(batch, payload.size());
  for (std::size_t n = 0; n < kMessages; n += each) {
    std::byte* const room = lane.try_reserve(plan.bytes);
    if (room == nullptr) return;
    write_transaction(room, batch, plan, payload.size(), Clock::now());
    lane.publish();
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
  NullSink sink;
  SenderStats stats;
  Sender sender(settings, handoff, sink, stats, log);
  const auto lane = handoff.open_lane();
  const std::string payload(kPayloadBytes, 'p');
  std::uint64_t sent = 0;
  for ([[maybe_unused]] auto _ : state) {
    fill(*lane, payload, static_cast<std::size_t>(state.range(0)));
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
