// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/count/json_field.hpp"

#include <json.h>

#include <climits>
#include <cstdint>
#include <limits>
#include <new>
#include <variant>

#include "tap/text/json_text.hpp"

namespace omzmq::tap {
namespace {

constexpr std::string_view kCookie = "@cee:";

void skip_white_space(std::string_view& text) noexcept {
  const std::size_t first = text.find_first_not_of(" \t\n\r");
  text.remove_prefix(first == std::string_view::npos ? text.size() : first);
}

std::string_view string_of(fjson_object* value) {
  return {fjson_object_get_string(value),
          static_cast<std::size_t>(fjson_object_get_string_len(value))};
}

void append_integer(std::string& out, std::int64_t number) {
  if (number == std::numeric_limits<std::int64_t>::max()) {
    out += ">=";
  } else if (number == std::numeric_limits<std::int64_t>::min()) {
    out += "<=";
  }
  out += std::to_string(number);
}

void append_json(std::string& out, fjson_object* value);

void append_object(std::string& out, fjson_object* object) {
  out += '{';
  fjson_object_iterator at = fjson_object_iter_begin(object);
  const fjson_object_iterator end = fjson_object_iter_end(object);
  for (bool is_first = true; fjson_object_iter_equal(&at, &end) == 0; is_first = false) {
    if (!is_first) {
      out += ',';
    }
    append_json_string(out, fjson_object_iter_peek_name(&at));
    out += ':';
    append_json(out, fjson_object_iter_peek_value(&at));
    fjson_object_iter_next(&at);
  }
  out += '}';
}

void append_array(std::string& out, fjson_object* array) {
  out += '[';
  const int length = fjson_object_array_length(array);
  for (int i = 0; i < length; ++i) {
    if (i > 0) {
      out += ',';
    }
    append_json(out, fjson_object_array_get_idx(array, i));
  }
  out += ']';
}

/// Not by libfastjson's own writer, which ends a string at its first NUL. The recursion is as deep
/// as the document: JsonDocument::kMaxDepth at most.
void append_json(std::string& out, fjson_object* value) {
  switch (fjson_object_get_type(value)) {
    case fjson_type_null:
      out += "null";
      break;
    case fjson_type_boolean:
      out += fjson_object_get_boolean(value) != 0 ? "true" : "false";
      break;
    case fjson_type_int:
      append_integer(out, fjson_object_get_int64(value));
      break;
    case fjson_type_double:
      // The digits as they were read, as nothing has changed the number since.
      out += fjson_object_to_json_string_ext(value, FJSON_TO_STRING_PLAIN);
      break;
    case fjson_type_string:
      append_json_string(out, string_of(value));
      break;
    case fjson_type_object:
      append_object(out, value);
      break;
    case fjson_type_array:
      append_array(out, value);
      break;
  }
}

/// Goes one step from `value`, which becomes what is there. False: nothing is.
bool descend(fjson_object*& value, const std::string& name) {
  return fjson_object_is_type(value, fjson_type_object) != 0 &&
         fjson_object_object_get_ex(value, name.c_str(), &value) != 0;
}

bool descend(fjson_object*& value, int index) {
  if (fjson_object_is_type(value, fjson_type_array) == 0) {
    return false;
  }
  const int length = fjson_object_array_length(value);
  const int from_front = index < 0 ? index + length : index;
  if (from_front < 0 || from_front >= length) {
    return false;
  }
  value = fjson_object_array_get_idx(value, from_front);
  return true;
}

fjson_tokener* make_tokener() {
  fjson_tokener* const tokener = fjson_tokener_new_ex(JsonDocument::kMaxDepth);
  if (tokener == nullptr) {
    throw std::bad_alloc();
  }
  fjson_tokener_set_flags(tokener, FJSON_TOKENER_STRICT);
  return tokener;
}

}  // namespace

JsonDocument::JsonDocument() : tokener_(make_tokener()) {}

JsonDocument::~JsonDocument() = default;

void JsonDocument::Release::operator()(fjson_tokener* tokener) const noexcept {
  fjson_tokener_free(tokener);
}

void JsonDocument::Release::operator()(fjson_object* object) const noexcept {
  fjson_object_put(object);
}

bool JsonDocument::parse(std::string_view payload) {
  root_.reset();
  skip_white_space(payload);
  if (payload.substr(0, kCookie.size()) == kCookie) {
    payload.remove_prefix(kCookie.size());
    skip_white_space(payload);
  }
  if (payload.empty() || (payload[0] != '{' && payload[0] != '[') || payload.size() > INT_MAX) {
    return false;
  }
  const int length = static_cast<int>(payload.size());
  root_.reset(fjson_tokener_parse_ex(tokener_.get(), payload.data(), length));
  if (root_ == nullptr) {
    fjson_tokener_reset(tokener_.get());
  } else if (tokener_->char_offset != length) {
    root_.reset();  // a NUL ends the reading without an error
  }
  if (payload.size() > kKeptBytes) {
    tokener_.reset(make_tokener());
  }
  return root_ != nullptr;
}

JsonField::JsonField(std::string_view option, std::string_view path)
    : path_(path), steps_(parse_json_path(option, path)) {}

std::optional<std::string_view> JsonField::find(const JsonDocument& document) {
  fjson_object* value = document.root_.get();
  for (const JsonStep& step : steps_) {
    if (!std::visit([&](const auto& where) { return descend(value, where); }, step)) {
      return std::nullopt;
    }
  }
  if (fjson_object_is_type(value, fjson_type_string) != 0) {
    return string_of(value);
  }
  text_.clear();
  if (text_.capacity() > JsonDocument::kKeptBytes) {
    text_.shrink_to_fit();
  }
  append_json(text_, value);
  return text_;
}

}  // namespace omzmq::tap
