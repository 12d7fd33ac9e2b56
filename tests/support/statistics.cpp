// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "statistics.hpp"

#include <fmt/format.h>

#include <sstream>

#include "test_directory.hpp"

namespace omzmq::test {

bool Statistics::is_of(const std::string& line) const {
  return line.find(fmt::format("\"origin\": \"{}\"", origin_)) != std::string::npos &&
         line.find(fmt::format("\"name\": \"{}\"", name_)) != std::string::npos;
}

int Statistics::reports() const {
  std::istringstream in(read_file(file_));
  int found = 0;
  for (std::string line; std::getline(in, line);) found += is_of(line) ? 1 : 0;
  return found;
}

std::string Statistics::last_line() const {
  std::istringstream in(read_file(file_));
  std::string last;
  for (std::string line; std::getline(in, line);) {
    // A line that is being written has no closing brace yet.
    if (is_of(line) && line.find('}') != std::string::npos) last = line;
  }
  return last;
}

std::optional<std::int64_t> Statistics::value(const std::string& counter) const {
  const std::string line = last_line();
  const std::string key = fmt::format("\"{}\": ", counter);
  const auto at = line.find(key);
  if (at == std::string::npos) return std::nullopt;
  return std::stoll(line.substr(at + key.size()));
}

bool Statistics::wait_for(const std::string& counter, std::int64_t at_least) const {
  return wait_until([&] { return value(counter).value_or(-1) >= at_least; });
}

bool Statistics::wait_for_report() const {
  // The next one may have been gathered just before this call, so it is the second one that counts.
  const int before = reports();
  return wait_until([&] { return reports() >= before + 2; });
}

}  // namespace omzmq::test
