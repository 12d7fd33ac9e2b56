// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/continuity.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace omzmq::tap {
namespace {

/// The number after the last record. A header may say anything: the end stays a number.
std::uint64_t end_of(const wire::BatchHeader& header) noexcept {
  const std::uint64_t room = std::numeric_limits<std::uint64_t>::max() - header.first;
  return header.first + std::min<std::uint64_t>(header.count, room);
}

}  // namespace

std::size_t Continuity::KeyHash::operator()(const Key& key) const noexcept {
  // Epochs are random; the multiplier spreads streams, which may be small numbers.
  return static_cast<std::size_t>(key.epoch ^ (key.stream * 0x9E3779B97F4A7C15ULL));
}

Verdict Continuity::seen(const wire::BatchHeader& header, int connection) {
  Verdict verdict;
  note_epoch(header, connection, verdict);
  const Key key{header.epoch, header.stream};
  const Range batch{header.first, end_of(header)};
  Stream* const stream = find(key);
  if (stream == nullptr) {
    begin_stream(key, batch);
    verdict.arrival = Arrival::kFirst;
    return verdict;
  }
  judge(*stream, batch, verdict);
  return verdict;
}

bool Continuity::knows(std::uint64_t epoch) const noexcept {
  return std::any_of(epochs_.begin(), epochs_.end(),
                     [&](const Epoch& known) { return known.id == epoch; });
}

Continuity::Stream* Continuity::find(const Key& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return nullptr;
  streams_.splice(streams_.begin(), streams_, found->second);
  return &streams_.front();
}

void Continuity::begin_stream(const Key& key, Range batch) {
  if (by_key_.size() >= max_streams_) {
    by_key_.erase(streams_.back().key);
    streams_.pop_back();
    ++forgotten_;
  }
  streams_.push_front(Stream{.key = key, .begin = batch.begin, .next = batch.end, .holes = {}});
  by_key_.emplace(key, streams_.begin());
}

void Continuity::judge(Stream& stream, Range batch, Verdict& verdict) {
  if (batch.begin >= stream.next) {
    verdict.missed = batch.begin - stream.next;
    verdict.arrival = verdict.missed != 0 ? Arrival::kGap : Arrival::kInOrder;
    if (verdict.missed != 0) {
      if (stream.holes.size() == kMaxHoles) stream.holes.erase(stream.holes.begin());
      stream.holes.push_back(Range{stream.next, batch.begin});
    }
    stream.next = batch.end;
    return;
  }
  if (batch.begin == batch.end) return;  // a beat that was overtaken
  const std::uint64_t unjudged =
      batch.begin < stream.begin ? std::min(batch.end, stream.begin) - batch.begin : 0;
  const std::uint64_t ahead = batch.end > stream.next ? batch.end - stream.next : 0;
  verdict.recovered = fill_holes(stream, batch);
  verdict.duplicated = (batch.end - batch.begin) - unjudged - ahead - verdict.recovered;
  if (verdict.duplicated == 0) {
    verdict.arrival = Arrival::kLate;
  } else if (verdict.duplicated == batch.end - batch.begin) {
    verdict.arrival = Arrival::kDuplicate;
  } else {
    verdict.arrival = Arrival::kPartlyDuplicate;
  }
  stream.next = std::max(stream.next, batch.end);
}

std::uint64_t Continuity::fill_holes(Stream& stream, Range arrived) {
  std::uint64_t filled = 0;
  std::vector<Range> left;
  for (const Range& hole : stream.holes) {
    const std::uint64_t begin = std::max(hole.begin, arrived.begin);
    const std::uint64_t end = std::min(hole.end, arrived.end);
    if (begin >= end) {
      left.push_back(hole);
      continue;
    }
    filled += end - begin;
    if (hole.begin < begin) left.push_back(Range{hole.begin, begin});
    if (end < hole.end) left.push_back(Range{end, hole.end});
  }
  // A hole that was filled in its middle is two.
  if (left.size() > kMaxHoles) left.erase(left.begin());
  stream.holes = std::move(left);
  return filled;
}

void Continuity::note_epoch(const wire::BatchHeader& header, int connection, Verdict& verdict) {
  const auto known = std::find_if(epochs_.begin(), epochs_.end(),
                                  [&](const Epoch& epoch) { return epoch.id == header.epoch; });
  if (known != epochs_.end()) {
    known->connection = connection;
    known->is_connected = true;
    epochs_.splice(epochs_.begin(), epochs_, known);
    return;
  }
  verdict.new_epoch = true;
  verdict.restart = replaces_another(connection);
  if (epochs_.size() >= kMaxEpochs) epochs_.pop_back();
  epochs_.push_front(Epoch{.id = header.epoch, .connection = connection});
}

bool Continuity::replaces_another(int connection) {
  Epoch* replaced = nullptr;
  for (Epoch& epoch : epochs_) {
    if (epoch.is_replaced) continue;
    if (connection >= 0 && epoch.connection == connection) {
      replaced = &epoch;
      break;
    }
    if (!epoch.is_connected && replaced == nullptr) replaced = &epoch;
  }
  if (replaced == nullptr) return false;
  replaced->is_replaced = true;
  return true;
}

void Continuity::connection_closed(int connection) {
  if (connection < 0) return;
  for (Epoch& epoch : epochs_)
    if (epoch.connection == connection) epoch.is_connected = false;
}

}  // namespace omzmq::tap
