// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>
#include <vector>

#include "system_test.hpp"

namespace omzmq::test {

// The command for Rsyslogd::run_behind() that puts these limits on it; see confine.cpp.
inline std::vector<std::string> confined(std::vector<std::string> options) {
  options.insert(options.begin(), OMZMQ_TEST_CONFINE);
  return options;
}

}  // namespace omzmq::test
