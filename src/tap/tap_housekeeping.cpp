// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Tap: waiting, showing and ending. The way of the data is in tap.cpp.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>
#include <vector>

#include "common/format.hpp"
#include "tap/sockets/certificate.hpp"
#include "tap/tap.hpp"

namespace omzmq::tap {
namespace {

/// -e: this long without a message is idle.
constexpr std::chrono::milliseconds kIdle{1000};
constexpr std::chrono::seconds kClosedInterval{1};

/// After a stop: when nothing came for so long, libzmq has read what had arrived.
constexpr std::chrono::milliseconds kSilence{100};

std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

Report::Level report_level(const Options& options) noexcept {
  return options.quiet     ? Report::Level::kErrors
         : options.verbose ? Report::Level::kVerbose
                           : Report::Level::kNormal;
}

std::optional<ExitCode> Tap::wait(Clock::time_point now, bool is_idle) {
  if (is_idle && options_.timeout.count() > 0 && now - last_message_at_ >= options_.timeout) {
    return ExitCode::kTimedOut;
  }
  const auto end = idle_end();
  if (is_idle && end && now >= *end) {
    return ExitCode::kOk;
  }
  const auto fd_of = [](const auto& part) { return part ? part->signal_fd() : -1; };
  CurveClients* const clients = parts_.source.clients();
  // A descriptor of -1 is passed over.
  std::array items{
      zmq::pollitem_t{parts_.source.socket().handle(), 0, ZMQ_POLLIN, 0},
      zmq::pollitem_t{parts_.source.peers().socket().handle(), 0, ZMQ_POLLIN, 0},
      zmq::pollitem_t{nullptr, parts_.stop.fd(), ZMQ_POLLIN, 0},
      zmq::pollitem_t{nullptr, parts_.requests.fd(), ZMQ_POLLIN, 0},
      zmq::pollitem_t{nullptr, parts_.output ? parts_.output->watched_fd() : -1, ZMQ_POLLERR, 0},
      zmq::pollitem_t{nullptr, parts_.screen ? parts_.screen->key_fd() : -1, ZMQ_POLLIN, 0},
      zmq::pollitem_t{nullptr, fd_of(parts_.screen), ZMQ_POLLIN, 0},
      zmq::pollitem_t{clients != nullptr ? clients->socket().handle() : nullptr, -1, ZMQ_POLLIN, 0},
      zmq::pollitem_t{nullptr, fields_ && counts_.is_pipe() ? STDOUT_FILENO : -1, ZMQ_POLLERR, 0},
  };
  try {
    // Writing may have taken its time since `now`.
    zmq::poll(items, is_idle ? time_to_wait(Clock::now()) : std::chrono::milliseconds{0});
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) {
      throw;
    }
    return std::nullopt;
  }
  if (items[4].revents != 0 || items[8].revents != 0) {
    return ExitCode::kOk;
  }
  if (items[2].revents != 0) {
    take_rest();
    return ExitCode::kOk;
  }
  if (items[3].revents != 0 && !handle_requests()) {
    return ExitCode::kOk;
  }
  if (items[5].revents != 0 || items[6].revents != 0) {
    parts_.screen->handle_input();
  }
  if (items[7].revents != 0) {
    clients->serve();
  }
  return handle_peers(now, is_idle);
}

std::optional<Tap::Clock::time_point> Tap::idle_end() const {
  // Before somebody was there, silence says nothing: -t is for that.
  return options_.end_when_idle && connections_.had_peer()
             ? std::optional(std::max(last_message_at_, connections_.first_peer_at()) + kIdle)
             : std::nullopt;
}

std::chrono::milliseconds Tap::time_to_wait(Clock::time_point now) const {
  using std::chrono::milliseconds;
  std::optional<Clock::time_point> until = idle_end();
  const auto not_after = [&until](std::optional<Clock::time_point> time) {
    if (time) {
      until = std::min(until.value_or(*time), *time);
    }
  };
  if (options_.timeout.count() > 0) {
    not_after(last_message_at_ + options_.timeout);
  }
  if (options_.stats) {
    not_after(statistics_.due_at());
  }
  if (traffic_) {
    not_after(traffic_->due_at());
  }
  if (fields_ && !traffic_) {
    not_after(block_at_);
  }
  if (parts_.output) {
    not_after(parts_.output->due_at());
  }
  not_after(parts_.report.due_at());
  not_after(connections_.due_at());
  // Rounded up, as waking a part of a millisecond early would only spin.
  return until ? std::max(std::chrono::ceil<milliseconds>(*until - now), milliseconds{0})
               : milliseconds{-1};
}

/// Whether the end was asked for; the time that is left begins when that is seen first.
bool Tap::sees_stop() {
  if (!stop_by_) {
    pollfd watched{parts_.stop.fd(), POLLIN, 0};
    if (poll(&watched, 1, 0) > 0) {
      stop_by_ = Clock::now() + kStopGrace;
    }
  }
  return stop_by_.has_value();
}

bool Tap::is_out_of_time() { return sees_stop() && Clock::now() >= *stop_by_; }

/// The end was asked for: what has arrived by then is taken, as nobody would send it again. A
/// sender that goes on and on is cut off after kStopGrace.
void Tap::take_rest() {
  stop_by_ = stop_by_.value_or(Clock::now() + kStopGrace);
  parts_.source.stop_accepting();
  // A subscriber leaves in the middle anyway; what it has is enough.
  const bool is_sub = options_.source.kind == SocketKind::kSub;
  for (;;) {
    const Drained drained = take_what_is_there();
    if (!settle(drained) || drained == Drained::kUpToCount) {
      return;
    }
    if (is_out_of_time()) {
      break;
    }
    if (drained == Drained::kNothing && (is_sub || !await_message(kSilence))) {
      return;
    }
  }
  if (options_.source.kind == SocketKind::kPull) {
    parts_.report.say("messages came without a pause: the last ones are lost");
  }
}

/// False: none came within that time.
bool Tap::await_message(std::chrono::milliseconds time) {
  const Clock::time_point end = Clock::now() + time;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
    std::array items{zmq::pollitem_t{parts_.source.socket().handle(), 0, ZMQ_POLLIN, 0}};
    try {
      return zmq::poll(items, std::max(left, std::chrono::milliseconds{0})) > 0;
    } catch (const zmq::error_t& error) {
      if (error.num() != EINTR) {
        throw;
      }
    }
  }
}

