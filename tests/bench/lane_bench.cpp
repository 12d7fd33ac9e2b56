// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// The lane beside other ways from one thread to another: one producer, one consumer, 256 bytes a
// message, copied by the producer and looked at by the consumer. Prints, after the figures, the
// ratio of the lane's to each of its peers'.
//
// A producer that finds its queue full, and a consumer that finds it empty, yields: what is
// compared is the way, not how each sleeps. Each queue holds as many bytes as the lane, so that
// none has the better cache.

#include <benchmark/benchmark.h>

#include <concurrentqueue/concurrentqueue.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/lane.hpp"
#include "core/transaction.hpp"

namespace omzmq {
namespace {

constexpr std::size_t kMessageBytes = 256;
/// Bytes on the way at most. Two transactions of 1024 messages; stays in the second-level cache.
constexpr std::size_t kBytesOnTheWay = std::size_t{1} << 20U;
/// Messages of one iteration, so that starting a thread costs nothing.
constexpr std::size_t kMessages = std::size_t{1} << 20U;

/// What a worker is given: `count` messages. They share a few texts, which stay in the first-level
/// cache, as they do in a worker that has rendered them just now.
class Source {
 public:
  explicit Source(std::size_t count) {
    for (std::size_t i = 0; i < std::min(count, kTexts); ++i) {
      texts_.emplace_back(kMessageBytes, static_cast<char>('a' + i % 26));
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::string& text = texts_[i % texts_.size()];
      slices_.push_back(
          {reinterpret_cast<const unsigned char*>(text.data()), kMessageBytes, kMessageBytes});
    }
  }

  [[nodiscard]] Batch batch() const { return {slices_.data(), slices_.size(), 1}; }
  [[nodiscard]] const std::vector<std::string>& texts() const { return texts_; }

 private:
  static constexpr std::size_t kTexts = 32;
  std::vector<std::string> texts_;
  std::vector<omzmq_slice> slices_;
};

/// What the consumer does with a message: it looks at its first byte.
std::uint64_t look_at(std::string_view payload) {
  return static_cast<unsigned char>(payload.front());
}

std::uint64_t look_at_all(std::span<const std::byte> body) {
  std::uint64_t sum = 0;
  Message message;
  for (TransactionReader reader(body, 1); reader.left() != 0;) {
    reader.peek(message);
    reader.take(message);
    sum += look_at(message.payload);
  }
  return sum;
}

/// Transactions on the way at most, the same for each queue.
std::size_t items_of(std::size_t messages_each) {
  return std::max<std::size_t>(2, kBytesOnTheWay / (messages_each * kMessageBytes));
}

/// The lane, used as Worker and Sender do.
class LaneWay {
 public:
  explicit LaneWay(const Source& source)
      : batch_(source.batch()), lane_(items_of(batch_.count) * ring_bytes(batch_)) {}

  bool try_put() {
    const auto plan = plan_transaction(batch_, kMessageBytes);
    std::byte* const room = lane_.try_reserve(plan.bytes);
    if (room == nullptr) return false;
    write_transaction(room, batch_, plan, kMessageBytes, {});
    lane_.publish();
    return true;
  }

  /// Messages taken.
  std::size_t take(std::uint64_t& sum) {
    const auto body = lane_.front();
    if (body.empty()) return 0;
    sum += look_at_all(body);
    lane_.release();
    return batch_.count;
  }

 private:
  /// What one transaction takes of the ring.
  static std::size_t ring_bytes(const Batch& batch) {
    const std::size_t body = plan_transaction(batch, kMessageBytes).bytes;
    return 2 * Lane::kWord + body / Lane::kWord * Lane::kWord;
  }

  const Batch batch_;
  Lane lane_;
};

/// A batch that is a block of its own, in the same layout as in the lane.
struct Block {
  std::unique_ptr<std::byte[]> memory;
  std::size_t bytes = 0;

