// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "wait.hpp"

#include <algorithm>
#include <cstdlib>
#include <thread>

namespace omzmq::test {

bool under_wrapper() {
  const char* wrapper = ::secure_getenv("OMZMQ_TEST_WRAPPER");
  return wrapper != nullptr && *wrapper != '\0';
}

std::chrono::milliseconds default_bound() {
  return std::chrono::seconds(under_wrapper() ? 150 : 30);
}

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds bound) {
  const auto deadline = std::chrono::steady_clock::now() + bound;
  auto pause = std::chrono::milliseconds(1);
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds(50));
  }
  return true;
}

}  // namespace omzmq::test
