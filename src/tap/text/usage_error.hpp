// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <stdexcept>

namespace omzmq::tap {

/// The command line cannot be obeyed; what() names the option, the value and what would be right.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace omzmq::tap