  static Block copy_of(const Batch& batch) {
    const auto plan = plan_transaction(batch, kMessageBytes);
    Block block{std::unique_ptr<std::byte[]>(new std::byte[plan.bytes]), plan.bytes};
    write_transaction(block.memory.get(), batch, plan, kMessageBytes, {});
    return block;
  }
};

/// Bounds a queue that has no bound of its own.
class Bound {
 public:
  explicit Bound(std::size_t items) : free_(static_cast<std::ptrdiff_t>(items)) {}
  bool try_enter() {
    if (free_.load(std::memory_order_acquire) <= 0) return false;
    free_.fetch_sub(1, std::memory_order_relaxed);
    return true;
  }
  void leave() { free_.fetch_add(1, std::memory_order_release); }

 private:
  std::atomic<std::ptrdiff_t> free_;
};

class MutexWay {
 public:
  explicit MutexWay(const Source& source) : batch_(source.batch()), most_(items_of(batch_.count)) {}

  bool try_put() {
    {
      const std::lock_guard lock(mutex_);
      if (queue_.size() >= most_) return false;
    }
    Block block = Block::copy_of(batch_);
    const std::lock_guard lock(mutex_);
    queue_.push_back(std::move(block));
    return true;
  }

  std::size_t take(std::uint64_t& sum) {
    Block block;
    {
      const std::lock_guard lock(mutex_);
      if (queue_.empty()) return 0;
      block = std::move(queue_.front());
      queue_.pop_front();
    }
    sum += look_at_all({block.memory.get(), block.bytes});
    return batch_.count;
  }

 private:
  const Batch batch_;
  const std::size_t most_;
  std::mutex mutex_;
  std::deque<Block> queue_;
};

class MoodycamelBatchWay {
 public:
  explicit MoodycamelBatchWay(const Source& source)
      : batch_(source.batch()), bound_(items_of(batch_.count)) {}

  bool try_put() {
    if (!bound_.try_enter()) return false;
    return queue_.enqueue(producer_, Block::copy_of(batch_));
  }

  std::size_t take(std::uint64_t& sum) {
    Block block;
    if (!queue_.try_dequeue_from_producer(producer_, block)) return 0;
    sum += look_at_all({block.memory.get(), block.bytes});
    bound_.leave();
    return batch_.count;
  }

 private:
  const Batch batch_;
  Bound bound_;
  moodycamel::ConcurrentQueue<Block> queue_;
  moodycamel::ProducerToken producer_{queue_};
};

class MoodycamelStringWay {
 public:
  explicit MoodycamelStringWay(const Source& source)
      : texts_(source.texts()), bound_(items_of(1)) {}

  bool try_put() {
    if (!bound_.try_enter()) return false;
    const std::string& text = texts_[next_++ % texts_.size()];
    return queue_.enqueue(producer_, std::string(text));
  }

  std::size_t take(std::uint64_t& sum) {
    std::string text;
    if (!queue_.try_dequeue_from_producer(producer_, text)) return 0;
    sum += look_at(text);
    bound_.leave();
    return 1;
  }

  static constexpr bool kTakesOneMessage = true;

