// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "core/config_error.hpp"
#include "core/parameters.hpp"
#include "core/socket_options.hpp"
#include "core/unknown_name.hpp"
#include "support/files.hpp"
#include "support/refused_rows.hpp"

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

bool is_action_parameter(const std::string& name) {
  const auto rows = action_parameters();
  return std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.name == name; });
}

TEST(Documents, HaveExactlyTheRowsOfTheParameterTables) {
  Rows coded;
  add_rows(module_parameters(), coded);
  add_rows(action_parameters(), coded);
  // rsyslog's own.
  coded.erase("name");
  coded.erase("action.resumeRetryCount");
  coded.erase("config.enabled");
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

// ---- What is refused

// What the log would say, or nothing.
std::string refusal_of(const test::RefusedRow& row) {
  Settings settings;
  try {
    for (const auto& [name, values] : test::parameters_of(row)) {
      const auto unknown = explain_unknown(name, Place::kAction);
      if (unknown && !is_action_parameter(name)) return ConfigError(name, unknown->why).what();
      set_parameter(settings, to_lower(name), values);
    }
    settings.validate();
    check_affinity(settings, ModuleSettings());
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(Documents, QuoteWhatIsSaidOfEachMistake) {
  const auto rows = test::refused_rows(test::read_file(OMZMQ_DOCS "/configuration.md"));
  EXPECT_GT(rows.size(), 80U);
  for (const test::RefusedRow& row : rows) EXPECT_EQ(refusal_of(row), row.text) << row;
}

TEST(Documents, NameTheParameterAndItsValueInEachMistake) {
  for (const auto& row : test::refused_rows(test::read_file(OMZMQ_DOCS "/configuration.md"))) {
    const std::string named = row.text.substr(0, row.text.find(": "));
    const auto parameters = test::parameters_of(row);
    const auto found = std::find_if(parameters.begin(), parameters.end(),
                                    [&](const auto& one) { return one.first == named; });
    EXPECT_NE(found, parameters.end()) << row;
    EXPECT_TRUE(row.text.find('\'') != std::string::npos ||
                row.text.find("is there twice") != std::string::npos || !is_action_parameter(named))
        << row.text;
  }
}

TEST(Documents, SayWhatBecomesOfEachParameterOfOmczmq) {
  const std::string text = test::read_file(OMZMQ_DOCS "/migrating-from-omczmq.md");
  for (const char* name :
       {"endpoints", "socktype", "sendhwm", "heartbeatttl", "heartbeativl", "heartbeattimeout",
        "connecttimeout", "sendtimeout", "template", "topics", "topicframe", "dynatopic"}) {
    EXPECT_NE(text.find("| `" + std::string(name) + "` |"), std::string::npos) << name;
    const auto rows = action_parameters();
    EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [&](const auto& row) {
      return to_lower(row.name) == name;
    })) << name;
  }
  for (const char* name : {"authenticator", "authtype", "clientcertpath", "servercertpath"}) {
    EXPECT_NE(text.find("| `" + std::string(name)), std::string::npos) << name;
    EXPECT_TRUE(explain_unknown(name, Place::kModule)) << name;
  }
}

}  // namespace
}  // namespace omzmq
