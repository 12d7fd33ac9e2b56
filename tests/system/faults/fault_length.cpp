// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "fault_length.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <iostream>
#include <string_view>

namespace omzmq::test {
namespace {

constexpr int kShortened = 6;

}  // namespace

bool is_full_length() {
  const char* text = ::secure_getenv("OMZMQ_TEST_FULL_FAULTS");
  return text != nullptr && std::string_view(text) == "1";
}

std::chrono::milliseconds fault_length(std::chrono::seconds full) {
  const std::chrono::milliseconds all = full;
  const std::chrono::milliseconds length = is_full_length() ? all : all / kShortened;
  std::cout << fmt::format(
      "the fault lasts {} ms{}\n", length.count(),
      is_full_length() ? "" : fmt::format(" of {} (OMZMQ_TEST_FULL_FAULTS is not 1)", all.count()));
  return length;
}

}  // namespace omzmq::test
