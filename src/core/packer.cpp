// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/packer.hpp"

#include <chrono>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace omzmq {

std::uint64_t Packer::system_time() noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

std::uint64_t Packer::random_epoch() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

Packer::Packer(const Settings& settings, Clock::time_point now, std::uint64_t epoch,
               WallClock wall_clock)
    : settings_(settings),
      epoch_(epoch),
      wall_clock_(wall_clock),
      compressor_(make_compressor(settings.compression_driver, settings.compression_level)) {
  if (settings.dyna_topic) return;
  if (settings.topics.empty()) streams_.open({}, now);
  for (const std::string& topic : settings.topics) {
    if (streams_.find(topic) == nullptr) streams_.open(topic, now);
  }
}

Stream& Packer::stream_of(std::string_view topic, Clock::time_point now, std::deque<Frame>& ready) {
  if (Stream* const known = streams_.find(topic)) return *known;
  while (streams_.is_full()) {
    // Nobody will hear of this stream again: those who missed its end have to learn it now.
    Stream& leaving = streams_.least_used();
    if (settings_.beat_interval.count() != 0 && !leaving.has_said_next) beat(leaving, now, ready);
    streams_.close_least_used();
  }
  return streams_.open(topic, now);
}

wire::Codec Packer::compress(std::string_view raw, FrameBuffer& to) {
  if (!compressor_) return wire::Codec::kNone;
  to.reserve(kRoom + compressor_->bound(raw.size()));
  const auto bytes = compressor_->compress(raw, to.data() + kRoom);
  if (!bytes) has_failed_to_compress_ = true;
  if (!bytes || *bytes >= raw.size()) return wire::Codec::kNone;
  to.resize(kRoom + *bytes);
  return compressor_->codec();
}

void Packer::write_header(FrameBuffer& body, const Stream& stream, wire::BatchHeader header) const {
  header.epoch = epoch_;
  header.stream = stream.number;
  header.first = stream.next;
  header.time_ns = wall_clock_();
  wire::write_header(body.data(), body.size(), header);
}

void Packer::pack(std::string_view topic, FrameBuffer& body, std::uint32_t count,
                  std::uint32_t settles, Clock::time_point now, std::deque<Frame>& ready) {
  const std::string dynamic(topic);
  const std::span<const std::string> topics = settings_.dyna_topic || settings_.topics.empty()
                                                  ? std::span(&dynamic, 1)
                                                  : std::span(settings_.topics);
  FrameBuffer compressed;
  const wire::BatchHeader header{.codec = compress(body.view().substr(kRoom), compressed),
                                 .count = count,
                                 .raw_bytes = static_cast<std::uint32_t>(body.size() - kRoom)};
  FrameBuffer& shared = header.codec == wire::Codec::kNone ? body : compressed;
  shared.shrink();
  std::vector<std::pair<Stream*, Frame>> packed;
  packed.reserve(topics.size());
  for (const std::string& one : topics) {
    auto& [stream, frame] = packed.emplace_back(&stream_of(one, now, ready), Frame());
    if (!settings_.topics.empty()) frame.own_topics.push_back(one);
    if (packed.size() < topics.size()) frame.body.append(shared.view());
  }
  const std::size_t before = ready.size();
  ready.resize(before + packed.size());
  // Nothing throws from here on.
  packed.back().second.body = std::move(shared);
  for (std::size_t i = 0; i < packed.size(); ++i) {
    auto& [stream, frame] = packed[i];
    write_header(frame.body, *stream, header);
    frame.awaited = {
        .epoch = epoch_, .stream = stream->number, .first = stream->next, .count = count};
    streams_.note_batch(*stream, count, now);
    frame.topics = frame.own_topics;
    frame.messages = i == 0 ? settles : 0;
    frame.held = count;
    frame.seal();
    ready[before + i] = std::move(frame);
  }
}

void Packer::beat(Stream& stream, Clock::time_point now, std::deque<Frame>& ready) {
  Frame frame;
  if (!settings_.topics.empty()) frame.own_topics.push_back(stream.topic);
  frame.topics = frame.own_topics;
  frame.body.reserve(kRoom);
  frame.body.resize(kRoom);
  write_header(frame.body, stream, {.is_beat = true});
  frame.seal();
  ready.push_back(std::move(frame));
  streams_.note_beat(stream, now);
}

Clock::time_point Packer::next_beat() const noexcept {
  if (settings_.beat_interval.count() == 0 || streams_.is_empty()) return Clock::time_point::max();
  return streams_.most_silent().last_spoken + settings_.beat_interval;
}

void Packer::beat_due(Clock::time_point now, std::size_t most, std::deque<Frame>& ready) {
  for (; most != 0 && next_beat() <= now; --most) beat(streams_.most_silent(), now, ready);
}

bool Packer::beat_last(Clock::time_point now, std::size_t most, std::deque<Frame>& ready) {
  if (settings_.beat_interval.count() == 0) return false;
  std::size_t made = 0;
  streams_.visit_recent([&](Stream& stream) {
    if (!stream.has_said_next) {
      beat(stream, now, ready);
      ++made;
    }
    return made < most;
  });
  return made != 0;
}

}  // namespace omzmq
