// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/tap.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <new>

namespace omzmq::tap {
namespace {

/// How much is taken before clock, signals and statistics have their turn.
constexpr int kFramesPerTurn = 1000;
constexpr std::size_t kBytesPerTurn = std::size_t{1} << 20;

/// What a record costs besides its payload, in bytes: an empty one is not taken for nothing.
constexpr std::size_t kBytesPerRecord = 64;

/// So many records of a frame are written between two looks at the stop.
constexpr std::uint64_t kRecordsPerLook = std::uint64_t{1} << 14;

std::uint64_t time_of_day_ns() noexcept {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace

Tap::Tap(const Options& options, const Parts& parts)
    : options_(options),
      parts_(parts),
      decoder_({options.format, static_cast<std::size_t>(options.source.max_frame_bytes())}),
      formatter_(options.output_format, options.text),
      ledger_({.drops_duplicates = options.source.kind == SocketKind::kRouter,
               .tells_gaps = !options.allow_gaps,
               .tells_duplicates = !options.allow_duplicates},
              parts.report),
      connections_(options.source, parts.source.peers(), parts.report),
      statistics_(Clock::now()),
      counts_(STDOUT_FILENO, parts.stop.fd()),
      reads_records_(parts.output.has_value() || options.counts_fields()),
      last_message_at_(Clock::now()),
      block_at_(Clock::now() + kBlockInterval) {
  if (options.counts_fields()) {
    fields_.emplace(options.counting);
  }
  if (options.top) {
    traffic_.emplace(Clock::now());
  }
}

ExitCode Tap::run() {
  try {
    std::optional<ExitCode> end;
    while (!end) {
      end = turn();
    }
    return finish(*end);
  } catch (const SourceError& error) {
    return fail(ExitCode::kUnreachable, error.what());
  } catch (const std::bad_alloc&) {
    return fail(ExitCode::kUsageOrOutput, "not enough memory; a smaller --max-message needs less");
  } catch (const std::exception& error) {
    return fail(ExitCode::kUsageOrOutput, error.what());
  }
}

std::optional<ExitCode> Tap::turn() {
  const Drained drained = take_what_is_there();
  const Clock::time_point now = Clock::now();
  if (!settle(drained) || !keep_house(now)) {
    return ExitCode::kOk;  // finish() sees what the output has
  }
  if (drained == Drained::kUpToCount) {
    return ExitCode::kOk;
  }
  if (parts_.screen && parts_.screen->wants_quit()) {
    if (parts_.output) {
      take_rest();
    }
    return ExitCode::kOk;
  }
  return wait(now, drained == Drained::kNothing);
}

Tap::Drained Tap::take_what_is_there() {
  turn_ns_ = time_of_day_ns();
  const std::uint64_t messages_before = statistics_.messages();
  const Drained drained = drain();
  if (statistics_.messages() != messages_before) {
    last_message_at_ = Clock::now();
    statistics_.mark_received(last_message_at_);
  }
  return drained;
}

Tap::Drained Tap::drain() {
  std::size_t bytes = 0;
  for (int frames = 0; frames < kFramesPerTurn && bytes < kBytesPerTurn; ++frames) {
    std::optional<Message> message = parts_.source.try_receive();
    if (!message) {
      return frames == 0 ? Drained::kNothing : Drained::kSome;
    }
    // A look at the clock for each packed frame, whose latency counts; else for each turn.
    message->received_ns =
        message->body.starts_with(wire::kBatchMagic) ? time_of_day_ns() : turn_ns_;
    if (!take(*message)) {
      return Drained::kOutputEnded;
    }
    bytes += cost(*message);
    if (reached_count()) {
      return Drained::kUpToCount;
    }
  }
  return Drained::kSome;
}

/// What the message that was taken last counts towards kBytesPerTurn: some bytes that are
/// compressed may be millions of records.
std::size_t Tap::cost(const Message& message) const noexcept {
  return decoder_.header() == nullptr
             ? message.body.size()
             : std::max(message.body.size(),
                        static_cast<std::size_t>(decoder_.payload_bytes() +
                                                 decoder_.count() * kBytesPerRecord));
}

/// One ZeroMQ message. False: the output is at its end.
bool Tap::take(const Message& message) {
  const Loaded loaded = decoder_.load(message);
  if (loaded == Loaded::kCorrupt) {
    ledger_.enter_corrupt(message, decoder_.fault());
    if (traffic_) {
      traffic_->count_corrupt();
    }
    return true;
  }
  Ledger::Entry entry;
  const std::uint64_t before = statistics_.messages();
  const wire::BatchHeader* const header = decoder_.header();
  if (header != nullptr) {
    saw_packed_ = true;
    if (!ledger_.knows(header->epoch)) {
      note_peers();
      note_closed();
    }
    entry = ledger_.enter(*header, message);
  }
  if (traffic_) {
    show_to_traffic(message, entry);
  }
  if (loaded == Loaded::kRecords && !entry.is_to_be_dropped && !take_records()) {
    return false;
  }
  // A batch that -c or a stop ended within is not where it should be: its sender keeps it.
  const std::uint64_t taken = statistics_.messages() - before;
  if (header != nullptr && (entry.is_to_be_dropped || taken == decoder_.count())) {
    parts_.source.acknowledge_later(*header);
  }
  return true;
}

/// Writes and counts the records of the loaded frame, up to the bound of -c or of a stop. False:
/// the output is at its end.
bool Tap::take_records() {
  const std::uint64_t left = options_.count == 0 ? std::numeric_limits<std::uint64_t>::max()
                                                 : options_.count - statistics_.messages();
  if (!reads_records_ && decoder_.count() <= left) {
    statistics_.count(decoder_.count(), decoder_.payload_bytes());
    return true;
  }
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  WriteResult result = WriteResult::kOk;
  while (messages < left && result == WriteResult::kOk) {
    const std::optional<Record> record = decoder_.next();
    if (!record) {
      break;
    }
    if (fields_) {
      fields_->count(record->payload);
    }
    if (parts_.output) {
      const Formatted formatted = formatter_.format(*record);
      result = parts_.output->write(formatted.body, formatted.end);
      if (options_.unbuffered && result == WriteResult::kOk) {
        result = parts_.output->flush();
      }
    }
    ++messages;
    bytes += record->payload.size();
    if (messages % kRecordsPerLook == 0 && is_out_of_time()) {
      break;
    }
  }
  statistics_.count(messages, bytes);
  return result == WriteResult::kOk;
}

void Tap::show_to_traffic(const Message& message, const Ledger::Entry& entry) {
  traffic_->count_duplicates(entry.duplicated);
  if (entry.is_to_be_dropped) {
    return;
  }
  FrameSeen frame;
  frame.topic = message.topic;
  frame.messages = decoder_.count();
  frame.bytes = decoder_.payload_bytes();
  frame.frame_bytes = message.body.size();
  frame.missed = entry.missed;
  if (const wire::BatchHeader* const header = decoder_.header()) {
    frame.numbered = true;
    frame.epoch = header->epoch;
    frame.stream = header->stream;
    if (!header->is_beat) {
      frame.latency = std::chrono::nanoseconds(
          static_cast<std::int64_t>(message.received_ns - header->time_ns));
    }
  }
  traffic_->seen(frame);
  if (entry.restart) {
    traffic_->count_restart();
  }
}

/// What was taken goes where it belongs, and its senders are told. False: the output is at its end.
bool Tap::settle(Drained drained) {
  if (drained == Drained::kOutputEnded) {
    return false;
  }
  // Whoever watches sees what is there before the silence; a sender is told only what is flushed.
  const bool is_due = drained == Drained::kNothing || parts_.source.has_unanswered();
  if (is_due && parts_.output && parts_.output->flush() != WriteResult::kOk) {
    return false;
  }
  parts_.source.send_acknowledgements();
  return true;
}

}  // namespace omzmq::tap
