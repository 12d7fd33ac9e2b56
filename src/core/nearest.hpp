// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace omzmq {

/// The candidate that who wrote `word` most likely meant, or an empty view. Case, dots and other
/// punctuation do not count; "linger" means "batch.linger" and "ack" means "acked" if nothing else
/// ends or begins so. Threads: any.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       std::span<const std::string_view> candidates);

/// "; did you mean X?", or nothing.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       std::span<const std::string_view> candidates);

/// The candidates that a table holds: the `name` of each of its rows.
template <typename Table>
[[nodiscard]] std::vector<std::string_view> names_of(const Table& table) {
  std::vector<std::string_view> names;
  for (const auto& row : table) names.push_back(row.name);
  return names;
}

}  // namespace omzmq
