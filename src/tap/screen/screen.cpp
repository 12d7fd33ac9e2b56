// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/screen/screen.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <functional>
#include <iterator>

#include "tap/screen/screen_parts.hpp"

namespace omzmq::tap {
namespace {

/// The value of an environment variable; empty when it is not set.
std::string_view variable(const char* name) {
  const char* const value = ::secure_getenv(name);
  return value != nullptr ? value : "";
}

Charset charset_of(std::string_view locale) {
  std::string name;
  std::transform(locale.begin(), locale.end(), std::back_inserter(name),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const bool is_utf8 =
      name.find("utf-8") != std::string::npos || name.find("utf8") != std::string::npos;
  return is_utf8 ? Charset::kUtf8 : Charset::kAscii;
}

/// A part of the screen that makes as many lines as it is given, or fewer.
struct Section {
  std::function<ScreenLines(std::size_t max_lines)> lines;
  std::size_t least;     // lines; with fewer it is better left out
  std::size_t divisor;   // it has one part in so many of the rows, unless others leave some
  std::size_t rows = 0;  // what it is given
};

using Sections = std::array<Section, 3>;

/// The first section has what the others leave, and what it does not need goes to the others.
/// `blank` rows stand before each section.
void share_rows(Sections& sections, std::size_t rows, std::size_t blank) {
  std::array<std::size_t, 3> needs{};
  std::size_t left = rows;
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::size_t lines = sections[i].lines(rows).size();
    needs[i] = lines > 0 ? lines + blank : 0;
    const std::size_t share = std::min(needs[i], rows / sections[i].divisor);
    const bool is_enough = share >= std::min(needs[i], sections[i].least + blank);
    sections[i].rows = i > 0 && is_enough ? share : 0;
    left -= sections[i].rows;
  }
  for (std::size_t i = 0; i < sections.size(); ++i) {
    const std::size_t more = std::min(needs[i] - sections[i].rows, left);
    sections[i].rows += more;
    left -= more;
  }
}

}  // namespace

ScreenStyle ScreenStyle::from_environment() {
  ScreenStyle style;
  style.charset = Charset::kAscii;
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (const std::string_view locale = variable(name); !locale.empty()) {
      style.charset = charset_of(locale);
      break;
    }
  }
  style.color = variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  return style;
}

std::string render(const Traffic& traffic, const ScreenView& view) {
  const bool is_tall = view.size.rows >= kTallRows;
  ScreenLines lines = summary_lines(traffic, view);
  const std::size_t last = is_tall ? view.size.rows - 1 : view.size.rows;  // above the keys
  lines.resize(std::min(lines.size(), last));

  Sections sections{{
      {[&](std::size_t max_lines) { return topic_lines(traffic, view, max_lines); }, 4, 3},
      {[&](std::size_t max_lines) { return stream_lines(traffic, view, max_lines); }, 4, 3},
      {[&](std::size_t max_lines) { return extra_lines(view, max_lines); }, 2, 2},
  }};
  if (view.streams_first) {
    std::swap(sections[0], sections[1]);
  }
  const std::size_t blank = is_tall ? 1 : 0;
  share_rows(sections, last - lines.size(), blank);
  for (const Section& section : sections) {
    if (section.rows > blank) {
      const ScreenLines part = section.lines(section.rows - blank);
      lines.insert(lines.end(), part.empty() ? 0 : blank, "");
      lines.insert(lines.end(), part.begin(), part.end());
    }
  }
  if (is_tall) {
    lines.resize(last);
    lines.push_back(key_line(view));
  }
  std::string text;
  for (const std::string& line : lines) {
    text += line;
    text += '\n';
  }
  text.resize(text.size() - std::min<std::size_t>(text.size(), 1));
  return text;
}

}  // namespace omzmq::tap
