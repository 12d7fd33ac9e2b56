// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <thread>

namespace omzmq::test {

/// Longest wait for what is certain to come: far more than the slowest machine takes.
inline constexpr std::chrono::seconds kPatience{30};

/// Looks at the condition until it holds. \return false when it never did
template <typename Condition>
[[nodiscard]] bool eventually(Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

}  // namespace omzmq::test
