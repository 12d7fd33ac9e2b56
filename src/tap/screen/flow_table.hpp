// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace omzmq::tap {

/// The rate in each of the last 60 seconds.
///
/// Threads: one.
class RateHistory {
 public:
  static constexpr std::size_t kSeconds = 60;

  /// `seconds` that had this rate each.
  void push(double rate, std::size_t seconds) noexcept;

  /// Seconds that have a rate, 60 at most.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// The rate `age` seconds before the last one; age < size().
  [[nodiscard]] float at(std::size_t age) const noexcept {
    return rates_[(next_ + kSeconds - 1 - age) % kSeconds];
  }

  [[nodiscard]] bool is_silent() const noexcept;

 private:
  std::array<float, kSeconds> rates_{};
  std::size_t next_ = 0;
  std::size_t size_ = 0;
};

/// An interval that tick() closes: its length, and how many places of a history it fills.
struct Interval {
  double seconds;
  std::size_t slots;
};

/// The messages that pass one point: sums, and rates of the last closed interval.
///
/// Threads: one.
class Flow {
 public:
  void count(std::uint64_t messages, std::uint64_t bytes, std::uint64_t missed) noexcept {
    messages_ += messages;
    bytes_ += bytes;
    missed_ +=
        std::min(missed, std::numeric_limits<std::uint64_t>::max() - missed_);  // hostile headers
  }

  /// Ends an interval: what was counted since the last one makes the rates.
  void close(const Interval& interval) noexcept;

  /// Takes over the sums of a row that is given up, without a trace in the rates.
  void absorb(const Flow& other) noexcept;

  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }
  [[nodiscard]] double messages_per_second() const noexcept { return messages_per_second_; }
  [[nodiscard]] double bytes_per_second() const noexcept { return bytes_per_second_; }

  /// Messages/s of the last minute.
  [[nodiscard]] const RateHistory& history() const noexcept { return history_; }

  /// Messages/s, smoothed over some seconds: an order by it does not jump.
  [[nodiscard]] double rank() const noexcept { return rank_; }

 private:
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t missed_ = 0;
  std::uint64_t closed_messages_ = 0;  // messages_ and bytes_ at the last close()
  std::uint64_t closed_bytes_ = 0;
  double messages_per_second_ = 0;
  double bytes_per_second_ = 0;
  double rank_ = 0;
  RateHistory history_;
};

/// A bounded table of flows. `Id` is how a row is asked for (cheap, refers to the caller's bytes),
/// `Key` is made of it for a row that is new, `Hash` and `Equal` take both.
///
/// Threads: one.
template <typename Key, typename Id, typename Hash, typename Equal>
class FlowTable {
 public:
  struct Row {
    const Key* key;  // nullptr: the others
    const Flow* flow;
  };

  explicit FlowTable(std::size_t max_rows) : max_rows_(max_rows) {}

  /// The flow of `id`; that of the others when it has no row and the table is full.
  [[nodiscard]] Flow& at(const Id& id) {
    if (const auto found = rows_.find(id); found != rows_.end()) {
      return found->second;
    }
    if (rows_.size() >= max_rows_) {
      has_others_ = true;
      return others_;
    }
    return rows_.try_emplace(Key(id)).first->second;
  }

  /// Closes each row's interval. A full table gives up the rows that were silent for a minute.
  void close(const Interval& interval) {
    for (auto& [key, flow] : rows_) {
      flow.close(interval);
    }
    others_.close(interval);
    if (rows_.size() >= max_rows_) {
      std::erase_if(rows_, [this](const auto& row) {
        const bool silent = row.second.history().is_silent();
        if (silent) {
          others_.absorb(row.second);
          has_others_ = true;
        }
        return silent;
      });
    }
  }

  /// Rows, that of the others included when there is one.
  [[nodiscard]] std::size_t size() const noexcept { return rows_.size() + (has_others_ ? 1 : 0); }

  /// Whether anything is in it but the row of `id`.
  [[nodiscard]] bool has_more_than(const Id& id) const {
    return size() > (rows_.find(id) != rows_.end() ? 1U : 0U);
  }

  /// At most `count` rows, the busiest first. They live until the next call of at() or close().
  [[nodiscard]] std::vector<Row> busiest(std::size_t count) const {
    std::vector<Row> all;
    all.reserve(size());
    for (const auto& [key, flow] : rows_) {
      all.push_back({&key, &flow});
    }
    if (has_others_) {
      all.push_back({nullptr, &others_});
    }
    const auto end = all.begin() + static_cast<std::ptrdiff_t>(std::min(count, all.size()));
    std::partial_sort(all.begin(), end, all.end(), &FlowTable::is_before);
    all.erase(end, all.end());
    return all;
  }

 private:
  static bool is_before(const Row& a, const Row& b) {
    if (a.flow->rank() != b.flow->rank()) {
      return a.flow->rank() > b.flow->rank();
    }
    if (a.flow->messages() != b.flow->messages()) {
      return a.flow->messages() > b.flow->messages();
    }
    return a.key != nullptr && (b.key == nullptr || *a.key < *b.key);
  }

  std::size_t max_rows_;
  std::unordered_map<Key, Flow, Hash, Equal> rows_;
  Flow others_;
  bool has_others_ = false;
};

struct TopicHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view topic) const noexcept {
    return std::hash<std::string_view>{}(topic);
  }
};

/// Names a stream; its topic goes along for whoever reads, and is no part of the name.
template <typename Text>
struct BasicStreamId {
  std::uint64_t epoch;
  std::uint64_t stream;
  Text topic;
};
using StreamId = BasicStreamId<std::string_view>;

struct StreamKey : BasicStreamId<std::string> {
  explicit StreamKey(const StreamId& id)
      : BasicStreamId<std::string>{id.epoch, id.stream, std::string(id.topic)} {}
  bool operator<(const StreamKey& other) const noexcept {
    return epoch != other.epoch ? epoch < other.epoch : stream < other.stream;
  }
};

struct StreamHash {
  using is_transparent = void;
  template <typename Text>
  std::size_t operator()(const BasicStreamId<Text>& id) const noexcept {
    // Streams are numbered from 0: the factor spreads them over all bits.
    return static_cast<std::size_t>(id.epoch ^ (id.stream * 0x9E3779B97F4A7C15ULL));
  }
};

struct StreamEqual {
  using is_transparent = void;
  template <typename TextA, typename TextB>
  bool operator()(const BasicStreamId<TextA>& a, const BasicStreamId<TextB>& b) const noexcept {
    return a.epoch == b.epoch && a.stream == b.stream;
  }
};

using TopicTable = FlowTable<std::string, std::string_view, TopicHash, std::equal_to<>>;
using StreamTable = FlowTable<StreamKey, StreamId, StreamHash, StreamEqual>;

}  // namespace omzmq::tap
