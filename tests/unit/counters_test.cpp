// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>
#include <omzmq/omzmq.h>

#include <set>
#include <string>

#include "support/files.hpp"

namespace omzmq {
namespace {

TEST(Counters, HaveNamesThatDiffer) {
  std::set<std::string> names;
  bool is_gauge = false;
  std::size_t count = 0;
  while (const char* name = ::omzmq_counter_name(count, &is_gauge)) {
    names.insert(name);
    ++count;
  }
  EXPECT_EQ(names.size(), count);
  EXPECT_EQ(count, 24U);
}

TEST(Counters, AreGaugesWhereTheyGoUpAndDown) {
  bool is_gauge = false;
  for (std::size_t i = 0; const char* name = ::omzmq_counter_name(i, &is_gauge); ++i) {
    const std::string text = name;
    EXPECT_EQ(is_gauge,
              text == "peers" || text.starts_with("lane.") || text.starts_with("latency."))
        << name;
  }
}

TEST(Documents, NameEachCounter) {
  const std::string text = test::read_file(OMZMQ_DOCS "/statistics.md");
  bool is_gauge = false;
  for (std::size_t i = 0; const char* name = ::omzmq_counter_name(i, &is_gauge); ++i) {
    EXPECT_NE(text.find('`' + std::string(name) + '`'), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace omzmq
