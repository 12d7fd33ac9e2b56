// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>

namespace omzmq::test {

// Whether OMZMQ_TEST_FULL_FAULTS=1 is in the environment, and how long a fault lasts that the
// requirements give a length: that length with OMZMQ_TEST_FULL_FAULTS=1 in the environment, else a
// sixth of it. Says which on standard output.
bool is_full_length();
std::chrono::milliseconds fault_length(std::chrono::seconds full);

}  // namespace omzmq::test
