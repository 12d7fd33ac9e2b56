// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <gtest/gtest.h>

#include <vector>

namespace omzmq::test {

// What came of the numbers first … first + count - 1.
struct Counts {
  unsigned expected = 0;
  unsigned received = 0;  // all that came, each as often as it came
  unsigned missing = 0;   // never came
  unsigned repeated =
      0;  // came again: received - repeated - strange is the number of different ones
  unsigned strange = 0;        // were never sent
  unsigned first_missing = 0;  // where missing > 0
  unsigned last_missing = 0;
};

Counts count_numbers(const std::vector<unsigned>& numbers, unsigned count, unsigned first = 0);

// Numbers of both.
std::vector<unsigned> united(std::vector<unsigned> one, const std::vector<unsigned>& other);

// Each number came, at least once; the result prints the counts.
testing::AssertionResult is_everything(const std::vector<unsigned>& numbers, unsigned count,
                                       unsigned first = 0);
// Each number came exactly once.
testing::AssertionResult is_everything_once(const std::vector<unsigned>& numbers, unsigned count,
                                            unsigned first = 0);
// How many different numbers of the other list did not come.
unsigned how_many_lack(const std::vector<unsigned>& numbers, const std::vector<unsigned>& others);

std::ostream& operator<<(std::ostream& out, const Counts& counts);

}  // namespace omzmq::test
