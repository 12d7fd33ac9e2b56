// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "counts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace omzmq::test {

Counts count_numbers(const std::vector<unsigned>& numbers, unsigned count, unsigned first) {
  Counts counts;
  counts.expected = count;
  counts.received = static_cast<unsigned>(numbers.size());
  std::vector<bool> seen(count);
  for (const unsigned number : numbers) {
    if (number < first || number - first >= count) {
      ++counts.strange;
    } else if (seen[number - first]) {
      ++counts.repeated;
    } else {
      seen[number - first] = true;
    }
  }
  for (unsigned i = 0; i < count; ++i) {
    if (seen[i]) continue;
    if (counts.missing == 0) counts.first_missing = first + i;
    counts.last_missing = first + i;
    ++counts.missing;
  }
  return counts;
}

std::ostream& operator<<(std::ostream& out, const Counts& counts) {
  out << fmt::format("{} of {} numbers missing", counts.missing, counts.expected);
  if (counts.missing > 0) {
    out << fmt::format(" (between {} and {})", counts.first_missing, counts.last_missing);
  }
  return out << fmt::format(", {} came again, {} were never sent", counts.repeated, counts.strange);
}

std::vector<unsigned> united(std::vector<unsigned> one, const std::vector<unsigned>& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

testing::AssertionResult is_everything(const std::vector<unsigned>& numbers, unsigned count,
                                       unsigned first) {
  const Counts counts = count_numbers(numbers, count, first);
  const bool good = counts.missing == 0 && counts.strange == 0;
  return (good ? testing::AssertionSuccess() : testing::AssertionFailure()) << counts;
}

testing::AssertionResult is_everything_once(const std::vector<unsigned>& numbers, unsigned count,
                                            unsigned first) {
  const Counts counts = count_numbers(numbers, count, first);
  const bool good = counts.missing == 0 && counts.strange == 0 && counts.repeated == 0;
  return (good ? testing::AssertionSuccess() : testing::AssertionFailure()) << counts;
}

unsigned how_many_lack(const std::vector<unsigned>& numbers, const std::vector<unsigned>& others) {
  std::vector<unsigned> have = numbers;
  std::vector<unsigned> want = others;
  std::sort(have.begin(), have.end());
  std::sort(want.begin(), want.end());
  want.erase(std::unique(want.begin(), want.end()), want.end());
  std::vector<unsigned> lack;
  std::set_difference(want.begin(), want.end(), have.begin(), have.end(), std::back_inserter(lack));
  return static_cast<unsigned>(lack.size());
}

}  // namespace omzmq::test
