// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/log_limit.hpp"

namespace omzmq {

/// Decides which refusals of strangers are worth a log line: a stranger tries again every few
/// seconds, for months. Each address is told of once in kInterval, and all together no more often
/// than a LogLimit allows; one whose turn that holds up is told of when it comes again. What is not
/// told of is counted, and comes into a later line. Bounded memory, whatever strangers do.
///
/// Threads: one; where there are several, their caller holds a lock.
class RefusalLog {
 public:
  static constexpr Clock::duration kInterval = std::chrono::hours(1);
  static constexpr std::size_t kMostAddresses = 256;

  /// Somebody at the address was refused. \return how many refusals were not told of before, if
  /// this one is to be told of
  /// \throws std::bad_alloc
  [[nodiscard]] std::optional<std::uint64_t> admit(std::string_view address, Clock::time_point now);

 private:
  void forget_addresses() noexcept;

  std::map<std::string, LogLimit, std::less<>> of_address_;
  LogLimit of_all_;
  std::uint64_t of_forgotten_ = 0;  ///< refusals at forgotten addresses that were not told of
};

}  // namespace omzmq
