// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What a receiver does to each frame of the packed format: its CRC, beside a copy of the same
// bytes, and the walk over its records.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "omzmq/wire.hpp"

namespace omzmq::wire {
namespace {

std::string make_bytes(std::int64_t size) {
  std::string bytes(static_cast<std::size_t>(size), '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + i / 251);
  return bytes;
}

void copy_bytes(benchmark::State& state) {
  const std::string from = make_bytes(state.range(0));
  std::string to(from.size(), '\0');
  for ([[maybe_unused]] auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(copy_bytes)->Arg(64)->Arg(4096)->Arg(65536)->Arg(1 << 20);

void run_crc(benchmark::State& state, crc32c_detail::Extend extend, bool is_possible = true) {
  if (!is_possible) return state.SkipWithError("this processor has no instruction for it");
  const std::string bytes = make_bytes(state.range(0));
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(extend(~0U, bytes.data(), bytes.size()));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void crc_by_folding(benchmark::State& state) {
  run_crc(state, crc32c_detail::extend_by_folding, crc32c_detail::can_fold());
}
BENCHMARK(crc_by_folding)->Arg(64)->Arg(1024)->Arg(4096)->Arg(65536)->Arg(1 << 20);

void crc_by_instruction(benchmark::State& state) {
  run_crc(state, crc32c_detail::extend_by_instruction, crc32c_detail::has_instruction());
}
BENCHMARK(crc_by_instruction)->Arg(64)->Arg(1024)->Arg(4096)->Arg(65536)->Arg(1 << 20);

void crc_by_table(benchmark::State& state) { run_crc(state, crc32c_detail::extend_portable); }
BENCHMARK(crc_by_table)->Arg(64)->Arg(4096)->Arg(65536)->Arg(1 << 20);

/// A frame of 64 KiB of records of range(0) bytes each: all that a receiver must do before it looks
/// at a record.
void read_frame(benchmark::State& state) {
  const auto record_bytes = static_cast<std::size_t>(state.range(0));
  std::string frame(kHeaderBytes, '\0');
  BatchHeader header;
  while (frame.size() < std::size_t{64} * 1024) {
    const std::size_t at = frame.size();
    frame.resize(at + kLengthBytes + record_bytes, 'x');
    store(frame.data() + at, static_cast<std::uint32_t>(record_bytes));
    ++header.count;
  }
  header.raw_bytes = static_cast<std::uint32_t>(frame.size() - kHeaderBytes);
  write_header(frame.data(), frame.size(), header);
  for ([[maybe_unused]] auto _ : state) {
    Batch batch;
    if (read_batch(frame, frame.size(), batch) != Fault::kNone ||
        check_records(batch.body, batch.header) != Fault::kNone) {
      state.SkipWithError("the frame is refused");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * header.count);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(frame.size()));
}
BENCHMARK(read_frame)->Arg(80)->Arg(256)->Arg(1024);

}  // namespace
}  // namespace omzmq::wire

BENCHMARK_MAIN();
