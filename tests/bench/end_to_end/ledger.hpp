// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <vector>

namespace omzmq::bench {

/// Which of the numbers 0 … expected-1 have arrived, in whatever order.
///
/// Threads: one.
class Ledger {
 public:
  explicit Ledger(std::uint64_t expected) : seen_(expected, false) {}

  /// A number that was not expected counts as foreign.
  void note(std::uint64_t number);

  [[nodiscard]] bool complete() const noexcept { return distinct_ == seen_.size(); }
  [[nodiscard]] std::uint64_t distinct() const noexcept { return distinct_; }
  [[nodiscard]] std::uint64_t lost() const noexcept { return seen_.size() - distinct_; }
  [[nodiscard]] std::uint64_t duplicates() const noexcept { return duplicates_; }
  [[nodiscard]] std::uint64_t foreign() const noexcept { return foreign_; }

 private:
  std::vector<bool> seen_;
  std::uint64_t distinct_ = 0;
  std::uint64_t duplicates_ = 0;
  std::uint64_t foreign_ = 0;
};

}  // namespace omzmq::bench
