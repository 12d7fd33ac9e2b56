// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "wait.hpp"

namespace omzmq::test {

// The counters of one action, as impstats writes them once a second. Threads: one.
class Statistics {
 public:
  // file: Configuration::statistics(); name: the action's statsName.
  Statistics(std::string file, std::string name) : file_(std::move(file)), name_(std::move(name)) {}

  // The newest value; nothing when the action or the counter was not reported yet.
  std::optional<std::int64_t> value(const std::string& counter) const;
  bool wait_for(const std::string& counter, std::int64_t at_least) const;
  // Waits for a report that is newer than this call, so that value() tells what is true now.
  bool wait_for_report() const;

 private:
  std::string last_line() const;

  std::string file_;
  std::string name_;
};

}  // namespace omzmq::test
