// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>

#include "core/batcher.hpp"
#include "core/frame_sink.hpp"
#include "core/handoff.hpp"
#include "core/log.hpp"
#include "core/outbox.hpp"
#include "core/peer_watch.hpp"
#include "core/settings.hpp"
#include "core/spool.hpp"
#include "core/stats.hpp"

namespace omzmq {

/// Takes messages out of the lanes, has them made into frames and gives these to the sink: the
/// order of things. One for each action.
///
/// Threads: do_work(), finish() and run() on the sender thread, which owns everything here.
class Sender {
 public:
  /// Keeps references to all arguments.
  Sender(const Settings& settings, Handoff& handoff, FrameSink& sink, SenderStats& stats,
         const Log& log);

  /// What a duty cycle came to, and so what the thread may do next.
  enum class [[nodiscard]] Outcome{
      kMore,     ///< there is work left: call again
      kIdle,     ///< the lanes are empty: sleep until they fill or next_deadline()
      kBlocked,  ///< the socket takes nothing: sleep until it does or next_deadline()
  };

  /// One duty cycle: moves some messages, as many as there are but no more than a bound, so that
  /// the time and the socket are looked at now and then. Never waits.
  Outcome do_work(Clock::time_point now);

  /// When to call again at the latest.
  [[nodiscard]] Clock::time_point next_deadline() const noexcept;

  /// Opens the socket if it is closed and the time for another try has come.
  /// \return true when it is open
  bool try_open(Clock::time_point now);

  /// Looks at what an earlier run left in the spool file: it goes out before everything else.
  void open_spool() noexcept { spool_.open(); }

  /// Works and sleeps until `stop`, then sends on for closeTimeout at most, and says what is left.
  void run(const std::stop_token& stop);

  /// One duty cycle while the action stops: nothing lingers.
  /// \return true when all is sent
  bool drain(Clock::time_point now);

  /// Closes the socket. What was not sent, or not acknowledged, goes into the spool file, or is
  /// counted and forgotten; the number, if there is one, is logged.
  /// \return messages that are lost
  std::size_t finish();

 private:
  static constexpr std::chrono::milliseconds kLastLinger{500};  ///< of a socket that is closed

  [[nodiscard]] std::size_t take_messages(std::size_t most, Clock::time_point now);
  [[nodiscard]] bool replay_one();
  [[nodiscard]] bool next_transaction();
  [[nodiscard]] bool flush(Clock::time_point now);
  [[nodiscard]] bool send_beats(Clock::time_point now);
  [[nodiscard]] Clock::time_point next_beats() const noexcept;
  [[nodiscard]] bool send_last_beats(Clock::time_point now);
  void watch_peers(Clock::time_point now) noexcept;
  void pause_after_failure(Clock::time_point now, const char* why);
  void note_recovered(const char* how);
  void discard_oldest();
  std::size_t skip_transaction();
  void note_compression();
  void note_blocked(bool blocked, Clock::time_point now);
  void sleep_after(Outcome outcome);
  void send_on_until(Clock::time_point deadline);
  void doze_until(Clock::time_point deadline);
  void update_gauges();
  [[nodiscard]] bool is_all_sent();
  [[nodiscard]] std::size_t save_rest();
  void save_all();
  void save_ready();
  [[nodiscard]] std::size_t forget_rest();

  const Settings& settings_;
  Handoff& handoff_;
  FrameSink& sink_;
  SenderStats& stats_;
  const Log& log_;

  PeerWatch peers_;
  Batcher batcher_;
  Outbox outbox_;
  Spool spool_;

  Lane* lane_ = nullptr;      ///< whose transaction is being read
  TransactionReader reader_;  ///< of its messages that the batcher has not taken yet
  std::size_t next_lane_ = 0;
  std::size_t slices_each_;
  bool compresses_;
  bool is_awaited_;  ///< workers wait for the fate of what they hand over

  bool is_open_ = false;
  bool has_failed_ = false;  ///< to open, or broke; until it opened or, if it broke, sent
  bool has_broken_ = false;
  Clock::time_point next_open_ = Clock::time_point::min();
  Clock::duration open_pause_;
  Clock::time_point no_beats_before_ = Clock::time_point::min();  ///< a pause between beats
  std::optional<Clock::time_point> blocked_since_;
  bool told_blocked_ = false;
  std::uint64_t acked_before_ = 0;  ///< when note_blocked() looked last
  Clock::time_point last_acked_;    ///< as note_blocked() saw it
  bool told_failure_ = false;
  bool told_compression_ = false;
  bool has_more_ = false;    ///< what the last drain() left can be moved at once
  bool is_drained_ = false;  ///< the last drain() left nothing
  bool retried_ = false;     ///< sent once more because the socket said so, and in vain
};

}  // namespace omzmq
