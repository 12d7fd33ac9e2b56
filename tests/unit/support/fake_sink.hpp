// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/wire.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/encoder.hpp"
#include "core/event_fd.hpp"
#include "core/frame_sink.hpp"

namespace omzmq::test {

/// A frame as a FakeSink took it.
struct SentFrame {
  std::vector<std::string> topics;
  std::string body;
  std::uint32_t messages = 0;

  bool operator==(const SentFrame&) const = default;
};

/// What a FakeSink does and did. It belongs to the test and outlives the sink, which belongs to an
/// Action's thread.
///
/// Threads: any.
class FakeSocket {
 public:
  /// The next results of send(), of which only kSent takes the frame; without any, the standing
  /// one.
  void answer(SendResult standing) {
    const std::lock_guard lock(mutex_);
    standing_ = standing;
    changed_.notify();
  }
  /// The next `times` calls of send() give `result`, then it is the standing one again.
  void answer_next(SendResult result, std::size_t times = 1) {
    const std::lock_guard lock(mutex_);
    next_.insert(next_.end(), times, result);
  }
  /// The next `times` calls of open() throw.
  void fail_to_open(std::size_t times) {
    const std::lock_guard lock(mutex_);
    failing_opens_ = times;
  }
  /// A peer sends this.
  void deliver(std::string message) {
    const std::lock_guard lock(mutex_);
    received_.push_back(std::move(message));
    changed_.notify();
  }
  /// The next watch_peers() tells of this. The texts outlive it.
  void tell(PeerEvent event) {
    const std::lock_guard lock(mutex_);
    peer_events_.push_back(event);
    changed_.notify();
  }
  void lose_peer() {
    const std::lock_guard lock(mutex_);
    lost_peer_ = true;
    changed_.notify();
  }
  /// So many of the frames that were taken last come back by recover().
  void keep_back(std::size_t frames) {
    const std::lock_guard lock(mutex_);
    kept_back_ = frames;
  }
  /// What unsent() says while the socket is open.
  void set_unsent(std::size_t messages) {
    const std::lock_guard lock(mutex_);
    unsent_ = messages;
  }
  /// Called on the sender thread by each send(), before it answers.
  void on_send(std::function<void()> call) {
    const std::lock_guard lock(mutex_);
    on_send_ = std::move(call);
  }

  [[nodiscard]] std::vector<SentFrame> sent() const { return locked(sent_); }
  [[nodiscard]] std::vector<std::string> bodies() const {
    std::vector<std::string> bodies;
    for (SentFrame& frame : sent()) bodies.push_back(std::move(frame.body));
    return bodies;
  }
  [[nodiscard]] std::size_t opens() const { return locked(opens_); }  ///< that did not throw
  [[nodiscard]] std::size_t tries() const { return locked(tries_); }  ///< calls of open()
  [[nodiscard]] std::size_t closes() const { return locked(closes_); }
  [[nodiscard]] std::chrono::milliseconds last_linger() const { return locked(last_linger_); }
  [[nodiscard]] bool is_open() const { return locked(is_open_); }
  /// What the sender did that FrameSink forbids; empty when all is well.
  [[nodiscard]] std::string breach() const { return locked(breach_); }

 private:
  friend class FakeSink;

  template <typename T>
  T locked(const T& value) const {
    const std::lock_guard lock(mutex_);
    return value;
  }

  mutable std::mutex mutex_;  // guards all below but changed_
  SendResult standing_ = SendResult::kSent;
  std::vector<SendResult> next_;
  std::function<void()> on_send_;
  std::size_t failing_opens_ = 0;
  std::size_t unsent_ = 0;
  std::deque<std::string> received_;
  std::vector<PeerEvent> peer_events_;
  bool lost_peer_ = false;
  std::size_t kept_back_ = 0;
  std::vector<SentFrame> sent_;
  std::size_t opens_ = 0;
  std::size_t tries_ = 0;
  std::size_t closes_ = 0;
  std::chrono::milliseconds last_linger_{-1};
  bool is_open_ = false;
  std::string breach_;
  EventFd changed_;
};

/// A FrameSink without ZeroMQ. As the real one may, it keeps the body of a frame that it could not
/// send, and so notices when the next frame is another one.
class FakeSink : public FrameSink {
 public:
  explicit FakeSink(FakeSocket& socket) : socket_(socket) {}

  void open() override {
    const std::lock_guard lock(socket_.mutex_);
    ++socket_.tries_;
    if (socket_.is_open_) socket_.breach_ = "open() of an open sink";
    if (socket_.failing_opens_ != 0) {
      --socket_.failing_opens_;
      throw std::runtime_error("cannot bind 'tcp://nowhere:1'");
    }
    ++socket_.opens_;
    socket_.is_open_ = true;
  }

