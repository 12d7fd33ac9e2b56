// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/field_count.hpp"

#include <algorithm>
#include <vector>

#include "common/format.hpp"
#include "tap/text/display_text.hpp"
#include "tap/text/json_text.hpp"

namespace omzmq::tap {
namespace {

using Entry = HeavyHitters::Entry;

template <typename... Args>
void append(std::string& out, fmt::format_string<Args...> pattern, Args&&... args) {
  out += formatted(pattern, std::forward<Args>(args)...);
}

/// "1 record", "2 records".
std::string records(std::uint64_t count) {
  return formatted("{} record{}", count, count == 1 ? "" : "s");
}

std::string printable(std::string_view value) {
  return value.empty() ? "\"\"" : safe_text(value, FieldCount::kShownColumns, Charset::kUtf8).bytes;
}

double percent(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(whole);
}

/// "-120  " in a column wide enough for all entries, blank for an exact count; nothing at all when
/// every count is exact.
std::string error_column(const Entry& entry, std::uint64_t largest) {
  if (largest == 0) {
    return {};
  }
  const std::string text = entry.error == 0 ? "" : formatted("-{}", entry.error);
  return formatted("{:>{}}  ", text, formatted("-{}", largest).size());
}

}  // namespace

FieldCount::FieldCount(const CountOptions& options) : show_(options.show) {
  if (options.count_by) {
    counted_.emplace(*options.count_by, options.slots);
  }
  if (options.distinct) {
    distinct_.emplace(*options.distinct);
  }
}

void FieldCount::count(std::string_view payload) {
  ++total_;
  if (!document_.parse(payload)) {
    ++not_json_;
    return;
  }
  if (counted_) {
    if (const auto value = counted_->json.find(document_)) {
      counted_->hitters.add(*value);
    } else {
      ++counted_->missing;
    }
  }
  if (distinct_) {
    if (const auto value = distinct_->json.find(document_)) {
      distinct_->values.add(*value);
    } else {
      ++distinct_->missing;
    }
  }
}

std::string FieldCount::lines() const {
  std::string out;
  if (counted_) {
    append_top_lines(out);
  }
  if (const Field* const field = counted_    ? static_cast<const Field*>(&*counted_)
                                 : distinct_ ? &*distinct_
                                             : nullptr) {
    append(out, "zmqtap: {} without {}, {} not JSON\n", records(field->missing),
           printable(field->json.path()), not_json_);
  }
  if (distinct_) {
    append_distinct_line(out);
  }
  return out;
}

void FieldCount::append_top_lines(std::string& out) const {
  const HeavyHitters& hitters = counted_->hitters;
  append(out, "zmqtap: {} counted by {}", records(hitters.total()),
         printable(counted_->json.path()));
  if (hitters.max_error() > 0) {
    append(out, ", each at most {} too high", hitters.max_error());
  }
  out += '\n';
  const std::vector<Entry> top = hitters.top(show_);
  std::uint64_t largest = 0;
  std::uint64_t others = hitters.total();
  for (const Entry& entry : top) {
    largest = std::max(largest, entry.error);
    others -= entry.count;
  }
  for (const Entry& entry : top) {
    append(out, "{:>12}  {:>5.1f} %  {}{}\n", entry.count, percent(entry.count, hitters.total()),
           error_column(entry, largest), printable(entry.value));
  }
  if (others > 0) {
    append(out, "{:>12}  {:>5.1f} %  {}(all others)\n", others, percent(others, hitters.total()),
           error_column(Entry{}, largest));
  }
}

void FieldCount::append_distinct_line(std::string& out) const {
  append(out, "zmqtap: about {} different {} (standard error {} %)", distinct_->values.estimate(),
         printable(distinct_->json.path()), DistinctEstimate::kErrorPercent);
  if (counted_ && distinct_->missing > 0) {
    append(out, ", {} without it", records(distinct_->missing));
  }
  out += '\n';
}

std::string FieldCount::json() const {
  std::string out = "{";
  if (counted_) {
    append_counted_members(out);
  } else {
    append(out, "\"total\":{},\"not_json\":{}", total_, not_json_);
  }
  if (distinct_) {
    append_distinct_member(out);
  }
  return out + '}';
}

void FieldCount::append_counted_members(std::string& out) const {
  const HeavyHitters& hitters = counted_->hitters;
  out += "\"field\":";
  append_json_string(out, counted_->json.path());
  append(out,
         ",\"total\":{},\"counted\":{},\"not_json\":{},\"without_field\":{},\"max_error\":{},"
         "\"top\":[",
         total_, hitters.total(), not_json_, counted_->missing, hitters.max_error());
  std::string_view separator;
  for (const Entry& entry : hitters.top(show_)) {
    append(out, "{}{{\"value\":", separator);
    append_json_string(out, entry.value);
    append(out, ",\"count\":{},\"error\":{}}}", entry.count, entry.error);
    separator = ",";
  }
  out += ']';
}

void FieldCount::append_distinct_member(std::string& out) const {
  out += ",\"distinct\":{\"field\":";
  append_json_string(out, distinct_->json.path());
  append(out, ",\"counted\":{},\"without_field\":{},\"estimate\":{},\"error_percent\":{}}}",
         total_ - not_json_ - distinct_->missing, distinct_->missing, distinct_->values.estimate(),
         DistinctEstimate::kErrorPercent);
}

}  // namespace omzmq::tap
