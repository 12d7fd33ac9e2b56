// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/handoff.hpp"
#include "core/log.hpp"
#include "core/sender.hpp"
#include "core/spool_file.hpp"
#include "support/batch_builder.hpp"
#include "support/batches.hpp"
#include "support/fake_sink.hpp"
#include "support/files.hpp"

// The sender when memory runs out: at each of its allocations in turn. A program of its own,
// because it replaces operator new. What realloc() gives, the bodies of frames, does not fail here.

namespace {

/// How many allocations from now on succeed; negative: all.
thread_local long allocations_left = -1;

void* allocate(std::size_t bytes) {
  if (allocations_left == 0) throw std::bad_alloc();  // and so on, until disarmed
  if (allocations_left > 0) --allocations_left;
  void* const memory = std::malloc(std::max<std::size_t>(bytes, 1));
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

/// What a test does itself may allocate.
class Sheltered {
 public:
  Sheltered() : left_(std::exchange(allocations_left, -1)) {}
  ~Sheltered() { allocations_left = left_; }
  Sheltered(const Sheltered&) = delete;
  Sheltered& operator=(const Sheltered&) = delete;

 private:
  const long left_;
};

}  // namespace

void* operator new(std::size_t bytes) { return allocate(bytes); }
void* operator new[](std::size_t bytes) { return allocate(bytes); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t /*bytes*/) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t /*bytes*/) noexcept { std::free(memory); }

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using Strings = std::vector<std::string>;

/// A FakeSink that has memory enough.
class SinkWithMemory final : public FrameSink {
 public:
  explicit SinkWithMemory(test::FakeSocket& socket) : sink_(socket) {}
  void open() override {
    const Sheltered shelter;
    sink_.open();
  }
  SendResult send(Frame& frame) noexcept override {
    const Sheltered shelter;
    return sink_.send(frame);
  }
  [[nodiscard]] bool writable() noexcept override { return sink_.writable(); }
  [[nodiscard]] int fd() const noexcept override { return sink_.fd(); }
  [[nodiscard]] std::size_t unsent() const noexcept override { return sink_.unsent(); }
  [[nodiscard]] std::optional<std::string_view> try_receive() noexcept override {
    const Sheltered shelter;
    return sink_.try_receive();
  }
  void watch_peers(PeerListener& listener, Clock::time_point now) noexcept override {
    sink_.watch_peers(listener, now);
  }
  [[nodiscard]] bool has_lost_peer() noexcept override { return sink_.has_lost_peer(); }
  [[nodiscard]] std::vector<Frame> recover(Frame* offered) noexcept override {
    const Sheltered shelter;
    return sink_.recover(offered);
  }
  void close(std::chrono::milliseconds linger) noexcept override { sink_.close(linger); }

 private:
  test::FakeSink sink_;
};

/// One run of a sender, in which memory ends at one allocation and comes back a moment later.
class Run {
 public:
  explicit Run(Settings settings) : settings_(std::move(settings)) {
    sender_.open_spool();
    for (int i = 0; i < 3; ++i) {
      lanes_.push_back(handoff_.open_lane());
      for (int t = 0; t < 2; ++t) {
        const std::string name = std::to_string(i) + "." + std::to_string(t) + ".";
        test::BatchBuilder batch;
        for (const char* const letter : {"a", "b", "c"}) {
          batch.add({name + letter});
          published_.push_back(name + letter);
        }
        if (!test::publish(*lanes_.back(), batch, start_)) throw std::runtime_error("no room");
      }
    }
  }

  // Works; after `allocations` there is no memory for the rest of one cycle. \return whether it
  // came to that
  bool work_short_of_memory(long allocations) {
    bool was_short = false;
    for (int cycle = 0; cycle < 40; ++cycle) {
      if (!was_short) allocations_left = allocations;
      try {
        static_cast<void>(sender_.do_work(start_ + cycle * 1s));
      } catch (const std::bad_alloc&) {
        was_short = true;
      }
      // It has counted down, or was caught where nothing is thrown.
      was_short = was_short || allocations_left == 0;
      if (!was_short) allocations = allocations_left;
      allocations_left = -1;
      acknowledge();
    }
    return was_short;
  }

