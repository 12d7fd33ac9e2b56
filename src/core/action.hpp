// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "core/dead_letter.hpp"
#include "core/frame_sink.hpp"
#include "core/handoff.hpp"
#include "core/latency.hpp"
#include "core/log.hpp"
#include "core/settings.hpp"
#include "core/stats.hpp"

namespace omzmq {

/// One action: its settings, lanes, counters and sender thread, wired together.
///
/// Threads: join() after the last start(); everything else from any.
class Action {
 public:
  using SinkFactory = std::function<std::unique_ptr<FrameSink>(const Settings&)>;

  /// Touches nothing outside memory: what is opened now would be closed when the daemon forks.
  /// \param settings  as Settings::validate() has found them right
  /// \param make_sink  called by start(); the sink is then used on the sender thread only
  /// \throws std::bad_alloc
  Action(Settings settings, const omzmq_host& host, SinkFactory make_sink);
  ~Action();
  Action(const Action&) = delete;
  Action& operator=(const Action&) = delete;

  /// Makes what workers hand transactions to. A part of start(), for those who read the lanes
  /// themselves.
  /// \throws std::system_error when no file descriptor is left
  void prepare();

  /// Makes the sink and starts the sender thread. A second call does nothing, nor does the first
  /// one after request_stop(). \throws std::system_error when there can be no thread or no file
  /// descriptor is left
  void start();

  /// Waits until the sender has tried to open its socket.
  void wait_until_opened(Clock::time_point deadline);

  /// Tells the sender to send what is there, for closeTimeout at most, and to end.
  void request_stop() noexcept;

  /// Waits for that end. REQUIRES: request_stop() before, unless never started.
  void join() noexcept;

  void reopen_files() noexcept { dead_letters_.reopen(); }

  /// The counters as they are, without the latency.
  [[nodiscard]] StatsSnapshot stats() const;

  /// These and the latency of what was sent since the last report.
  [[nodiscard]] StatsSnapshot report();

  [[nodiscard]] const Settings& settings() const noexcept { return settings_; }
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] const std::vector<std::string>& templates() const noexcept { return templates_; }
  [[nodiscard]] std::size_t slices_each() const noexcept { return templates_.size(); }
  /// \throws std::logic_error when neither prepare() nor start() has succeeded
  [[nodiscard]] Handoff& handoff();
  [[nodiscard]] DeadLetterFile& dead_letters() noexcept { return dead_letters_; }
  [[nodiscard]] const Log& log() const noexcept { return log_; }

  /// True when a transaction that would be refused while the daemon stops has to be taken.
  [[nodiscard]] bool takes_refused_at_stop() const noexcept {
    return !settings_.spool_file.empty() || !log_.keeps_refused() || !settings_.has_own_queue;
  }

 private:
  void run(const std::stop_token& stop, FrameSink& sink) noexcept;
  void mark_opened();

  const Settings settings_;
  const std::string name_;
  const std::vector<std::string> templates_;
  const Log log_;
  const SinkFactory make_sink_;
  std::optional<Handoff> handoff_;  ///< there when is_prepared_
  std::atomic<bool> is_prepared_{false};
  DeadLetterFile dead_letters_;
  SenderStats sender_stats_;
  std::mutex report_mutex_;
  LatencyReport latency_report_;  ///< guarded by report_mutex_

  std::mutex mutex_;
  std::condition_variable opened_changed_;
  bool opened_ = false;     ///< guarded by mutex_: the sender has tried
  std::mutex start_mutex_;  ///< one start() at a time
  std::unique_ptr<FrameSink> sink_;
  std::stop_source stop_;
  std::thread thread_;
};

}  // namespace omzmq
