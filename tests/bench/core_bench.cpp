// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What the sender does to a message between the lane and the socket: the encoder and the batcher.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "core/batcher.hpp"
#include "core/encoder.hpp"

namespace omzmq {
namespace {

constexpr std::size_t kFrameBytes = std::size_t{64} * 1024;

std::string make_payload(std::int64_t bytes) {
  return std::string(static_cast<std::size_t>(bytes), 'x');
}

void append_line_to_frame(benchmark::State& state) {
  const std::string payload = make_payload(state.range(0));
  FrameBuffer frame;
  std::size_t messages = 0;
  for ([[maybe_unused]] auto _ : state) {
    append_line(frame, payload, messages, line_bytes(payload, messages));
    ++messages;
    if (frame.size() < kFrameBytes) continue;
    frame = FrameBuffer();
    frame.reserve(kFrameBytes);
    messages = 0;
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(append_line_to_frame)->Arg(80)->Arg(256)->Arg(1024);

void append_line_with_lfs(benchmark::State& state) {
  std::string payload = make_payload(state.range(0));
  for (std::size_t i = 15; i < payload.size(); i += 16) payload[i] = '\n';
  FrameBuffer frame;
  for ([[maybe_unused]] auto _ : state) {
    append_line(frame, payload, 1, line_bytes(payload, 1));
    if (frame.size() >= kFrameBytes) frame = FrameBuffer();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(append_line_with_lfs)->Arg(256);

void add_all(benchmark::State& state, const Settings& settings,
             const std::vector<Message>& messages) {
  Batcher batcher(settings, Clock::time_point());
  std::deque<Frame> ready;
  for (std::size_t i = 0; [[maybe_unused]] auto _ : state) {
    batcher.add(messages[i++ % messages.size()], Clock::time_point(), ready);
    ready.clear();
  }
  state.SetItemsProcessed(state.iterations());
}

void batch_lines(benchmark::State& state) {
  const std::string payload = make_payload(state.range(0));
  Settings settings;
  settings.format = Format::kLines;
  Message message;
  message.payload = payload;
  add_all(state, settings, {message});
}
BENCHMARK(batch_lines)->Arg(80)->Arg(256)->Arg(1024);

void batch_raw(benchmark::State& state) {
  const std::string payload = make_payload(state.range(0));
  const Settings settings;
  Message message;
  message.payload = payload;
  add_all(state, settings, {message});
}
BENCHMARK(batch_raw)->Arg(80)->Arg(256)->Arg(1024);

/// The floor of batch_packed: the same bytes into blocks of the same size.
void copy_into_blocks(benchmark::State& state) {
  const std::string payload = make_payload(state.range(0));
  FrameBuffer block;
  for ([[maybe_unused]] auto _ : state) {
    if (block.size() + payload.size() > kFrameBytes) {
      benchmark::DoNotOptimize(block.data());
      block = FrameBuffer();
    }
    if (block.size() == 0) block.reserve(kFrameBytes);
    block.append(payload);
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(copy_into_blocks)->Arg(80)->Arg(256)->Arg(1024);

/// Numbered, sealed and, if asked for, compressed; of lines that shrink as log lines do.
void batch_packed(benchmark::State& state, Compression driver) {
  std::string payload;
  for (std::uint64_t i = 1; payload.size() < static_cast<std::size_t>(state.range(0)); ++i)
    payload += "field" + std::to_string(i) + "=" + std::to_string(i * 2654435761U % 100000) + " ";
  payload.resize(static_cast<std::size_t>(state.range(0)));
  Settings settings;
  settings.format = Format::kPacked;
  settings.compression_driver = driver;
  std::vector<std::string> payloads;
  for (std::size_t i = 0; i < 1000; ++i) payloads.push_back(std::to_string(i * i) + payload);
  std::vector<Message> messages(payloads.size());
  for (std::size_t i = 0; i < messages.size(); ++i) messages[i].payload = payloads[i];
  add_all(state, settings, messages);
}
BENCHMARK_CAPTURE(batch_packed, none, Compression::kNone)->Arg(80)->Arg(256)->Arg(1024);
BENCHMARK_CAPTURE(batch_packed, lz4, Compression::kLz4)->Arg(256);
BENCHMARK_CAPTURE(batch_packed, zstd, Compression::kZstd)->Arg(256);

/// 256 bytes each; the argument is how many topics there are.
void batch_lines_by_topic(benchmark::State& state) {
  const std::string payload = make_payload(256);
  std::vector<std::string> topics;
  for (std::int64_t i = 0; i < state.range(0); ++i) topics.push_back("app." + std::to_string(i));
  Settings settings;
  settings.format = Format::kLines;
  settings.sock_type = SocketType::kPub;
  settings.dyna_topic = true;
  settings.topics = {"template of the topic"};
  std::vector<Message> messages;
  for (const std::string& topic : topics) {
    Message& message = messages.emplace_back();
    message.payload = payload;
    message.topics[0] = topic;
    message.topic_count = 1;
  }
  add_all(state, settings, messages);
}
BENCHMARK(batch_lines_by_topic)->Arg(1)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace omzmq

BENCHMARK_MAIN();