  // What receivers have, each record once, in the order in which it came first.
  [[nodiscard]] Strings received() const {
    Strings all;
    for (const std::string& body : socket_.bodies()) {
      if (settings_.format != Format::kPacked) {
        all.push_back(body);
        continue;
      }
      wire::Batch batch;
      EXPECT_EQ(wire::read_batch(body, test::kAnyBytes, batch), wire::Fault::kNone);
      wire::Records records(batch.body);
      while (const auto record = records.next()) all.emplace_back(*record);
    }
    return all;
  }

  void expect_all_delivered_once(const Strings& earlier) const {
    Strings expected = earlier;
    expected.insert(expected.end(), published_.begin(), published_.end());
    Strings got = received();
    std::sort(got.begin(), got.end());
    // A batch that could not be noted as sent goes out once more; nothing else is there twice.
    if (stats_.resent.value() != 0) got.erase(std::unique(got.begin(), got.end()), got.end());
    std::sort(expected.begin(), expected.end());
    EXPECT_EQ(got, expected);
    for (const auto& lane : lanes_) {
      EXPECT_TRUE(lane->front().empty());
      EXPECT_TRUE(lane->is_settled());
      EXPECT_TRUE(settings_.confirm == Confirm::kHandoff || lane->is_confirmed());
    }
    EXPECT_EQ(socket_.breach(), "");
  }

  [[nodiscard]] const SenderStats& stats() const { return stats_; }

 private:
  void acknowledge() {
    if (settings_.confirm != Confirm::kAcked) return;
    const Strings bodies = socket_.bodies();
    for (; answered_ < bodies.size(); ++answered_)
      socket_.deliver(test::bytes_of(test::ack_for(bodies[answered_])));
  }

  const Settings settings_;
  const Clock::time_point start_ = Clock::now();
  const Log log_{{[](omzmq_severity, const char*) {}, [] { return false; }, true}, "test"};
  Handoff handoff_{64 * 1024};
  test::FakeSocket socket_;
  SinkWithMemory sink_{socket_};
  SenderStats stats_;
  Sender sender_{settings_, handoff_, sink_, stats_, log_};
  std::vector<std::shared_ptr<Lane>> lanes_;
  Strings published_;
  std::size_t answered_ = 0;
};

Settings settings_of(Confirm confirm, Format format) {
  Settings settings;
  settings.sock_type = confirm == Confirm::kAcked ? SocketType::kDealer : SocketType::kPush;
  settings.confirm = confirm;
  settings.format = format;
  settings.beat_interval = 0ms;
  settings.batch_linger = 0ms;
  settings.batch_max_messages = 2;
  settings.ack_window = 2;
  return settings;
}

// Fails the first allocation, then the second, until a run has no more of them.
void fail_each(const Settings& settings, const Strings& earlier) {
  long failed = 0;
  for (;; ++failed) {
    SCOPED_TRACE("after " + std::to_string(failed) + " allocations");
    if (!earlier.empty()) {
      SpoolWriter writer(settings.spool_file,
                         {.format = settings.format, .sock_type = *settings.sock_type});
      for (const std::string& body : earlier) {
        Frame frame;
        frame.body.append(body);
        frame.messages = 1;
        frame.held = 1;
        frame.seal();
        writer.append(frame);
      }
      writer.finish();
      writer.commit();
    }
    Run run(settings);
    const bool was_short = run.work_short_of_memory(failed);
    run.expect_all_delivered_once(earlier);
    EXPECT_EQ(run.stats().replayed.value(), earlier.size());
    if (!was_short || testing::Test::HasFailure()) break;
  }
  EXPECT_GE(failed, 3) << "hardly anything was tried";
}

TEST(ShortOfMemory, LosesNothingWithHandoff) {
  for (const Format format : {Format::kRaw, Format::kPacked})
    fail_each(settings_of(Confirm::kHandoff, format), {});
}

TEST(ShortOfMemory, LosesNothingWithSent) {
  for (const Format format : {Format::kRaw, Format::kPacked})
    fail_each(settings_of(Confirm::kSent, format), {});
}

TEST(ShortOfMemory, LosesNothingWithAcked) {
  fail_each(settings_of(Confirm::kAcked, Format::kPacked), {});
}

TEST(ShortOfMemory, LosesNothingOfAnEarlierRun) {
  const test::TemporaryDirectory directory;
  Settings settings = settings_of(Confirm::kSent, Format::kRaw);
  settings.spool_file = directory.file("spool");
  fail_each(settings, {"old 1", "old 2", "old 3", "old 4", "old 5"});
}

}  // namespace
}  // namespace omzmq
