// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cctype>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace omzmq::test {

// A row of the table of docs/configuration.md that shows what is refused.
struct RefusedRow {
  std::string parameters;  // as written in an action
  std::string text;        // what the log says

  friend std::ostream& operator<<(std::ostream& out, const RefusedRow& row) {
    return out << row.parameters;
  }
};

using NamedValues = std::vector<std::pair<std::string, std::vector<std::string>>>;

// The rows of the tables with the head "in the action | the log says".
inline std::vector<RefusedRow> refused_rows(const std::string& document) {
  std::vector<RefusedRow> rows;
  bool in_table = false;
  std::istringstream lines(document);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('|')) in_table = false;
    if (line == "| in the action | the log says |") in_table = true;
    if (!in_table || !line.starts_with("| `")) continue;
    const auto between = line.find("` | `");
    if (between == std::string::npos || !line.ends_with("` |")) throw std::runtime_error(line);
    rows.push_back(
        {line.substr(3, between - 3), line.substr(between + 5, line.size() - 3 - (between + 5))});
  }
  return rows;
}

// The row as rsyslog reads it: with an endpoint and a sockType before it, unless it has its own.
inline std::string action_text_of(const RefusedRow& row) {
  std::string text;
  if (row.parameters.find("endpoints=") == std::string::npos)
    text += "endpoints=\"tcp://127.0.0.1:5555\" ";
  if (row.parameters.find("sockType=") == std::string::npos) text += "sockType=\"PUSH\" ";
  return text + row.parameters;
}

// Its parameters: name="value" or name=["value", "value"].
inline NamedValues parameters_of(const RefusedRow& row) {
  NamedValues parameters;
  const std::string text = action_text_of(row);
  for (std::size_t at = 0; at < text.size();) {
    const auto equals = text.find('=', at);
    std::string name = text.substr(at, equals - at);
    std::vector<std::string> values;
    at = equals + 1;
    const bool is_list = text.at(at) == '[';
    const auto end = is_list ? text.find("\"]", at) + 2 : text.find('"', at + 1) + 1;
    while (at < end && (at = text.find('"', at)) < end) {
      const auto close = text.find('"', at + 1);
      values.push_back(text.substr(at + 1, close - at - 1));
      at = close + 1;
    }
    parameters.emplace_back(std::move(name), std::move(values));
    at = text.find_first_not_of(' ', end);
  }
  return parameters;
}

}  // namespace omzmq::test
