// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/ledger.hpp"

#include <algorithm>

#include "common/format.hpp"
#include "tap/text/display_text.hpp"

namespace omzmq::tap {
namespace {

constexpr std::size_t kTopicColumns = 60;

std::string shown_topic(std::string_view topic) {
  return topic.empty()
             ? ""
             : formatted(", topic '{}'", safe_text(topic, kTopicColumns, Charset::kUtf8).bytes);
}

std::string shown_stream(const wire::BatchHeader& header, std::string_view topic) {
  return formatted("stream {} of sender {:016x}{}", header.stream, header.epoch,
                   shown_topic(topic));
}

/// "number 7" or "numbers 7 to 9".
std::string numbers(std::uint64_t first, std::uint64_t count) {
  return count == 1 ? formatted("number {}", first)
                    : formatted("numbers {} to {}", first, first + count - 1);
}

/// A header may say anything: what is counted stays at the largest number instead of beginning
/// anew.
void add(std::uint64_t& sum, std::uint64_t more) noexcept {
  sum += std::min(more, Troubles::kUncountable - sum);
}

}  // namespace

Ledger::Ledger(Options options, Report& report) : options_(options), report_(report) {
  if (options.drops_duplicates) {
    taken_.emplace();
  }
}

Ledger::Entry Ledger::enter(const wire::BatchHeader& header, const Message& message) {
  Verdict verdict = continuity_.seen(header, message.connection);
  Entry entry;
  // What has no records would share its name with the batch that follows.
  if (taken_ && header.count > 0) {
    entry.is_to_be_dropped = !taken_->insert(header);
    if (!entry.is_to_be_dropped && verdict.duplicated > 0) {
      // By its numbers it was here, but the batch itself was not: it fills a gap too old to know.
      verdict.duplicated = 0;
      verdict.arrival = Arrival::kLate;
    }
  }
  entry.missed = verdict.missed;
  entry.duplicated = entry.is_to_be_dropped ? header.count : verdict.duplicated;
  entry.restart = verdict.restart;
  count(verdict);
  (entry.is_to_be_dropped ? troubles_.dropped : troubles_.duplicates) += entry.duplicated;
  report(verdict, entry, header, message.topic);
  return entry;
}

void Ledger::count(const Verdict& verdict) {
  troubles_.gaps += verdict.missed > 0 ? 1 : 0;
  add(troubles_.missed, verdict.missed);
  add(troubles_.recovered, verdict.recovered);
  troubles_.restarts += verdict.restart ? 1 : 0;
  troubles_.forgotten = continuity_.forgotten();
}

void Ledger::report(const Verdict& verdict, const Entry& entry, const wire::BatchHeader& header,
                    std::string_view topic) {
  if (verdict.restart) {
    report_.say(formatted("restart: the sender began anew, as {:016x}", header.epoch));
  } else if (verdict.new_epoch) {
    report_.mention(formatted("new sender {:016x}", header.epoch));
  }
  if (verdict.arrival == Arrival::kFirst) {
    report_.mention(formatted("new {}, from number {}", shown_stream(header, topic), header.first));
  }
  if (options_.tells_gaps) {
    report_gap(verdict, header, topic);
  }
  if (entry.duplicated > 0 && options_.tells_duplicates) {
    report_.say(formatted("duplicate: {} came again and {} written again, {}, {}",
                          counted(entry.duplicated, "message"),
                          entry.is_to_be_dropped ? "are not" : "are",
                          numbers(header.first, header.count), shown_stream(header, topic)));
  }
}

void Ledger::report_gap(const Verdict& verdict, const wire::BatchHeader& header,
                        std::string_view topic) {
  if (verdict.missed > 0) {
    report_.say(formatted("gap: {} missing, {}, {}", counted(verdict.missed, "message"),
                          numbers(header.first - verdict.missed, verdict.missed),
                          shown_stream(header, topic)));
  }
  if (verdict.recovered > 0) {
    report_.say(formatted("late: {} that were missing have come, {}",
                          counted(verdict.recovered, "message"), shown_stream(header, topic)));
  }
}

void Ledger::enter_corrupt(const Message& message, std::string_view fault) {
  ++troubles_.corrupt;
  report_.say(formatted("corrupt frame of {}: {}{}", counted(message.body.size(), "byte"), fault,
                        shown_topic(message.topic)));
}

}  // namespace omzmq::tap
