// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/nearest.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

#include "common/format.hpp"
#include "core/text.hpp"

namespace omzmq {
namespace {

constexpr std::size_t kLongestWord = 64;  // what is longer is no slip of the fingers

/// Letters and digits, in lower case.
std::string core_of(std::string_view text) {
  std::string core = to_lower(text);
  std::erase_if(core, [](char c) { return !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9'); });
  return core;
}

/// How many letters are to be added, left out, changed, or swapped with their neighbour.
std::size_t distance(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, kLongestWord + 1>;
  Row before_last{};
  Row last{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    Row row{};
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last = last;
    last = row;
  }
  return last[b.size()];
}

/// Slips that a word of this length may have and still be known.
std::size_t tolerated(std::size_t length) noexcept {
  if (length <= 2) return 0;
  if (length <= 5) return 1;
  return length <= 9 ? 2 : 3;
}

/// The word is a part between dots, or the beginning.
bool is_part(const std::string& word, std::string_view candidate) {
  constexpr std::size_t kLeastBeginning = 3;
  const std::string lower = to_lower(candidate);
  return lower.ends_with('.' + word) || lower.starts_with(word + '.') ||
         (word.size() >= kLeastBeginning && lower.starts_with(word));
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string core = core_of(word);
  if (core.empty() || core.size() > kLongestWord) return {};
  const std::string lower = to_lower(word);
  std::string_view best;
  std::size_t best_distance = kLongestWord;
  std::vector<std::string_view> with_part;
  for (const std::string_view candidate : candidates) {
    if (is_part(lower, candidate)) with_part.push_back(candidate);
    const std::string other = core_of(candidate);
    const auto [shorter, longer] = std::minmax({core.size(), other.size()});
    const std::size_t most = tolerated(longer);
    if (longer > kLongestWord || longer - shorter > most) continue;
    const std::size_t slips = distance(core, other);
    if (slips > most || slips >= best_distance) continue;
    best = candidate;
    best_distance = slips;
  }
  if (best.empty() && with_part.size() == 1) return with_part.front();
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  const std::string_view meant = nearest(word, candidates);
  return meant.empty() ? std::string() : formatted("; did you mean {}?", meant);
}

}  // namespace omzmq