  SendResult send(Frame& frame) noexcept override {
    std::function<void()> call;
    {
      const std::lock_guard lock(socket_.mutex_);
      call = socket_.on_send_;
    }
    if (call) call();
    const std::lock_guard lock(socket_.mutex_);
    if (!socket_.is_open_) socket_.breach_ = "send() to a closed sink";
    if (kept_.empty()) {
      keep(frame);
    } else if (&frame != frame_) {
      socket_.breach_ = "another frame before the one that waits";
    }
    while (!kept_.empty()) {
      const SendResult result = answer();
      if (result != SendResult::kSent) return result;
      if (frame.is_run) frame.note_taken(kept_.front().body.size());
      socket_.sent_.push_back(std::move(kept_.front()));
      kept_.pop_front();
    }
    return SendResult::kSent;
  }

  [[nodiscard]] bool writable() noexcept override {
    const std::lock_guard lock(socket_.mutex_);
    socket_.changed_.clear();
    if (!socket_.received_.empty() || socket_.lost_peer_) socket_.changed_.notify();
    return socket_.standing_ == SendResult::kSent;
  }

  [[nodiscard]] int fd() const noexcept override {
    const std::lock_guard lock(socket_.mutex_);
    return socket_.is_open_ ? socket_.changed_.fd() : -1;
  }

  [[nodiscard]] std::optional<std::string_view> try_receive() noexcept override {
    const std::lock_guard lock(socket_.mutex_);
    if (socket_.received_.empty()) return std::nullopt;
    message_ = std::move(socket_.received_.front());
    socket_.received_.pop_front();
    return message_;
  }

  void watch_peers(PeerListener& listener, Clock::time_point now) noexcept override {
    const std::lock_guard lock(socket_.mutex_);
    for (const PeerEvent& event : std::exchange(socket_.peer_events_, {})) {
      listener.note(event, now);
    }
  }

  [[nodiscard]] bool has_lost_peer() noexcept override {
    const std::lock_guard lock(socket_.mutex_);
    return std::exchange(socket_.lost_peer_, false);
  }

  [[nodiscard]] std::vector<Frame> recover(Frame* offered) noexcept override {
    const std::lock_guard lock(socket_.mutex_);
    std::vector<Frame> back;
    const std::size_t n = std::min(socket_.kept_back_, socket_.sent_.size());
    for (auto sent = socket_.sent_.end() - static_cast<std::ptrdiff_t>(n);
         sent != socket_.sent_.end(); ++sent) {
      Frame& frame = back.emplace_back();
      frame.body.append(sent->body);
      frame.messages = sent->messages;
      frame.held = sent->messages;
      frame.seal();
    }
    socket_.sent_.resize(socket_.sent_.size() - n);
    for (const SentFrame& kept : kept_) {
      if (offered == nullptr) break;
      if (offered->is_run) {
        append_record(offered->body, kept.body);
      } else {
        offered->body.append(kept.body);
      }
    }
    kept_.clear();
    ++socket_.closes_;
    socket_.is_open_ = false;
    return back;
  }

  [[nodiscard]] std::size_t unsent() const noexcept override {
    const std::lock_guard lock(socket_.mutex_);
    return socket_.is_open_ ? socket_.unsent_ : 0;
  }

  void close(std::chrono::milliseconds linger) noexcept override {
    const std::lock_guard lock(socket_.mutex_);
    ++socket_.closes_;
    socket_.is_open_ = false;
    socket_.last_linger_ = linger;
  }

 private:
  void keep(Frame& frame) {
    const FrameBuffer body = std::exchange(frame.body, {});
    frame_ = &frame;
    if (!frame.is_run) {
      kept_.push_back(
          {{frame.topics.begin(), frame.topics.end()}, std::string(body.view()), frame.messages});
      return;
    }
    wire::Records records(body.view());
    while (const auto payload = records.next()) kept_.push_back({{}, std::string(*payload), 1});
  }

  SendResult answer() {
    if (socket_.next_.empty()) return socket_.standing_;
    const SendResult next = socket_.next_.front();
    socket_.next_.erase(socket_.next_.begin());
    return next;
  }

  FakeSocket& socket_;
  std::deque<SentFrame> kept_;  ///< of the frame that is offered: the messages that it goes out as
  const Frame* frame_ = nullptr;
  std::string message_;  ///< that try_receive() gave last
};

}  // namespace omzmq::test
