// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/option_values.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "common/format.hpp"
#include "tap/text/usage_error.hpp"

namespace omzmq::tap {
namespace {

constexpr double kMinSeconds = 0.001;
constexpr double kMaxSeconds = 1e9;

/// A number and what stands behind it.
struct Scanned {
  std::uint64_t number = 0;
  std::string_view unit;
};

std::optional<Scanned> scan(std::string_view text) {
  Scanned scanned;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, scanned.number);
  if (error != std::errc{}) {
    return std::nullopt;
  }
  scanned.unit = std::string_view(stop, static_cast<std::size_t>(end - stop));
  return scanned;
}

/// number * factor, or nothing when it is too large for 64 bits or there is no factor.
std::optional<std::uint64_t> times(std::uint64_t number, std::uint64_t factor) {
  if (factor == 0 || number > std::numeric_limits<std::uint64_t>::max() / factor) {
    return std::nullopt;
  }
  return number * factor;
}

/// 0 for a unit that there is not.
std::uint64_t size_factor(std::string_view unit) {
  constexpr std::string_view kUnits = "kmgKMG";
  constexpr std::uint64_t kFactors[] = {1ULL << 10, 1ULL << 20,  1ULL << 30,
                                        1000ULL,    1000'000ULL, 1000'000'000ULL};
  if (unit.empty()) {
    return 1;
  }
  const std::size_t place = kUnits.find(unit);
  return unit.size() == 1 && place != std::string_view::npos ? kFactors[place] : 0;
}

std::uint64_t duration_factor(std::string_view unit) {
  constexpr std::string_view kUnits = "smhd";
  constexpr std::uint64_t kFactors[] = {1, 60, 3600, 86400};
  if (unit.empty()) {
    return 1;
  }
  const std::size_t place = kUnits.find(unit);
  return unit.size() == 1 && place != std::string_view::npos ? kFactors[place] : 0;
}

}  // namespace

std::uint64_t read_number(std::string_view option, const std::string& text, std::uint64_t least,
                          std::uint64_t most) {
  const std::optional<Scanned> scanned = scan(text);
  if (!scanned || !scanned->unit.empty() || scanned->number < least || scanned->number > most) {
    throw UsageError(
        formatted("{} '{}': must be a whole number from {} to {}", option, text, least, most));
  }
  return scanned->number;
}

std::uint64_t read_size(std::string_view option, const std::string& text, std::uint64_t least,
                        std::uint64_t most) {
  const std::optional<Scanned> scanned = scan(text);
  const auto bytes = scanned ? times(scanned->number, size_factor(scanned->unit)) : std::nullopt;
  if (!bytes || *bytes < least || *bytes > most) {
    throw UsageError(
        formatted("{} '{}': must be a size in bytes from {} to {}, such as 512k, "
                  "100m or 2g",
                  option, text, least, most));
  }
  return *bytes;
}

std::chrono::milliseconds read_seconds(std::string_view option, const std::string& text) {
  double seconds = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
  // The comparison is written so that NaN fails it.
  const bool in_range = seconds >= kMinSeconds && seconds <= kMaxSeconds;
  if (error != std::errc{} || stop != end || !in_range) {
    throw UsageError(
        formatted("{} '{}': must be seconds from {} to {:.0f}, fractions allowed, such as 2 or 0.5",
                  option, text, kMinSeconds, kMaxSeconds));
  }
  return std::chrono::milliseconds{std::llround(seconds * 1000)};
}

std::chrono::seconds read_duration(std::string_view option, const std::string& text) {
  const std::optional<Scanned> scanned = scan(text);
  const auto seconds =
      scanned ? times(scanned->number, duration_factor(scanned->unit)) : std::nullopt;
  if (!seconds || *seconds == 0 || *seconds > static_cast<std::uint64_t>(kMaxSeconds)) {
    throw UsageError(formatted(
        "{} '{}': must be a time of a second at least, such as 90, 15m, 1h or 1d", option, text));
  }
  return std::chrono::seconds{*seconds};
}

Format read_format(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, Format>, 4> kFormats{{
      {"auto", Format::kAuto},
      {"raw", Format::kRaw},
      {"lines", Format::kLines},
      {"packed", Format::kPacked},
  }};
  for (const auto& [name, format] : kFormats) {
    if (text == name) {
      return format;
    }
  }
  throw UsageError(formatted("--format '{}': must be auto, raw, lines or packed", text));
}

}  // namespace omzmq::tap
