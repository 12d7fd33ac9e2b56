// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <omzmq/crc32c.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "bench/instructions/workload.hpp"
#include "bench/load.hpp"
#include "bench/null_sink.hpp"
#include "core/action.hpp"
#include "core/encoder.hpp"
#include "core/handoff.hpp"
#include "core/packer.hpp"
#include "core/sender.hpp"
#include "core/worker.hpp"

namespace omzmq::bench {
namespace {

/// Fits into the lane of Settings::handoff_size.
constexpr std::size_t kMessages = 16384;
constexpr omzmq_host kHost{[](omzmq_severity, const char*) {}, [] { return false; }, true};

/// A worker's half, from rsyslog's slices to the wake-up of the sender, which is awake.
class Submit final : public Workload {
 public:
  explicit Submit(std::size_t messages_each) : load_(messages_each, kMessageBytes) {}

  void prepare() override {
    for (const auto& lane : action_->handoff().lanes()) {
      while (!lane->front().empty()) lane->release();
    }
  }

  std::size_t run() override {
    const Batch batch = load_.batch();
    for (std::size_t n = 0; n < kMessages; n += batch.count) {
      if (worker_->submit(batch.slices, batch.count) != Worker::Status::kTaken) {
        throw std::logic_error("the lane is full");
      }
    }
    return kMessages;
  }

 private:
  static std::shared_ptr<Action> make_action() {
    auto action = std::make_shared<Action>(Settings(), kHost, [](const Settings& /*settings*/) {
      return std::make_unique<NullSink>();
    });
    action->prepare();
    return action;
  }

  const Load load_;
  const std::shared_ptr<Action> action_ = make_action();
  const std::unique_ptr<Worker> worker_ = std::make_unique<Worker>(action_);
};

/// The sender's half: out of a lane, into frames, to a sink that does nothing.
class Send final : public Workload {
 public:
  /// \param topics  dynamic ones, which the messages have by turns; 0: none
  Send(Format format, std::size_t messages_each, std::size_t topics = 0,
       SocketType sock_type = SocketType::kPush)
      : settings_(settings_of(format, topics, sock_type)),
        load_(messages_each, kMessageBytes, topics) {}

  void prepare() override {
    for (std::size_t n = 0; n < kMessages; n += load_.batch().count) {
      now_ += std::chrono::microseconds(1);
      if (!load_.publish(*lane_, now_)) throw std::logic_error("the lane is full");
    }
  }

  std::size_t run() override {
    while (sender_.do_work(now_) == Sender::Outcome::kMore) {
    }
    return kMessages;
  }

 private:
  static Settings settings_of(Format format, std::size_t topics, SocketType sock_type) {
    Settings settings;
    settings.sock_type = topics == 0 ? sock_type : SocketType::kPub;
    settings.dyna_topic = topics != 0;
    if (topics != 0) settings.topics = {"topic"};
    settings.format = format;
    settings.beat_interval = Settings::Ms(0);
    return settings;
  }

  const Settings settings_;
  const Load load_;
  const Log log_{kHost, "bench"};
  Handoff handoff_{settings_.handoff_size};
  NullSink sink_;
  SenderStats stats_;
  Sender sender_{settings_, handoff_, sink_, stats_, log_};
  const std::shared_ptr<Lane> lane_ = handoff_.open_lane();
  Clock::time_point now_ = Clock::now();
};

/// Messages into frames, of the encoder alone. The memory of a frame is there.
class Encode final : public Workload {
 public:
  using Append = void (*)(FrameBuffer& to, std::string_view payload, std::size_t messages);

  explicit Encode(Append append) : append_(append) { frame_.reserve(2 * kFrameBytes); }

  std::size_t run() override {
    for (std::size_t n = 0; n < kMessages; ++n) {
      if (frame_.size() >= kFrameBytes) frame_.resize(0);
      append_(frame_, text_, frame_.size());
    }
    return kMessages;
  }

 private:
  const Append append_;
  const std::string text_ = std::string(kMessageBytes, 'p');
  FrameBuffer frame_;
};

/// Frames that are full: numbered, sealed, and given away.
class Pack final : public Workload {
 public:
  void prepare() override {
    bodies_.clear();
    for (std::size_t n = 0; n < kFrames; ++n) {
      FrameBuffer& body = bodies_.emplace_back();
      body.reserve(2 * kFrameBytes);
      body.resize(Packer::kRoom);
      for (std::size_t i = 0; i < kMessagesEach; ++i) append_record(body, text_);
    }
  }

  std::size_t run() override {
    for (FrameBuffer& body : bodies_) {
      packer_.pack({}, body, kMessagesEach, kMessagesEach, {}, ready_);
      ready_.pop_front();
    }
    return kFrames * kMessagesEach;
  }

 private:
  static constexpr std::size_t kFrames = 64;
  static constexpr std::uint32_t kMessagesEach = kFrameBytes / (wire::kLengthBytes + kMessageBytes);

  const std::string text_ = std::string(kMessageBytes, 'p');
  const Settings settings_{};
  Packer packer_{settings_, Clock::time_point(), 1, []() noexcept { return std::uint64_t{1}; }};
  std::deque<FrameBuffer> bodies_;
  std::deque<Frame> ready_;
};

/// The check sum of whole frames; a "message" is kMessageBytes of one.
class Crc final : public Workload {
 public:
  std::size_t run() override {
    for (std::size_t n = 0; n < kFrames; ++n) sum_ = wire::crc32c(frame_, sum_);
    return kFrames * kFrameBytes / kMessageBytes;
  }

 private:
  static constexpr std::size_t kFrames = 64;

  const std::string frame_ = std::string(kFrameBytes, 'p');
  std::uint32_t sum_ = 0;
};

void append_line_to(FrameBuffer& to, std::string_view payload, std::size_t messages) {
  append_line(to, payload, messages, line_bytes(payload, messages));
}

void append_record_to(FrameBuffer& to, std::string_view payload, std::size_t /*messages*/) {
  append_record(to, payload);
}

}  // namespace

std::vector<NamedWorkload> core_workloads() {
  return {
      {"submit_1024", [] { return std::make_unique<Submit>(1024); }},
      {"submit_8", [] { return std::make_unique<Submit>(8); }},
      {"send_raw", [] { return std::make_unique<Send>(Format::kRaw, 1024); }},
      {"send_raw_8", [] { return std::make_unique<Send>(Format::kRaw, 8); }},
      {"send_raw_pub",
       [] { return std::make_unique<Send>(Format::kRaw, 1024, 0, SocketType::kPub); }},
      {"send_lines", [] { return std::make_unique<Send>(Format::kLines, 1024); }},
      {"send_packed", [] { return std::make_unique<Send>(Format::kPacked, 1024); }},
      {"send_packed_8", [] { return std::make_unique<Send>(Format::kPacked, 8); }},
      {"topics_100", [] { return std::make_unique<Send>(Format::kPacked, 1024, 100); }},
      {"topics_1000", [] { return std::make_unique<Send>(Format::kPacked, 1024, 1000); }},
      {"append_line", [] { return std::make_unique<Encode>(append_line_to); }},
      {"append_record", [] { return std::make_unique<Encode>(append_record_to); }},
      {"pack", [] { return std::make_unique<Pack>(); }},
      {"crc", [] { return std::make_unique<Crc>(); }},
  };
}

}  // namespace omzmq::bench
