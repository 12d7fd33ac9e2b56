// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tap/screen/screen.hpp"
#include "tap/screen/traffic.hpp"

// The parts that render() puts together. Each is a list of lines without LF, ready for the
// terminal.
namespace omzmq::tap {

using ScreenLines = std::vector<std::string>;

/// Screens with fewer rows have no blank lines, no list of keys and only the lines that matter
/// most.
constexpr std::size_t kTallRows = 16;

/// From the name of the program to the latencies.
[[nodiscard]] ScreenLines summary_lines(const Traffic& traffic, const ScreenView& view);

/// A heading and the busiest rows in at most `max_lines`; empty when there is nothing to show.
[[nodiscard]] ScreenLines topic_lines(const Traffic& traffic, const ScreenView& view,
                                      std::size_t max_lines);
[[nodiscard]] ScreenLines stream_lines(const Traffic& traffic, const ScreenView& view,
                                       std::size_t max_lines);

/// The lines of somebody else, made safe.
[[nodiscard]] ScreenLines extra_lines(const ScreenView& view, std::size_t max_lines);

/// What the keys do.
[[nodiscard]] std::string key_line(const ScreenView& view);

/// "... 12 more".
[[nodiscard]] std::string more_line(std::size_t count, const ScreenView& view);

}  // namespace omzmq::tap
