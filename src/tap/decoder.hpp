// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <optional>
#include <string_view>

#include "tap/options.hpp"

namespace omzmq::tap {

/// Takes the body of a ZeroMQ message apart into log messages, one at a time, so that its user can
/// stop in the middle of a frame. Copies nothing.
///   Raw    the frame is one message, whatever bytes it has.
///   Lines  messages are separated by LF, and no LF stands after the last one: n LFs make n + 1
///          messages, and an empty frame is one empty message.
///
/// Threads: one.
/// Ownership: a frame stays its owner's; it must live until it is used up or the next load().
class Decoder {
 public:
  explicit Decoder(Format format) noexcept : format_(format) {}

  /// Begins a frame; what the last one still held is forgotten.
  void load(std::string_view frame) noexcept {
    rest_ = frame;
    has_more_ = true;
  }

  /// The next message of the frame, or nothing when it is used up.
  [[nodiscard]] std::optional<std::string_view> next() noexcept {
    if (!has_more_) {
      return std::nullopt;
    }
    std::string_view message = rest_;
    if (const auto end = line_end(); end != std::string_view::npos) {
      message = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
    } else {
      has_more_ = false;
    }
    return message;
  }

 private:
  [[nodiscard]] std::string_view::size_type line_end() const noexcept {
    return format_ == Format::Lines ? rest_.find('\n') : std::string_view::npos;
  }

  Format format_;
  std::string_view rest_;
  bool has_more_ = false;
};

}  // namespace omzmq::tap