void Tap::note_peers() {
  for (std::size_t failed = connections_.handle_events(); failed > 0; --failed) {
    ledger_.enter_failed_handshake();
  }
}

void Tap::note_closed() {
  for (const int connection : connections_.take_closed()) {
    ledger_.connection_closed(connection);
    decoder_.forget(connection);
  }
}

std::optional<ExitCode> Tap::handle_peers(Clock::time_point now, bool is_drained) {
  note_peers();
  // What a closed connection has brought may be in the queue still; but under full load that is
  // never found empty.
  if (is_drained || now - closed_at_ >= kClosedInterval) {
    closed_at_ = now;
    note_closed();
  }
  for (const std::string& address : connections_.take_abandoned(now)) {
    parts_.source.connect_again(address);
  }
  if (const auto why = connections_.lost_hope()) {
    parts_.screen.reset();  // what is said on it is gone with it
    parts_.report.fail(*why);
    return ExitCode::kUnreachable;
  }
  return std::nullopt;
}

bool Tap::handle_requests() {
  bool goes_on = true;
  while (const std::optional<int> signal = parts_.requests.next()) {
    if (*signal == SIGHUP) {
      goes_on = open_again();
    } else {
      // On a terminal that shows the live screen a line would only spoil it.
      const int fd = fields_ ? STDOUT_FILENO : STDERR_FILENO;
      if (!parts_.screen || isatty(fd) != 1) {
        goes_on = answer_request();
      }
    }
    if (!goes_on) {
      break;
    }
  }
  return goes_on;
}

/// How it stands, at SIGUSR1. False: nobody reads it any more.
bool Tap::answer_request() {
  if (fields_) {
    return print_counts();
  }
  say_summary();
  return true;
}

/// Opens again whatever has a name. False: the output is at its end.
bool Tap::open_again() {
  if (CurveClients* const clients = parts_.source.clients()) {
    try {
      clients->reload();
      parts_.report.mention("read --curve-clients again: " + counted(clients->size(), "client") +
                            " may connect");
    } catch (const CertificateError& error) {
      parts_.report.say(std::string("--curve-clients stay as they were: ") + error.what());
    }
  }
  return !parts_.output || parts_.output->reopen(Clock::now()) == WriteResult::kOk;
}

