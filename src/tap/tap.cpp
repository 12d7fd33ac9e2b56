// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/tap.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <string_view>
#include <system_error>

namespace omzmq::tap {
namespace {

/// How much is taken before clock, signals and statistics have their turn.
constexpr int kFramesPerTurn = 1000;
constexpr std::size_t kBytesPerTurn = std::size_t{1} << 20;

}  // namespace

Tap::Tap(const Options& options, Source& source, Writer& writer, int output_fd, int stop_fd)
    : options_(options),
      source_(source),
      writer_(writer),
      stop_fd_(stop_fd),
      watched_output_fd_(writer.is_pipe() ? output_fd : -1),
      decoder_(options.format),
      statistics_(Clock::now()),
      last_message_at_(Clock::now()) {}

ExitCode Tap::run() {
  std::optional<ExitCode> end;
  while (!end) {
    end = turn();
  }
  return finish(*end);
}

std::optional<ExitCode> Tap::turn() {
  const Drained drained = drain();
  const Clock::time_point now = Clock::now();
  if (drained != Drained::Nothing) {
    last_message_at_ = now;
    statistics_.mark_received(now);
  }
  report_statistics(now);
  if (drained == Drained::UpToCount || drained == Drained::OutputEnded) {
    return ExitCode::Ok;
  }
  std::chrono::milliseconds wait{0};
  if (drained == Drained::Nothing) {
    // Whoever watches sees what is there before the silence.
    if (writer_.flush() != WriteResult::Ok) {
      return ExitCode::Ok;
    }
    if (options_.timeout.count() > 0 && now - last_message_at_ >= options_.timeout) {
      return ExitCode::TimedOut;
    }
    wait = time_to_wait(now);
  }
  const Source::Wake wake = source_.wait(stop_fd_, watched_output_fd_, wait);
  if (wake.stop || wake.output_closed) {
    return ExitCode::Ok;
  }
  return std::nullopt;
}

Tap::Drained Tap::drain() {
  std::size_t bytes = 0;
  for (int frames = 0; frames < kFramesPerTurn && bytes < kBytesPerTurn; ++frames) {
    const std::optional<std::string_view> frame = source_.try_receive();
    if (!frame) {
      return frames == 0 ? Drained::Nothing : Drained::Some;
    }
    bytes += frame->size();
    decoder_.load(*frame);
    if (!write_frame()) {
      return Drained::OutputEnded;
    }
    if (reached_count()) {
      return Drained::UpToCount;
    }
  }
  return Drained::Some;
}

/// Writes and counts the messages of the loaded frame, up to the bound of -c. False: the output
/// is at its end.
bool Tap::write_frame() {
  while (!reached_count()) {
    const std::optional<std::string_view> message = decoder_.next();
    if (!message) {
      break;
    }
    if (writer_.write(*message) != WriteResult::Ok) {
      return false;
    }
    statistics_.count(message->size());
  }
  return true;
}

bool Tap::reached_count() const noexcept {
  return options_.count != 0 && statistics_.messages() >= options_.count;
}

std::chrono::milliseconds Tap::time_to_wait(Clock::time_point now) const {
  using std::chrono::milliseconds;
  std::optional<Clock::time_point> until;
  if (options_.timeout.count() > 0) {
    until = last_message_at_ + options_.timeout;
  }
  if (options_.stats) {
    until = std::min(until.value_or(statistics_.due_at()), statistics_.due_at());
  }
  // Rounded up, as waking a part of a millisecond early would only spin.
  return until ? std::max(std::chrono::ceil<milliseconds>(*until - now), milliseconds{0})
               : milliseconds{-1};
}

void Tap::report_statistics(Clock::time_point now) {
  if (options_.stats) {
    if (const auto line = statistics_.line_if_due(now)) {
      fmt::print(stderr, "{}\n", *line);
    }
  }
}

ExitCode Tap::finish(ExitCode code) {
  switch (writer_.flush()) {
    case WriteResult::Ok:
    case WriteResult::Closed:
      break;
    case WriteResult::Abandoned:
      fmt::print(stderr,
                 "zmqtap: the reader of standard output stopped reading: the last "
                 "messages are not written\n");
      code = ExitCode::UsageOrOutput;
      break;
    case WriteResult::Failed:
      fmt::print(stderr, "zmqtap: cannot write to standard output: {}\n",
                 std::generic_category().message(writer_.error()));
      code = ExitCode::UsageOrOutput;
      break;
  }
  if (options_.stats) {
    fmt::print(stderr, "{}\n", statistics_.summary());
  }
  return code;
}

}  // namespace omzmq::tap
