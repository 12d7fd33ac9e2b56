// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/wire.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/frame_sink.hpp"
#include "core/settings.hpp"

namespace omzmq::stress {

/// What has become of each message. Message `number` of worker `worker` has the text of
/// Ledger::text().
///
/// Threads: any.
class Ledger {
 public:
  [[nodiscard]] static std::string text(std::uint64_t worker, std::uint64_t number,
                                        std::size_t filling);

  /// The message is where `confirm` wants it, or in the spool file.
  void confirm(std::string_view text);
  /// The same for all messages of a frame.
  void confirm_frame(std::string_view body, Format format);

  /// True when all messages of the worker from `first` on, so many of them, are confirmed.
  [[nodiscard]] bool are_confirmed(std::uint64_t worker, std::uint64_t first,
                                   std::uint64_t count) const;

  /// How often messages were confirmed that had been before.
  [[nodiscard]] std::uint64_t repeated() const;

 private:
  mutable std::mutex mutex_;
  std::map<std::uint64_t, std::vector<bool>> confirmed_;  ///< by worker; guarded by mutex_
  std::uint64_t repeated_ = 0;                            ///< guarded by mutex_
};

/// A sink that takes, refuses and breaks at random, with receivers behind it that acknowledge at
/// once, late, twice or never, go away with what they have, and send nonsense. It keeps the body of
/// a frame that it did not take, as the real one does.
class AnsweringSink final : public FrameSink {
 public:
  /// \param is_stuck  while true, it takes nothing and receives nothing
  /// \param confirm  kSent: what it takes is confirmed; kAcked: what its receivers acknowledge
  AnsweringSink(Ledger& ledger, const std::atomic<bool>& is_stuck, Confirm confirm, Format format,
                std::mt19937 random);
  ~AnsweringSink() override;

  void open() override;
  SendResult send(Frame& frame) noexcept override;
  [[nodiscard]] bool writable() noexcept override;
  [[nodiscard]] std::optional<std::string_view> try_receive() noexcept override;
  void watch_peers(PeerListener& /*listener*/, Clock::time_point /*now*/) noexcept override {}
  [[nodiscard]] bool has_lost_peer() noexcept override;
  [[nodiscard]] std::vector<Frame> recover(Frame* offered) noexcept override;
  [[nodiscard]] int fd() const noexcept override { return is_open_ ? timer_ : -1; }
  [[nodiscard]] std::size_t unsent() const noexcept override { return 0; }
  void close(std::chrono::milliseconds linger) noexcept override;

 private:
  using Time = std::chrono::steady_clock::time_point;

  void take_of_run(Frame& run, std::size_t most);

  /// What a receiver is about to say.
  struct Answer {
    std::string bytes;
    std::string acknowledged;  ///< the frame that it is for; empty: nonsense
  };

  [[nodiscard]] SendResult refuse(SendResult how);
  void answer(const std::string& body);
  void say(Answer answer);
  void lose_peer();
  void set_timer();
  [[nodiscard]] Time soon(std::uint64_t most_us);

  Ledger& ledger_;
  const std::atomic<bool>& is_stuck_;
  const Confirm confirm_;
  const Format format_;
  std::mt19937 random_;
  const int timer_;  ///< expires when there is something to do
  bool is_open_ = false;
  bool has_body_ = false;  ///< of the frame that has to come next
  FrameBuffer body_;
  Time blocked_until_ = Time::min();
  std::multimap<Time, Answer> answers_;
  std::string received_;
  bool has_lost_peer_ = false;
};

}  // namespace omzmq::stress
