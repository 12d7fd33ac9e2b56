// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "wait.hpp"

namespace omzmq::test {

// The counters of one action, as impstats writes them once a second, or of another object that has
// counters. Threads: one.
class Statistics {
 public:
  // file: Configuration::statistics(); name: the action's statsName.
  Statistics(std::string file, std::string name, std::string origin = "omzmq")
      : file_(std::move(file)), name_(std::move(name)), origin_(std::move(origin)) {}

  // The newest value; nothing when the action or the counter was not reported yet.
  std::optional<std::int64_t> value(const std::string& counter) const;
  bool wait_for(const std::string& counter, std::int64_t at_least) const;
  // Waits for a report that is newer than this call, so that value() tells what is true now.
  bool wait_for_report() const;

 private:
  bool is_of(const std::string& line) const;
  int reports() const;
  std::string last_line() const;

  std::string file_;
  std::string name_;
  std::string origin_;
};

}  // namespace omzmq::test