/// What is due from time to time. False: the run is at its end.
bool Tap::keep_house(Clock::time_point now) {
  parts_.report.tick(now);
  if (options_.stats) {
    if (const auto line = statistics_.line_if_due(now, ledger_.troubles())) {
      parts_.report.print(*line);
    }
  }
  if (traffic_) {
    traffic_->set_peers(parts_.source.peers().count());
    const bool ticked = traffic_->tick(now);
    if (parts_.screen && parts_.screen->wants_redraw(ticked)) {
      parts_.screen->redraw(*traffic_, now,
                            fields_ ? split_lines(fields_->lines()) : std::vector<std::string>{});
    }
  } else if (fields_ && now >= block_at_) {
    parts_.report.show_block(fields_->lines());
    block_at_ = now + kBlockInterval;
  }
  return !parts_.output || parts_.output->tick(now) == WriteResult::kOk;
}

/// The counts as a line of JSON on standard output. False: it cannot be written.
bool Tap::print_counts() {
  parts_.report.end_block();
  return counts_.write(fields_->json(), "\n") == WriteResult::kOk &&
         counts_.flush() == WriteResult::kOk;
}

void Tap::say_summary() {
  parts_.report.print(statistics_.summary());
  if (saw_packed_ || ledger_.troubles() != Troubles{}) {
    parts_.report.print(summarize(ledger_.troubles()));
  }
}

ExitCode Tap::finish(ExitCode reason) {
  parts_.screen.reset();
  parts_.report.set_level(report_level(options_));
  reason = finish_output(reason);
  if (fields_) {
    parts_.report.show_block(fields_->lines());
    parts_.report.end_block();
  }
  const bool wants_summary = options_.stats || options_.verbose || options_.top;
  if (!options_.quiet && (wants_summary || ledger_.troubles().is_trouble())) {
    say_summary();
  }
  return judge(finish_counts(reason));
}

/// Ends a run in which something was thrown.
ExitCode Tap::fail(ExitCode reason, const std::string& why) {
  const ExitCode code = finish(reason);
  parts_.report.fail(why);
  return code;
}

/// Writes what is left, and says why where that cannot be done.
ExitCode Tap::finish_output(ExitCode reason) {
  switch (parts_.output ? parts_.output->flush() : WriteResult::kOk) {
    case WriteResult::kOk:
      parts_.source.send_acknowledgements();
      break;
    case WriteResult::kClosed:
      break;
    case WriteResult::kAbandoned:
    case WriteResult::kFailed:
      parts_.report.fail(parts_.output->error_text());
      return ExitCode::kUsageOrOutput;
  }
  return reason;
}

/// Writes the counts a last time, and says why where that cannot be done.
ExitCode Tap::finish_counts(ExitCode reason) {
  if (!fields_ || print_counts()) {
    return reason;
  }
  switch (counts_.flush()) {  // a writer that has failed once tells it again
    case WriteResult::kOk:
    case WriteResult::kClosed:
      return reason;
    case WriteResult::kAbandoned:
      parts_.report.fail(
          "the reader of standard output stopped reading: the counts are not written");
      break;
    case WriteResult::kFailed:
      parts_.report.fail(formatted("cannot write the counts to standard output: {}",
                                   std::generic_category().message(counts_.error())));
      break;
  }
  return ExitCode::kUsageOrOutput;
}

/// The exit code of a run that ended because of `reason`: what is wrong with the records comes
/// before why there are no more.
ExitCode Tap::judge(ExitCode reason) const {
  const Troubles& troubles = ledger_.troubles();
  if (reason == ExitCode::kUsageOrOutput) {
    return reason;
  }
  if (troubles.corrupt > 0) {
    return ExitCode::kCorrupt;
  }
  if (troubles.missing() > 0 && !options_.allow_gaps) {
    return ExitCode::kGap;
  }
  if (troubles.duplicates > 0 && !options_.allow_duplicates) {
    return ExitCode::kDuplicate;
  }
  return reason;
}

}  // namespace omzmq::tap
