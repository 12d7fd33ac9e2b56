// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tap/count/distinct_estimate.hpp"
#include "tap/count/heavy_hitters.hpp"
#include "tap/count/json_field.hpp"

namespace omzmq::tap {

/// What is to be counted. At least one of the two fields should be given.
struct CountOptions {
  std::optional<std::string> count_by = std::nullopt;  // --count-by: a path as in JsonField
  std::optional<std::string> distinct = std::nullopt;  // --distinct: likewise
  std::size_t show = 10;       // how many values lines() and json() name; 0: none
  std::size_t slots = 10'000;  // values counted at a time; 1 to HeavyHitters::kMaxCapacity
};

/// Counts the values of one field, and estimates how many different ones another field has, over
/// all records that pass. Memory is bounded, whatever the records are: about 0.5 KB a slot at most.
///
/// A record is counted once in exactly one way: it is not JSON (see JsonDocument), it has no such
/// field, or it has the field and counts with the field's text (see JsonField::find(); null is a
/// value, too). Of a text longer than HeavyHitters::kMaxValueBytes the beginning is counted.
///
/// Threads: one.
class FieldCount {
 public:
  static constexpr std::size_t kShownColumns = 60;  // of a value in lines()

  /// Throws UsageError for a path that is none, std::invalid_argument for a number of slots.
  explicit FieldCount(const CountOptions& options);

  /// One record; it is parsed once, however many fields are asked for.
  void count(std::string_view payload);

  /// The state for a person, to be shown each second. Each line ends with LF; there are
  /// `show` + 4 at most, the same number each time once `show` values have come:
  ///
  ///   zmqtap: 1000000 records counted by .status
  ///        812345   81.2 %  200
  ///         90000    9.0 %  404
  ///         97655    9.8 %  (all others)
  ///   zmqtap: 10 records without .status, 0 not JSON
  ///   zmqtap: about 12345 different .ip (standard error 0.81 %)
  ///
  /// Without --count-by there are only the two last lines, and the first of them tells of the
  /// --distinct field; without --distinct the last one is missing, and with both it ends with
  /// ", 3 records without it" when some have none. The share is of the records counted. Once there
  /// were more different values than slots, counts can be too high, never too low: the first line
  /// ends with ", each at most N too high", N being HeavyHitters::max_error(), and each count that
  /// may be too high has its own bound behind the share:
  ///
  ///         90000    9.0 %  -120  404
  ///
  /// A value is shown as UTF-8 that is safe for a terminal, cut to kShownColumns (safe_text()); an
  /// empty one is shown as "".
  /// "(all others)" is there when some records have other values than those shown.
  [[nodiscard]] std::string lines() const;

  /// The state for a program: one JSON object, valid whatever the values are, on one line without
  /// LF. With both fields:
  ///
  ///   {"field":".status","total":1000000,"counted":999990,"not_json":0,"without_field":10,
  ///    "max_error":0,"top":[{"value":"200","count":812345,"error":0},...],
  ///    "distinct":{"field":".ip","counted":999990,"without_field":10,"estimate":12345,
  ///    "error_percent":0.81}}
  ///
  /// Without --count-by: {"total":...,"not_json":...,"distinct":{...}}; without --distinct that
  /// member is missing. "total" is all records; total = counted + not_json + without_field, of each
  /// field. "top" has `show` values at most, the most frequent first, always as strings;
  /// count - error <= true count <= count, and a value that is not among the slots was there
  /// "max_error" times at most. "error_percent" is the standard error of the estimate.
  [[nodiscard]] std::string json() const;

  /// All records so far.
  [[nodiscard]] std::uint64_t total() const noexcept { return total_; }

 private:
  /// A field and how many records had it not.
  struct Field {
    Field(std::string_view option, const std::string& path) : json(option, path) {}
    JsonField json;
    std::uint64_t missing = 0;
  };
  struct Counted : Field {
    Counted(const std::string& path, std::size_t slots)
        : Field("--count-by", path), hitters(slots) {}
    HeavyHitters hitters;
  };
  struct Distinct : Field {
    explicit Distinct(const std::string& path) : Field("--distinct", path) {}
    DistinctEstimate values;
  };

  void append_top_lines(std::string& out) const;
  void append_distinct_line(std::string& out) const;
  void append_counted_members(std::string& out) const;
  void append_distinct_member(std::string& out) const;

  std::size_t show_;
  std::uint64_t total_ = 0;
  std::uint64_t not_json_ = 0;
  JsonDocument document_;
  std::optional<Counted> counted_;
  std::optional<Distinct> distinct_;
};

}  // namespace omzmq::tap
