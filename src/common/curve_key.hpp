// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <unordered_set>

namespace omzmq {

inline constexpr std::size_t kKeyCharacters = 40;  ///< of a CURVE key in Z85
inline constexpr std::size_t kKeyBytes = 32;       ///< of the same as ZeroMQ hands it about

/// A public CURVE key as ZeroMQ hands it about.
using CurveKey = std::array<std::uint8_t, kKeyBytes>;

/// Threads: any.
struct CurveKeyHash {
  [[nodiscard]] std::size_t operator()(const CurveKey& key) const noexcept {
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(key.data()), key.size()});
  }
};

using CurveKeys = std::unordered_set<CurveKey, CurveKeyHash>;

/// The key that the text is in Z85, ZeroMQ's own base 85; nothing when it is none.
[[nodiscard]] std::optional<CurveKey> to_curve_key(std::string_view text) noexcept;

/// Whether the text is a key in Z85.
[[nodiscard]] inline bool is_key(std::string_view text) noexcept {
  return to_curve_key(text).has_value();
}

}  // namespace omzmq
