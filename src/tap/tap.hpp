// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "tap/connections.hpp"
#include "tap/count/field_count.hpp"
#include "tap/exit_code.hpp"
#include "tap/ledger.hpp"
#include "tap/options.hpp"
#include "tap/records/decoder.hpp"
#include "tap/records/formatter.hpp"
#include "tap/records/output.hpp"
#include "tap/report.hpp"
#include "tap/screen/live_screen.hpp"
#include "tap/screen/signal_fd.hpp"
#include "tap/screen/traffic.hpp"
#include "tap/source.hpp"
#include "tap/statistics.hpp"

namespace omzmq::tap {

/// How much is said on standard error.
[[nodiscard]] Report::Level report_level(const Options& options) noexcept;

/// The order of things: frames from a Source through a Decoder and the Ledger into an Output,
/// counted, until a bound, a signal or the end of the output is reached.
///
/// Threads: one.
/// Ownership: everything it is given stays the caller's and must outlive it.
class Tap {
 public:
  using Clock = std::chrono::steady_clock;

  /// What the run works with.
  struct Parts {
    SignalFd& stop;      ///< readable once the run shall end
    SignalFd& requests;  ///< SIGHUP: open files again; SIGUSR1: say how it stands
    Source& source;
    std::optional<Output>& output;      ///< nothing: no records are written
    std::optional<LiveScreen>& screen;  ///< of --top; ended before the last words are said
    Report& report;
  };

  Tap(const Options& options, const Parts& parts);

  /// Runs to the end and flushes what was received, also where something is thrown: that is said
  /// then, and what was there before is not lost. Throws only what ending throws.
  [[nodiscard]] ExitCode run();

 private:
  enum class Drained { kNothing, kSome, kUpToCount, kOutputEnded };

  std::optional<ExitCode> turn();
  Drained take_what_is_there();
  Drained drain();
  std::size_t cost(const Message& message) const noexcept;
  bool take(const Message& message);
  bool take_records();
  void show_to_traffic(const Message& message, const Ledger::Entry& entry);
  bool settle(Drained drained);

  static constexpr std::chrono::seconds kBlockInterval{1};
  static constexpr std::chrono::seconds kStopGrace{2};  // for what has arrived before the stop

  bool sees_stop();
  bool is_out_of_time();
  void take_rest();
  bool await_message(std::chrono::milliseconds time);

  std::optional<ExitCode> wait(Clock::time_point now, bool is_idle);
  std::chrono::milliseconds time_to_wait(Clock::time_point now) const;
  std::optional<Clock::time_point> idle_end() const;
  std::optional<ExitCode> handle_peers(Clock::time_point now, bool is_drained);
  void note_peers();
  void note_closed();
  bool handle_requests();
  bool answer_request();
  bool open_again();

  bool keep_house(Clock::time_point now);
  bool print_counts();
  void say_summary();
  ExitCode finish(ExitCode reason);
  ExitCode finish_output(ExitCode reason);
  ExitCode finish_counts(ExitCode reason);
  ExitCode fail(ExitCode reason, const std::string& why);
  [[nodiscard]] ExitCode judge(ExitCode reason) const;
  [[nodiscard]] bool reached_count() const noexcept {
    return options_.count != 0 && statistics_.messages() >= options_.count;
  }

  const Options& options_;
  Parts parts_;
  Decoder decoder_;
  Formatter formatter_;
  Ledger ledger_;
  Connections connections_;
  Statistics statistics_;
  std::optional<FieldCount> fields_;
  std::optional<Traffic> traffic_;  // with --top
  Writer counts_;                   // the JSON lines of fields_, to standard output
  bool reads_records_;              // somebody looks at each record
  bool saw_packed_ = false;
  Clock::time_point last_message_at_;
  Clock::time_point block_at_;                // when the counts are shown next
  Clock::time_point closed_at_{};             // when closed connections were last asked for
  std::uint64_t turn_ns_ = 0;                 // the time of day of this turn
  std::optional<Clock::time_point> stop_by_;  // once the end was asked for
};

}  // namespace omzmq::tap
