// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "tap/decoder.hpp"
#include "tap/options.hpp"
#include "tap/source.hpp"
#include "tap/statistics.hpp"
#include "tap/writer.hpp"

namespace omzmq::tap {

/// What zmqtap tells whoever started it.
enum class ExitCode : int {
  Ok = 0,
  UsageOrOutput = 1,  // wrong command line, or standard output cannot be written
  Unreachable = 2,    // an endpoint cannot be bound or connected
  TimedOut = 3,       // no message for the time of -t
};

/// The order of things: frames from a Source through a Decoder into a Writer, counted, until a
/// bound, a signal or the end of the output is reached. Reports on standard error.
///
/// Threads: one.
/// Ownership: everything it is given stays the caller's and must outlive it.
class Tap {
 public:
  using Clock = std::chrono::steady_clock;

  /// `output_fd` is what `writer` writes to, `stop_fd` readable once the run shall end.
  Tap(const Options& options, Source& source, Writer& writer, int output_fd, int stop_fd);

  /// Runs to the end and flushes what was received.
  [[nodiscard]] ExitCode run();

 private:
  enum class Drained { Nothing, Some, UpToCount, OutputEnded };

  std::optional<ExitCode> turn();
  Drained drain();
  bool write_frame();
  bool reached_count() const noexcept;
  std::chrono::milliseconds time_to_wait(Clock::time_point now) const;
  void report_statistics(Clock::time_point now);
  ExitCode finish(ExitCode code);

  const Options& options_;
  Source& source_;
  Writer& writer_;
  const int stop_fd_;
  const int watched_output_fd_;  // -1: its end shows in no poll()
  Decoder decoder_;
  Statistics statistics_;
  Clock::time_point last_message_at_;
};

}  // namespace omzmq::tap
