// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "merged_collectors.hpp"

#include <sstream>
#include <string_view>
#include <unordered_map>

#include "system_test.hpp"

namespace omzmq::test {
namespace {

constexpr std::string_view kBegin = "msgnum:";
constexpr std::size_t kNumberEnd = 16;  // of "msgnum:00000042:"
constexpr int kNameWords = 3;

// What follows the payload: the last words of the line; empty when there are fewer.
std::string name_in(const std::string& line) {
  std::size_t at = line.size();
  for (int words = 0; words < kNameWords; ++words) {
    at = at == 0 ? std::string::npos : line.rfind(' ', at - 1);
    if (at == std::string::npos) return {};
  }
  return line.substr(at + 1);
}

}  // namespace

Merged merge_collectors(const std::vector<std::string>& texts) {
  Merged merged;
  std::unordered_map<std::string, unsigned> known;
  for (const std::string& text : texts) {
    std::istringstream lines(text.substr(0, text.rfind('\n') + 1));
    for (std::string line; std::getline(lines, line);) {
      const std::string name = name_in(line);
      if (!line.starts_with(kBegin) || line.size() < kNumberEnd || name.empty()) {
        ++merged.unreadable;
        continue;
      }
      const unsigned number = number_of(line);
      const auto [entry, is_new] = known.emplace(name, number);
      if (is_new) {
        merged.numbers.push_back(number);
      } else {
        ++merged.duplicates;
        merged.contradictions += entry->second == number ? 0 : 1;
      }
    }
  }
  return merged;
}

}  // namespace omzmq::test
