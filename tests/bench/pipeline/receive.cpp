// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <omzmq/wire.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "bench/pipeline/plan.hpp"

namespace omzmq::bench {
namespace {

/// How long to wait for a message before looking whether all is over.
constexpr std::chrono::milliseconds kLook{50};
constexpr std::size_t kMostFrameBytes = std::size_t{64} << 20;
/// Messages of one socket before the next has its turn.
constexpr int kTurn = 64;

/// Counts and checks what one socket receives.
class Counter {
 public:
  Counter(const Plan& plan, Progress& progress, std::size_t subscriber)
      : way_(plan.way),
        is_ordered_(plan.topics == 0),
        progress_(progress),
        received_(progress.received[subscriber]),
        sum_(progress.sums[subscriber]) {}

  /// A ZeroMQ message; of several parts, the last.
  void take(std::string_view body) {
    switch (way_) {
      case Way::kRaw:
      case Way::kZmqEach:
        count(body);
        break;
      case Way::kLines:
        take_lines(body);
        break;
      case Way::kPacked:
        take_batch(body);
        break;
      case Way::kZmqFrames:
        take_records(body);
        break;
    }
    sum_.store(numbers_, std::memory_order_relaxed);
    received_.store(messages_, std::memory_order_release);
  }

 private:
  void count(std::string_view message) {
    const Number number = read_number(message);
    if (number.worker >= next_.size()) return note_wrong();
    std::uint64_t& next = next_[number.worker];
    if (is_ordered_ && number.number != next) note_wrong();
    next = number.number + 1;
    numbers_ += number.number;
    ++messages_;
  }

  void take_lines(std::string_view body) {
    for (;;) {
      const auto end = body.find('\n');
      count(body.substr(0, end));
      if (end == std::string_view::npos) return;
      body.remove_prefix(end + 1);
    }
  }

  void take_batch(std::string_view frame) {
    wire::Batch batch;
    if (wire::read_batch(frame, kMostFrameBytes, batch) != wire::Fault::kNone) return note_wrong();
    if (batch.header.is_beat) return;
    const std::uint64_t before = messages_;
    take_records(batch.body);
    if (messages_ - before != batch.header.count) note_wrong();
    if (!is_ordered_) return;
    if (batch.header.first != next_record_) note_wrong();
    next_record_ = batch.header.first + batch.header.count;
  }

  void take_records(std::string_view body) {
    wire::Records records(body);
    while (const auto record = records.next()) count(*record);
    if (!records.rest().empty()) note_wrong();
  }

  void note_wrong() { progress_.wrong.fetch_add(1, std::memory_order_relaxed); }

  const Way way_;
  const bool is_ordered_;
  Progress& progress_;
  std::atomic<std::uint64_t>& received_;
  std::atomic<std::uint64_t>& sum_;
  std::uint64_t messages_ = 0;
  std::uint64_t numbers_ = 0;
  std::uint64_t next_record_ = 0;
  std::array<std::uint64_t, kMostWorkers> next_{};
};

struct Peer {
  zmq::socket_t socket;
  Counter counter;

  /// \return false when nothing came
  bool take(zmq::message_t& message, zmq::recv_flags flags) {
    if (!socket.recv(message, flags)) return false;
    while (message.more()) {
      if (!socket.recv(message, zmq::recv_flags::dontwait)) return false;
    }
    counter.take({message.data<char>(), message.size()});
    return true;
  }
};

void receive_from_many(std::vector<Peer>& peers, const Progress& progress) {
  std::vector<zmq::pollitem_t> items;
  items.reserve(peers.size());
  for (Peer& peer : peers) items.push_back({peer.socket.handle(), 0, ZMQ_POLLIN, 0});
  zmq::message_t message;
  while (!progress.is_over.load()) {
    zmq::poll(items, kLook);
    for (Peer& peer : peers) {
      for (int n = 0; n < kTurn && peer.take(message, zmq::recv_flags::dontwait); ++n) {
      }
    }
  }
}

}  // namespace

void receive_all(const Plan& plan, const std::string& address, Progress& progress) {
  zmq::context_t context(1);
  std::vector<Peer> peers;
  peers.reserve(plan.subscribers);
  for (std::size_t i = 0; i < plan.subscribers; ++i) {
    Peer& peer = peers.emplace_back(
        Peer{{context, plan.is_pub ? zmq::socket_type::sub : zmq::socket_type::pull},
             Counter(plan, progress, i)});
    peer.socket.set(zmq::sockopt::linger, 0);
    peer.socket.set(zmq::sockopt::rcvtimeo, static_cast<int>(kLook.count()));
    if (plan.is_pub) {
      peer.socket.set(zmq::sockopt::reconnect_ivl, 5);
      peer.socket.set(zmq::sockopt::subscribe, "");
      peer.socket.connect(address);
    } else {
      peer.socket.bind(address);
    }
  }
  progress.is_ready.store(true);
  if (peers.size() > 1) return receive_from_many(peers, progress);
  zmq::message_t message;
  while (!progress.is_over.load()) static_cast<void>(peers[0].take(message, zmq::recv_flags::none));
}

}  // namespace omzmq::bench
