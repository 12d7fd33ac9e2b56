// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tap/count/json_path.hpp"

struct fjson_object;
struct fjson_tokener;

namespace omzmq::tap {

/// One payload at a time, read as JSON by libfastjson.
///
/// JSON is an object or an array (nothing else has fields) with white space around it or not,
/// perhaps after the "@cee:" of lumberjack messages, nested kMaxDepth deep at most. It is read
/// strictly, but for what libfastjson lets through even then: names in single quotes, control
/// characters and malformed UTF-8 in strings, NaN and Infinity, and some numbers that are none,
/// such as 1e. Of a name that occurs twice in an object the last one holds; a name ends at its
/// first NUL. Any bytes can be given; beyond kKeptBytes no memory is kept from one payload to the
/// next.
///
/// Threads: one.
class JsonDocument {
 public:
  static constexpr int kMaxDepth = 256;
  static constexpr std::size_t kKeptBytes = std::size_t{1} << 20;

  JsonDocument();
  ~JsonDocument();
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  /// Reads the payload in place of the one before. False: it is not JSON, and no field is found.
  bool parse(std::string_view payload);

 private:
  friend class JsonField;

  struct Release {
    void operator()(fjson_tokener* tokener) const noexcept;
    void operator()(fjson_object* object) const noexcept;
  };

  std::unique_ptr<fjson_tokener, Release> tokener_;
  std::unique_ptr<fjson_object, Release> root_;  // null when there is no JSON
};

/// Where a value stands in a JSON document, written as jq writes it:
///
///   .status   .request.path   .tags[0]   .tags[-1] (the last)   .["a.b"]   .a["b c"].d   .[0]
///
/// A bare name is of letters, digits and '_', and begins with no digit; any other stands in quotes
/// as a JSON string. Matches exactly one value: '..', '[]', '?' and '|' are refused.
///
/// Threads: one.
class JsonField {
 public:
  /// `option` is named in the error, such as "--count-by". Throws UsageError, which says what is
  /// wrong with the path and what would be right.
  JsonField(std::string_view option, std::string_view path);

  /// The value as text, or nothing when the document has no such field:
  ///   a string      as it is, without quotes and escapes
  ///   a number      as it is written; an integer beyond 64 bits, of which libfastjson keeps only
  ///                 the limit, as ">=9223372036854775807" or "<=-9223372036854775808"
  ///   true, false, null
  ///   an object or an array  as JSON without white space
  /// So the number 1 and the string "1" are the same text. Valid until the next find() here and
  /// the next parse() there.
  [[nodiscard]] std::optional<std::string_view> find(const JsonDocument& document);

  /// The path as it was given.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
  std::vector<JsonStep> steps_;  // at least one
  std::string text_;             // what find() returned, unless it was a string
};

}  // namespace omzmq::tap
