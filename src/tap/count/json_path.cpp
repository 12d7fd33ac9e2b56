// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/json_path.hpp"

#include <json.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include "common/format.hpp"
#include "tap/text/display_text.hpp"
#include "tap/text/json_text.hpp"
#include "tap/text/usage_error.hpp"

namespace omzmq::tap {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_name_part(char c) { return is_name_start(c) || is_digit(c); }

std::string quoted(std::string_view name) {
  std::string text;
  append_json_string(text, name);
  return text;
}

/// What a JSON string with its quotes says, or nothing when it is none.
std::optional<std::string> unquoted(std::string_view text) {
  const std::unique_ptr<fjson_tokener, decltype(&fjson_tokener_free)> tokener(fjson_tokener_new(),
                                                                              fjson_tokener_free);
  if (tokener == nullptr) {
    return std::nullopt;
  }
  fjson_tokener_set_flags(tokener.get(), FJSON_TOKENER_STRICT);
  const std::unique_ptr<fjson_object, decltype(&fjson_object_put)> value(
      fjson_tokener_parse_ex(tokener.get(), text.data(), static_cast<int>(text.size())),
      fjson_object_put);
  if (fjson_object_is_type(value.get(), fjson_type_string) == 0) {
    return std::nullopt;
  }
  return std::string(fjson_object_get_string(value.get()),
                     static_cast<std::size_t>(fjson_object_get_string_len(value.get())));
}

/// Reads a path from left to right.
///
/// Threads: one.
class PathReader {
 public:
  PathReader(std::string_view option, std::string_view path)
      : option_(option), path_(path), rest_(path) {}

  std::vector<JsonStep> read() {
    if (path_.empty()) {
      fail("is empty; give a path such as .status or .request.path");
    }
    if (path_[0] != '.') {
      fail("must begin with '.', such as .status or .request.path");
    }
    if (path_ == ".") {
      fail("names no field; give a path such as .status or .request.path");
    }
    std::vector<JsonStep> steps;
    while (!rest_.empty()) {
      steps.push_back(read_step());
    }
    return steps;
  }

 private:
  JsonStep read_step() {
    if (take('.')) {
      if (rest_.empty()) {
        fail("ends with '.'; a name must follow, or no '.'");
      }
      if (rest_[0] == '.') {
        fail("'..' asks for every depth; give the whole path of one field");
      }
      if (rest_[0] == '"') {
        return read_quoted();
      }
      if (rest_[0] != '[') {
        return read_name();
      }
    }
    if (take('[')) {
      return read_bracket();
    }
    fail(formatted("'{}' stands at {} where '.', '[' or the end must be", found(), position()));
  }

  std::string read_name() {
    const std::string_view name = rest_.substr(0, rest_.find_first_of(".["));
    if (!is_name_start(name[0]) || !std::all_of(name.begin(), name.end(), is_name_part)) {
      fail(
          formatted("a name without quotes is of letters, digits and '_' and begins with no "
                    "digit; with quotes it would be .[{}]",
                    quoted(name)));
    }
    rest_.remove_prefix(name.size());
    return std::string(name);
  }

  std::string read_quoted() {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"') {
      end += rest_[end] == '\\' ? 2 : 1;
    }
    if (end >= rest_.size()) {
      fail(formatted("the quote at {} is not closed; a name is written .[\"the name\"]",
                     position()));
    }
    std::optional<std::string> name = unquoted(rest_.substr(0, end + 1));
    if (!name) {
      fail(formatted("{} is not a JSON string; a backslash in it is written \\\\",
                     rest_.substr(0, end + 1)));
    }
    if (name->find('\0') != std::string::npos) {
      fail("a name with a NUL cannot be looked for; give another field");
    }
    rest_.remove_prefix(end + 1);
    return std::move(*name);
  }

  /// What stands behind '['.
  JsonStep read_bracket() {
    if (take(']')) {
      fail("'[]' asks for every element; choose one, such as [0], or [-1] for the last");
    }
    JsonStep step = !rest_.empty() && rest_[0] == '"' ? JsonStep(read_quoted()) : read_index();
    if (!take(']')) {
      fail(rest_.empty() ? std::string("']' is missing at the end")
                         : formatted("'{}' stands at {} where ']' must be", found(), position()));
    }
    return step;
  }

  int read_index() {
    int index = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), index);
    if (error == std::errc::result_out_of_range) {
      fail(formatted("the index at {} is too large; no array is that long", position()));
    }
    if (error != std::errc()) {
      fail(
          "behind '[' must stand a whole number or a name in double quotes, such as [0] or "
          "[\"a.b\"]");
    }
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return index;
  }

  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }

  /// What stands at the front, for an error.
  [[nodiscard]] std::string found() const {
    constexpr std::size_t kColumns = 20;
    return safe_text(rest_, kColumns, Charset::kUtf8).bytes;
  }

  [[nodiscard]] std::string position() const {
    return formatted("byte {}", path_.size() - rest_.size() + 1);
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw UsageError(formatted("{} '{}': {}", option_, path_, why));
  }

  std::string_view option_;
  std::string_view path_;
  std::string_view rest_;  // what is not read yet
};

}  // namespace

std::vector<JsonStep> parse_json_path(std::string_view option, std::string_view path) {
  return PathReader(option, path).read();
}

}  // namespace omzmq::tap
