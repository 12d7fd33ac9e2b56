// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace omzmq::tap {

/// What a terminal can show.
enum class Charset { kAscii, kUtf8 };

/// Text that is safe for a terminal, and the columns that it takes there.
struct DisplayText {
  std::string bytes;
  std::size_t columns = 0;

  /// ASCII text, a column for each byte.
  static DisplayText ascii(std::string text);

  /// Ends at `columns`: padded on the right, or on the left.
  [[nodiscard]] DisplayText left_in(std::size_t width) const;
  [[nodiscard]] DisplayText right_in(std::size_t width) const;
};

/// Text from outside, made safe and cut to `max_columns`, with an ellipsis where something is left
/// out. Characters of UTF-8 stay when the charset has them and wcwidth() of the C.UTF-8 locale
/// gives them one column or two. All else is shown as \xNN for each byte: control characters,
/// malformed UTF-8, marks without a width of their own (also those that turn the direction of
/// writing). A backslash is shown as \\, so that nothing reads like an escape that is none.
[[nodiscard]] DisplayText safe_text(std::string_view bytes, std::size_t max_columns,
                                    Charset charset);

/// "0.5", "7", "812", "1.23k", "12.3M": five columns at most, for anything below 1e15.
[[nodiscard]] std::string short_number(double number);

/// "1,234,567", or short when that is wider than `max_columns`.
[[nodiscard]] std::string grouped_number(std::uint64_t number, std::size_t max_columns);

/// "812 B", "98.1 kB", "31.2 GB"; a kB is 1,000 bytes.
[[nodiscard]] std::string short_bytes(double bytes);

/// "850 us" (with the sign of micro where there is UTF-8), "1.20 ms", "12.3 s", "-3.10 ms".
[[nodiscard]] DisplayText short_duration(std::chrono::microseconds duration, Charset charset);

/// "00:12:34", "2d 03:04:05".
[[nodiscard]] std::string clock_time(std::chrono::seconds duration);

}  // namespace omzmq::tap
