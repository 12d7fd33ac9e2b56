// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "tap/screen/traffic.hpp"
#include "tap/text/display_text.hpp"

namespace omzmq::tap {

struct ScreenSize {
  std::size_t columns = 80;
  std::size_t rows = 24;
  bool operator==(const ScreenSize&) const = default;
};

/// How the terminal may be written to.
struct ScreenStyle {
  Charset charset = Charset::kUtf8;
  bool color = true;  // bold, dim and red; false: no escape sequence at all

  /// UTF-8 if the first of LC_ALL, LC_CTYPE and LANG that is set says so; color unless NO_COLOR is
  /// set or TERM is dumb.
  [[nodiscard]] static ScreenStyle from_environment();
};

/// What the screen shows besides the traffic.
struct ScreenView {
  ScreenSize size;
  ScreenStyle style;
  std::string_view endpoints;  // for the header; any bytes
  Traffic::TimePoint now;
  bool paused = false;
  bool streams_first = false;
  const std::vector<std::string>* extra_lines = nullptr;  // shown below; any bytes; may be nullptr
};

/// The text of the screen: at most size.rows lines, separated by LF, none wider than
/// size.columns - 1. The last column stays free, because a terminal that has just written there
/// would lose that character when the line is cleared to its end.
///
/// What does not fit is left out, the least important first: the tables show the busiest rows and
/// say how many more there are. Bytes from outside pass through safe_text().
///
/// Pure: the same traffic and view make the same text.
[[nodiscard]] std::string render(const Traffic& traffic, const ScreenView& view);

}  // namespace omzmq::tap
