// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/parameters.hpp"
#include "support/files.hpp"

namespace omzmq {
namespace {

using Rows = std::map<std::string, std::pair<std::string, std::string>>;  // name: type, default

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(' ');
  return first == std::string::npos ? std::string()
                                    : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream rest(line.substr(1));
  for (std::string cell; std::getline(rest, cell, '|');) cells.push_back(trimmed(cell));
  return cells;
}

// The rows of all tables with the head "parameter | type | default | effect".
Rows documented() {
  Rows rows;
  bool in_table = false;
  for (const std::string& line : test::lines_of(test::read_file(OMZMQ_DOCS "/configuration.md"))) {
    if (!line.starts_with('|')) {
      in_table = false;
      continue;
    }
    const auto cells = cells_of(line);
    if (cells.size() >= 3 && cells[0] == "parameter") {
      in_table = cells[1] == "type" && cells[2] == "default";
    } else if (in_table && !line.starts_with("|-")) {
      EXPECT_EQ(cells.size(), 4U) << line;
      const std::string& name = cells[0];
      EXPECT_TRUE(name.size() > 2 && name.front() == '`' && name.back() == '`') << line;
      const bool is_new =
          rows.emplace(name.substr(1, name.size() - 2), std::pair(cells[1], cells[2])).second;
      EXPECT_TRUE(is_new) << "twice: " << line;
    }
  }
  return rows;
}

template <typename Table>
void add_rows(const Table& table, Rows& rows) {
  for (const auto& row : table) {
    rows[std::string(row.name)] = {std::string(row.type), std::string(row.default_value)};
  }
}

TEST(Documents, HaveExactlyTheRowsOfTheParameterTables) {
  Rows coded;
  add_rows(module_parameters(), coded);
  add_rows(action_parameters(), coded);
  // rsyslog's own.
  coded.erase("name");
  coded.erase("action.resumeRetryCount");
  coded.erase("queue.type");
  const Rows rows = documented();
  for (const auto& [name, row] : coded) {
    const auto found = rows.find(name);
    if (found == rows.end()) {
      ADD_FAILURE() << "docs/configuration.md has no row `" << name << '`';
      continue;
    }
    EXPECT_EQ(found->second.first, row.first) << "type of " << name;
    EXPECT_EQ(found->second.second, row.second) << "default of " << name;
  }
  for (const auto& [name, row] : rows)
    EXPECT_TRUE(coded.contains(name)) << "docs/configuration.md has a row too many: " << name;
}

TEST(Documents, NameEveryOptionThatSocketOptionsTakes) {
  const std::string text = test::read_file(OMZMQ_DOCS "/configuration.md");
  for (const SocketOption& option : extra_socket_options()) {
    EXPECT_NE(text.find('`' + std::string(option.name) + '`'), std::string::npos) << option.name;
  }
}

}  // namespace
}  // namespace omzmq