 private:
  const std::vector<std::string>& texts_;
  std::size_t next_ = 0;
  Bound bound_;
  moodycamel::ConcurrentQueue<std::string> queue_;
  moodycamel::ProducerToken producer_{queue_};
};

template <typename Way>
constexpr std::size_t messages_of_put(std::size_t messages_each) {
  if constexpr (requires { Way::kTakesOneMessage; }) return 1;
  return messages_each;
}

template <typename Way>
void two_threads(benchmark::State& state) {
  const auto messages_each = static_cast<std::size_t>(state.range(0));
  const Source source(messages_each);
  const std::size_t puts = kMessages / messages_of_put<Way>(messages_each);
  for ([[maybe_unused]] auto _ : state) {
    Way way(source);
    std::jthread producer([&] {
      for (std::size_t i = 0; i < puts; ++i) {
        while (!way.try_put()) std::this_thread::yield();
      }
    });
    std::uint64_t sum = 0;
    for (std::size_t left = kMessages; left > 0;) {
      const std::size_t taken = way.take(sum);
      if (taken == 0) std::this_thread::yield();
      left -= taken;
    }
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMessages));
}

/// The producer's half alone: what a message costs the worker. The lane is emptied in between, in
/// the same thread and outside of the measured time.
void worker_alone(benchmark::State& state) {
  const Source source(static_cast<std::size_t>(state.range(0)));
  LaneWay way(source);
  std::uint64_t sum = 0;
  for (bool is_full = false; [[maybe_unused]] auto _ : state) {
    is_full = !way.try_put();
    if (!is_full) continue;
    state.PauseTiming();
    while (way.take(sum) != 0) {
    }
    state.ResumeTiming();
    benchmark::DoNotOptimize(way.try_put());
  }
  benchmark::DoNotOptimize(sum);
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// Both halves by turns in one thread: the cost without what two caches cost each other.
void both_by_turns(benchmark::State& state) {
  const Source source(static_cast<std::size_t>(state.range(0)));
  LaneWay way(source);
  std::uint64_t sum = 0;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(way.try_put());
    benchmark::DoNotOptimize(way.take(sum));
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// The floor: the same bytes from the same places to as many places, and nothing else.
void copy_alone(benchmark::State& state) {
  const Source source(static_cast<std::size_t>(state.range(0)));
  const Batch batch = source.batch();
  std::vector<std::byte> ring(2 * kBytesOnTheWay);
  std::size_t at = 0;
  for ([[maybe_unused]] auto _ : state) {
    for (std::size_t i = 0; i < batch.count; ++i) {
      std::memcpy(ring.data() + at, batch.slices[i].data, batch.slices[i].size);
      at += batch.slices[i].size + sizeof(std::uint32_t);
    }
    benchmark::ClobberMemory();
    if (at > kBytesOnTheWay) at = 0;
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

/// Collects messages a second on their way to the console.
class Rates : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto rate = run.counters.find("items_per_second");
      if (rate == run.counters.end() || run.error_occurred) continue;
      double& best = rates_[run.run_name.function_name][run.run_name.args];
      best = std::max(best, rate->second.value);
    }
    ConsoleReporter::ReportRuns(runs);
  }

  void print() const {
    for (const auto& [name, by_size] : rates_) {
      for (const auto& [size, rate] : by_size) {
        std::printf("%-24s %5s a transaction: %8.2f M/s %8.2f ns a message", name.c_str(),
                    size.c_str(), rate / 1e6, 1e9 / rate);
        const auto lane = rates_.find("two_threads/lane");
        if (name.starts_with("two_threads/") && lane != rates_.end() &&
            lane->second.contains(size)) {
          std::printf("   lane is %.2f times that", lane->second.at(size) / rate);
        }
        std::printf("\n");
      }
    }
  }

 private:
  std::map<std::string, std::map<std::string, double>> rates_;
};

void register_all() {
  const std::pair<const char*, void (*)(benchmark::State&)> threaded[] = {
      {"two_threads/lane", two_threads<LaneWay>},
      {"two_threads/mutex", two_threads<MutexWay>},
      {"two_threads/moodycamel", two_threads<MoodycamelBatchWay>},
      {"two_threads/strings", two_threads<MoodycamelStringWay>}};
  const std::pair<const char*, void (*)(benchmark::State&)> alone[] = {
      {"worker_alone", worker_alone}, {"both_by_turns", both_by_turns}, {"copy_alone", copy_alone}};
  for (const std::int64_t messages_each : {1, 32, 1024}) {
    for (const auto& [name, run] : threaded) {
      benchmark::RegisterBenchmark(name, run)->Arg(messages_each)->UseRealTime();
    }
    for (const auto& [name, run] : alone) {
      benchmark::RegisterBenchmark(name, run)->Arg(messages_each);
    }
  }
}

}  // namespace
}  // namespace omzmq

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
  omzmq::register_all();
  omzmq::Rates rates;
  benchmark::RunSpecifiedBenchmarks(&rates);
  rates.print();
  return 0;
}
