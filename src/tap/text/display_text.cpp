// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/text/display_text.hpp"

#include <algorithm>
#include <array>
#include <clocale>
#include <cmath>
#include <cwchar>

#include "common/format.hpp"

namespace omzmq::tap {
namespace {

/// While it lives, wcwidth() of this thread knows Unicode, whatever locale the program
/// has. Without that locale on the system it knows ASCII only, and all else is escaped.
class Utf8Locale {
 public:
  Utf8Locale() noexcept : before_(utf8() != nullptr ? uselocale(utf8()) : nullptr) {}
  ~Utf8Locale() {
    if (before_ != nullptr) {
      uselocale(before_);
    }
  }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  /// Loaded once: that takes longer than all the rest of a screen.
  static locale_t utf8() noexcept {
    static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;
  }

  locale_t before_;
};

struct Character {
  wchar_t code;
  std::size_t bytes;  // 0: malformed
};

/// The character of several bytes at the front of `bytes`. What is no character, such as a
/// surrogate, has no width either: that is for wcwidth() to say.
Character decode(std::string_view bytes) {
  const auto byte = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  const std::size_t size = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || bytes.size() < size) {
    return {0, 0};
  }
  std::uint32_t code = byte(0) & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) {
      return {0, 0};
    }
    code = code << 6 | (byte(i) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  const bool is_overlong = code < kLeast[size];
  return {static_cast<wchar_t>(code), is_overlong ? 0 : size};
}

/// The text of the character or byte at the front of `bytes`, and how many bytes it stands for.
struct Unit {
  DisplayText text;
  std::size_t bytes;
};

Unit next_unit(std::string_view bytes, Charset charset) {
  const auto byte = static_cast<unsigned char>(bytes.front());
  if (byte == '\\') {
    return {DisplayText::ascii("\\\\"), 1};
  }
  if (byte >= 0x20 && byte < 0x7F) {
    return {DisplayText::ascii(std::string(1, bytes.front())), 1};
  }
  if (byte >= 0x80 && charset == Charset::kUtf8) {
    const Character character = decode(bytes);
    const int columns = character.bytes > 0 ? wcwidth(character.code) : 0;
    if (columns == 1 || columns == 2) {
      return {{std::string(bytes.substr(0, character.bytes)), static_cast<std::size_t>(columns)},
              character.bytes};
    }
  }
  return {DisplayText::ascii(formatted("\\x{:02x}", byte)), 1};
}

DisplayText ellipsis(Charset charset) {
  return charset == Charset::kUtf8 ? DisplayText{"…", 1} : DisplayText::ascii("..");
}

/// Three digits of a number below 1,000.
std::string three_digits(double number) {
  if (number < 9.995) return formatted("{:.2f}", number);
  if (number < 99.95) return formatted("{:.1f}", number);
  return formatted("{:.0f}", number);
}

/// Divides by 1,000 until three digits before the point are enough; the number of divisions.
std::size_t scale(double& number, std::size_t max_steps) {
  std::size_t steps = 0;
  while (number >= 999.5 && steps < max_steps) {
    number /= 1000;
    ++steps;
  }
  return steps;
}

}  // namespace

DisplayText DisplayText::ascii(std::string text) {
  const std::size_t columns = text.size();
  return {std::move(text), columns};
}

DisplayText DisplayText::left_in(std::size_t width) const {
  const std::size_t padding = width - std::min(width, columns);
  return {bytes + std::string(padding, ' '), columns + padding};
}

DisplayText DisplayText::right_in(std::size_t width) const {
  const std::size_t padding = width - std::min(width, columns);
  return {std::string(padding, ' ') + bytes, columns + padding};
}

DisplayText safe_text(std::string_view bytes, std::size_t max_columns, Charset charset) {
  const Utf8Locale locale;
  const DisplayText mark = ellipsis(charset);
  DisplayText text;
  DisplayText with_room;  // as much of the text as leaves room for the ellipsis
  while (!bytes.empty()) {
    const Unit unit = next_unit(bytes, charset);
    if (text.columns + unit.text.columns > max_columns) {
      if (with_room.columns + mark.columns <= max_columns) {
        with_room.bytes += mark.bytes;
        with_room.columns += mark.columns;
      }
      return with_room;
    }
    text.bytes += unit.text.bytes;
    text.columns += unit.text.columns;
    if (text.columns + mark.columns <= max_columns) {
      with_room = text;
    }
    bytes.remove_prefix(unit.bytes);
  }
  return text;
}

std::string short_number(double number) {
  static constexpr std::array<std::string_view, 5> kUnits{"", "k", "M", "G", "T"};
  const std::size_t steps = scale(number, kUnits.size() - 1);
  if (steps > 0) {
    return three_digits(number) + std::string(kUnits[steps]);
  }
  const bool is_whole = std::abs(number - std::round(number)) < 0.05;
  return number < 9.95 && !is_whole ? formatted("{:.1f}", number) : formatted("{:.0f}", number);
}

std::string grouped_number(std::uint64_t number, std::size_t max_columns) {
  std::string digits = std::to_string(number);
  for (std::size_t end = digits.size(); end > 3; end -= 3) {
    digits.insert(end - 3, 1, ',');
  }
  return digits.size() <= max_columns ? digits : short_number(static_cast<double>(number));
}

std::string short_bytes(double bytes) {
  static constexpr std::array<std::string_view, 6> kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
  const std::size_t steps = scale(bytes, kUnits.size() - 1);
  const std::string number = steps == 0 ? formatted("{:.0f}", bytes) : three_digits(bytes);
  return formatted("{} {}", number, kUnits[steps]);
}

DisplayText short_duration(std::chrono::microseconds duration, Charset charset) {
  const std::string sign = duration.count() < 0 ? "-" : "";
  double number = std::abs(static_cast<double>(duration.count()));
  const std::size_t steps = scale(number, 2);
  if (steps == 0) {
    const std::string text = formatted("{}{:.0f} ", sign, number);
    return charset == Charset::kUtf8 ? DisplayText{text + "µs", text.size() + 2}
                                     : DisplayText::ascii(text + "us");
  }
  return DisplayText::ascii(sign + three_digits(number) + (steps == 1 ? " ms" : " s"));
}

std::string clock_time(std::chrono::seconds duration) {
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  const std::int64_t all = std::max<std::int64_t>(duration.count(), 0);
  const std::string days = all >= kDay ? formatted("{}d ", all / kDay) : "";
  return formatted("{}{:02}:{:02}:{:02}", days, all % kDay / kHour, all % kHour / kMinute,
                   all % kMinute);
}

}  // namespace omzmq::tap
