// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "tap/records/decoder.hpp"

// Readers of option values. `option` is the name in the error. All throw UsageError, which has the
// name, the value and what would be right.

namespace omzmq::tap {

/// A whole number within [least, most].
[[nodiscard]] std::uint64_t read_number(std::string_view option, const std::string& text,
                                        std::uint64_t least, std::uint64_t most);

/// Bytes, within [least, most]; k, m and g behind the number are powers of 1024, K, M and G of
/// 1000.
[[nodiscard]] std::uint64_t read_size(std::string_view option, const std::string& text,
                                      std::uint64_t least, std::uint64_t most);

/// Seconds with a fraction, from a millisecond on.
[[nodiscard]] std::chrono::milliseconds read_seconds(std::string_view option,
                                                     const std::string& text);

/// Whole seconds, or minutes, hours or days with m, h or d behind the number.
[[nodiscard]] std::chrono::seconds read_duration(std::string_view option, const std::string& text);

/// The value of --format.
[[nodiscard]] Format read_format(const std::string& text);

}  // namespace omzmq::tap
