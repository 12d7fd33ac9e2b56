// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "packed_receiver.hpp"

#include <fmt/format.h>
#include <lz4frame.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string_view>

#include "injector.hpp"

namespace omzmq::test {
namespace {

constexpr std::size_t kMaxRawBytes = std::size_t{64} << 20U;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error("a frame of the packed format: " + what);
}

std::string unzstd(std::string_view body, std::size_t raw_bytes) {
  std::string raw(raw_bytes, '\0');
  const std::size_t size = ZSTD_decompress(raw.data(), raw.size(), body.data(), body.size());
  if (ZSTD_isError(size) != 0 || size != raw_bytes) fail("no zstd frame of the right size");
  return raw;
}

std::string unlz4(std::string_view body, std::size_t raw_bytes) {
  LZ4F_dctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0) fail("no memory");
  const std::unique_ptr<LZ4F_dctx, decltype(&LZ4F_freeDecompressionContext)> context(
      made, &LZ4F_freeDecompressionContext);
  std::string raw(raw_bytes, '\0');
  std::size_t read = 0;
  std::size_t written = 0;
  std::size_t hint = 1;
  while (hint != 0 && read < body.size()) {
    std::size_t from = body.size() - read;
    std::size_t to = raw.size() - written;
    hint = LZ4F_decompress(context.get(), raw.data() + written, &to, body.data() + read, &from,
                           nullptr);
    if (LZ4F_isError(hint) != 0 || from + to == 0) fail("no lz4 frame");
    read += from;
    written += to;
  }
  if (hint != 0 || read != body.size() || written != raw_bytes)
    fail("an lz4 frame of another size");
  return raw;
}

PackedFrame decode(std::string topic, const std::string& body) {
  wire::Batch batch;
  if (const auto fault = read_batch(body, kMaxRawBytes, batch); fault != wire::Fault::kNone) {
    fail(describe(fault));
  }
  PackedFrame frame{std::move(topic), 0, batch.header, {}};
  frame.wire_bytes = frame.topic.size() + body.size();
  std::string raw;
  switch (batch.header.codec) {
    case wire::Codec::kNone:
      raw = batch.body;
      break;
    case wire::Codec::kZstd:
      raw = unzstd(batch.body, batch.header.raw_bytes);
      break;
    case wire::Codec::kLz4:
      raw = unlz4(batch.body, batch.header.raw_bytes);
      break;
  }
  if (const auto fault = check_records(raw, batch.header); fault != wire::Fault::kNone) {
    fail(describe(fault));
  }
  wire::Records records(raw);
  while (const auto record = records.next()) frame.records.emplace_back(*record);
  return frame;
}

}  // namespace

void PackedReceiver::decode_more() {
  const auto& all = messages();
  while (frames_.size() < all.size()) {
    const Message& message = all[frames_.size()];
    const std::size_t parts = message.size() - (names_peer_ ? 1 : 0);
    if (parts == 0 || parts > 2) fail(fmt::format("a message of {} parts", message.size()));
    frames_.push_back(
        decode(parts == 2 ? message[message.size() - 2] : std::string(), message.back()));
    follow(frames_.back());
  }
}

void PackedReceiver::follow(const PackedFrame& frame) {
  const wire::BatchHeader& header = frame.header;
  const auto [found, is_new] = flow_of_.try_emplace({header.epoch, header.stream}, flows_.size());
  if (is_new) {
    flows_.push_back({.topic = frame.topic,
                      .epoch = header.epoch,
                      .stream = header.stream,
                      .first = header.first,
                      .next = header.first});
  }
  Flow& flow = flows_[found->second];
  if (flow.topic != frame.topic) fail("one stream for " + flow.topic + " and " + frame.topic);
  if (header.first > flow.next) flow.missed += header.first - flow.next;
  if (header.first < flow.next) flow.duplicated += flow.next - header.first;
  flow.next = std::max(flow.next, header.first + header.count);
  flow.received += header.count;
  flow.ends_with_beat = header.is_beat;
}

const std::vector<PackedFrame>& PackedReceiver::frames() {
  decode_more();
  return frames_;
}

const std::vector<Flow>& PackedReceiver::flows() {
  decode_more();
  return flows_;
}

Flow PackedReceiver::flow(const std::string& topic) {
  std::vector<Flow> found;
  for (const Flow& flow : flows()) {
    if (flow.topic == topic) found.push_back(flow);
  }
  EXPECT_EQ(found.size(), 1U) << "streams of topic '" << topic << "'";
  return found.size() == 1 ? found.front() : Flow{};
}

std::size_t PackedReceiver::beats() {
  const auto& all = frames();
  return static_cast<std::size_t>(std::count_if(
      all.begin(), all.end(), [](const PackedFrame& frame) { return frame.header.is_beat; }));
}

std::vector<std::string> PackedReceiver::records() {
  std::vector<std::string> all;
  for (const PackedFrame& frame : frames()) {
    all.insert(all.end(), frame.records.begin(), frame.records.end());
  }
  return all;
}

std::vector<std::string> PackedReceiver::records(const std::string& topic) {
  std::vector<std::string> some;
  for (const PackedFrame& frame : frames()) {
    if (frame.topic == topic) some.insert(some.end(), frame.records.begin(), frame.records.end());
  }
  return some;
}

std::uint64_t PackedReceiver::record_count() {
  const auto& all = flows();
  return std::accumulate(all.begin(), all.end(), std::uint64_t{0},
                         [](auto sum, const Flow& flow) { return sum + flow.received; });
}

std::uint64_t PackedReceiver::missed() {
  const auto& all = flows();
  return std::accumulate(all.begin(), all.end(), std::uint64_t{0},
                         [](auto sum, const Flow& flow) { return sum + flow.missed; });
}

std::uint64_t PackedReceiver::duplicated() {
  const auto& all = flows();
  return std::accumulate(all.begin(), all.end(), std::uint64_t{0},
                         [](auto sum, const Flow& flow) { return sum + flow.duplicated; });
}

bool PackedReceiver::wait_for_records(std::uint64_t count) {
  return wait_until([&] { return record_count() >= count; });
}

bool PackedReceiver::wait_for_beats(std::size_t count) {
  return wait_until([&] { return beats() >= count; });
}

bool PackedReceiver::wait_until_next(std::uint64_t number) {
  return wait_until([&] { return !flows().empty() && flows().front().next >= number; });
}

testing::AssertionResult is_complete(PackedReceiver& receiver) {
  if (receiver.flows().empty()) return testing::AssertionFailure() << "nothing came";
  for (const Flow& flow : receiver.flows()) {
    if (flow.first != 0 || flow.missed != 0 || flow.duplicated != 0) {
      return testing::AssertionFailure()
             << "stream " << flow.stream << " of topic '" << flow.topic << "' began with "
             << flow.first << ", missed " << flow.missed << ", had twice " << flow.duplicated;
    }
  }
  return testing::AssertionSuccess();
}

testing::AssertionResult has_numbers_as_sent(PackedReceiver& receiver, std::size_t size) {
  for (const PackedFrame& frame : receiver.frames()) {
    auto number = static_cast<unsigned>(frame.header.first);
    for (const std::string& record : frame.records) {
      if (record != numbered_line(number, size)) {
        return testing::AssertionFailure()
               << "number " << number << " is '" << record.substr(0, 40) << "'";
      }
      ++number;
    }
  }
  return testing::AssertionSuccess();
}

}  // namespace omzmq::test
