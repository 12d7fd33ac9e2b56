// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What zmqtap does with packed frames of 256-byte records, from the bytes of a frame to those of
// the output. Items are records. `memcpy_records` and `write_buffers` are the floor: the same bytes
// copied once and written, with nothing decided about them.

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <lz4frame.h>
#include <unistd.h>
#include <zstd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "omzmq/wire.hpp"
#include "tap/records/continuity.hpp"
#include "tap/records/decoder.hpp"
#include "tap/records/formatter.hpp"
#include "tap/records/output.hpp"

namespace omzmq::tap {
namespace {

constexpr std::size_t kRecordBytes = 256;
constexpr std::size_t kRecords = 252;  // a frame of about 64 KiB, as the sender makes them
constexpr std::size_t kFrames = 256;   // 16 MiB, more than a core's caches hold
constexpr std::uint64_t kMaxFileBytes = std::uint64_t{64} << 20;

/// Records that look like web server events, no two alike, so that a codec has what it usually has.
std::string make_records(std::uint64_t first) {
  std::string raw;
  for (std::uint64_t number = first; number < first + kRecords; ++number) {
    std::string record = R"({"time":"2026-03-01T12:00:00Z","status":200,"id":)" +
                         std::to_string(number * 0x9E3779B97F4A7C15ULL) + R"(,"path":"/item/)" +
                         std::to_string(number % 977) + R"(","agent":")";
    record.resize(kRecordBytes - 2, 'x');
    record += "\"}";
    char length[wire::kLengthBytes];
    wire::store(length, static_cast<std::uint32_t>(record.size()));
    raw.append(length, sizeof length);
    raw += record;
  }
  return raw;
}

std::string compress(wire::Codec codec, const std::string& raw) {
  if (codec == wire::Codec::kNone) return raw;
  std::string body(ZSTD_compressBound(raw.size()) + LZ4F_compressFrameBound(raw.size(), nullptr),
                   '\0');
  body.resize(codec == wire::Codec::kZstd
                  ? ZSTD_compress(body.data(), body.size(), raw.data(), raw.size(), 1)
                  : LZ4F_compressFrame(body.data(), body.size(), raw.data(), raw.size(), nullptr));
  return body;
}

std::vector<std::string> make_frames(wire::Codec codec) {
  std::vector<std::string> frames;
  for (std::uint64_t i = 0; i < kFrames; ++i) {
    const std::string raw = make_records(i * kRecords);
    wire::BatchHeader header;
    header.codec = codec;
    header.epoch = 1;
    header.first = i * kRecords;
    header.count = kRecords;
    header.raw_bytes = static_cast<std::uint32_t>(raw.size());
    header.time_ns = 1'772'366'400'000'000'000 + i;
    std::string frame = std::string(wire::kHeaderBytes, '\0') + compress(codec, raw);
    wire::write_header(frame.data(), frame.size(), header);
    frames.push_back(std::move(frame));
  }
  return frames;
}

void count_items(benchmark::State& state) {
  const auto records = static_cast<std::int64_t>(state.iterations() * kRecords);
  state.SetItemsProcessed(records);
  state.SetBytesProcessed(records * static_cast<std::int64_t>(kRecordBytes));
}

Message message(const std::string& frame) {
  Message made;
  made.topic = "nginx";
  made.body = frame;
  made.connection = 7;
  made.received_ns = 1'772'366'400'000'123'456;
  return made;
}

void memcpy_records(benchmark::State& state) {
  const std::vector<std::string> frames = make_frames(wire::Codec::kNone);
  const auto buffer = std::make_unique<char[]>(Writer::kCapacity);
  std::size_t at = 0;
  for (std::size_t i = 0; [[maybe_unused]] auto _ : state) {
    const std::string& frame = frames[i++ % kFrames];
    if (at + frame.size() > Writer::kCapacity) at = 0;
    std::memcpy(buffer.get() + at, frame.data(), frame.size());
    benchmark::ClobberMemory();
    at += frame.size();
  }
  count_items(state);
}
BENCHMARK(memcpy_records);

/// Frames as they are, four to a write: what only the copy and the kernel cost.
void write_buffers(benchmark::State& state, const char* path) {
  const std::vector<std::string> frames = make_frames(wire::Codec::kNone);
  const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  std::string buffer;
  buffer.reserve(Writer::kCapacity + frames.front().size());
  std::uint64_t written = 0;
  for (std::size_t i = 0; [[maybe_unused]] auto _ : state) {
    buffer += frames[i++ % kFrames];
    if (buffer.size() < Writer::kCapacity) continue;
    if (write(fd, buffer.data(), buffer.size()) < 0) state.SkipWithError("cannot write");
    written += buffer.size();
    buffer.clear();
    if (written > kMaxFileBytes && ftruncate(fd, 0) == 0) written = 0;
  }
  close(fd);
  count_items(state);
}

void count_only(benchmark::State& state, wire::Codec codec) {
  const std::vector<std::string> frames = make_frames(codec);
  Decoder decoder;
  Continuity continuity;
  std::uint64_t records = 0;
  for (std::size_t i = 0; [[maybe_unused]] auto _ : state) {
    if (decoder.load(message(frames[i++ % kFrames])) != Loaded::kRecords)
      state.SkipWithError("corrupt");
    benchmark::DoNotOptimize(continuity.seen(*decoder.header(), 7));
    records += decoder.count();
  }
  benchmark::DoNotOptimize(records);
  count_items(state);
}
BENCHMARK_CAPTURE(count_only, none, wire::Codec::kNone);
BENCHMARK_CAPTURE(count_only, zstd, wire::Codec::kZstd);
BENCHMARK_CAPTURE(count_only, lz4, wire::Codec::kLz4);

/// Everything that happens to a frame but for its way through libzmq.
void tap_records(benchmark::State& state, wire::Codec codec, OutputFormat format,
                 const OutputOptions& options) {
  const std::vector<std::string> frames = make_frames(codec);
  Decoder decoder;
  Continuity continuity;
  Formatter formatter(format, "%t %o %T %S\\t%s\\n");
  Output output(options, -1, -1, std::chrono::steady_clock::now());
  for (std::size_t i = 0; [[maybe_unused]] auto _ : state) {
    if (decoder.load(message(frames[i++ % kFrames])) != Loaded::kRecords)
      state.SkipWithError("corrupt");
    benchmark::DoNotOptimize(continuity.seen(*decoder.header(), 7));
    while (const auto record = decoder.next()) {
      const Formatted formatted = formatter.format(*record);
      if (output.write(formatted.body, formatted.end) != WriteResult::kOk)
        state.SkipWithError("cannot write");
    }
    if (output.tick(std::chrono::steady_clock::now()) != WriteResult::kOk)
      state.SkipWithError("cannot write");
  }
  count_items(state);
}

void tap_to_null(benchmark::State& state, wire::Codec codec, OutputFormat format) {
  tap_records(state, codec, format, OutputOptions{.file = "/dev/null"});
}
BENCHMARK_CAPTURE(write_buffers, to_null, "/dev/null");
BENCHMARK_CAPTURE(tap_to_null, none_plain, wire::Codec::kNone, OutputFormat::kPlain);
BENCHMARK_CAPTURE(tap_to_null, zstd_plain, wire::Codec::kZstd, OutputFormat::kPlain);
BENCHMARK_CAPTURE(tap_to_null, lz4_plain, wire::Codec::kLz4, OutputFormat::kPlain);
BENCHMARK_CAPTURE(tap_to_null, none_quote, wire::Codec::kNone, OutputFormat::kQuote);
BENCHMARK_CAPTURE(tap_to_null, none_hex, wire::Codec::kNone, OutputFormat::kHex);
BENCHMARK_CAPTURE(tap_to_null, none_json, wire::Codec::kNone, OutputFormat::kJson);
BENCHMARK_CAPTURE(tap_to_null, none_text, wire::Codec::kNone, OutputFormat::kText);

/// A directory for the files of one benchmark, removed with them.
class Directory {
 public:
  Directory() {
    std::string name = (std::filesystem::temp_directory_path() / "tap_bench.XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  [[nodiscard]] std::string file() const { return (path_ / "records").string(); }

 private:
  std::filesystem::path path_;
};

void write_buffers_to_file(benchmark::State& state) {
  const Directory directory;
  write_buffers(state, directory.file().c_str());
}
BENCHMARK(write_buffers_to_file);

void tap_to_file(benchmark::State& state) {
  const Directory directory;
  tap_records(
      state, wire::Codec::kNone, OutputFormat::kPlain,
      OutputOptions{.file = directory.file(), .rotate_bytes = kMaxFileBytes, .rotate_keep = 1});
}
BENCHMARK(tap_to_file);

}  // namespace
}  // namespace omzmq::tap

BENCHMARK_MAIN();
