// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "tap/screen/screen.hpp"

namespace omzmq::tap {

enum class Emphasis { kNone, kBold, kDim, kAlarm };

/// One line of the screen, made of pieces from left to right. It never gets wider than the screen
/// less its last column: a piece that does not fit is left out, and all that come after it.
///
/// Threads: one.
class ScreenLine {
 public:
  ScreenLine(const ScreenSize& size, const ScreenStyle& style)
      : max_columns_(size.columns > 0 ? size.columns - 1 : 0), style_(style) {}

  ScreenLine& add(const DisplayText& piece, Emphasis emphasis = Emphasis::kNone) {
    full_ = full_ || piece.columns > room();
    if (!full_ && piece.columns > 0) {
      text_.append(gap_, ' ');
      columns_ += gap_ + piece.columns;
      gap_ = 0;
      emphasise(piece.bytes, emphasis);
    }
    return *this;
  }

  /// ASCII only.
  ScreenLine& add(std::string_view text, Emphasis emphasis = Emphasis::kNone) {
    return add(DisplayText::ascii(std::string(text)), emphasis);
  }

  /// Leaves columns free before the next piece.
  ScreenLine& skip(std::size_t columns) {
    gap_ += columns;
    return *this;
  }

  [[nodiscard]] std::size_t room() const noexcept {
    return max_columns_ - std::min(max_columns_, columns_ + gap_);
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  void emphasise(const std::string& bytes, Emphasis emphasis) {
    if (emphasis == Emphasis::kNone || !style_.color) {
      text_ += bytes;
      return;
    }
    text_ += emphasis == Emphasis::kBold  ? "\033[1m"
             : emphasis == Emphasis::kDim ? "\033[2m"
                                          : "\033[31m";
    text_ += bytes;
    text_ += "\033[0m";
  }

  std::size_t max_columns_;
  ScreenStyle style_;
  std::size_t columns_ = 0;
  std::size_t gap_ = 0;  // free columns after them
  bool full_ = false;
  std::string text_;
};

}  // namespace omzmq::tap
