// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <functional>

namespace omzmq::test {

// True when the environment variable OMZMQ_TEST_WRAPPER puts a command (valgrind) before rsyslogd:
// everything then takes many times as long.
bool under_wrapper();

// How long a test waits for something that ought to happen soon: 30 s, 150 s under a wrapper.
std::chrono::milliseconds default_bound();

// Polls the condition until it holds. False when it did not within the bound.
bool wait_until(const std::function<bool()>& condition,
                std::chrono::milliseconds bound = default_bound());

}  // namespace omzmq::test
