// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <csignal>

namespace omzmq::bench {

/// Not 0 once SIGTERM or SIGINT came.
inline volatile std::sig_atomic_t& stop_signal() noexcept {
  static volatile std::sig_atomic_t came = 0;
  return came;
}

inline void catch_stop_signal() noexcept {
  stop_signal() = 0;
  struct sigaction action {};
  action.sa_handler = [](int) { stop_signal() = 1; };
  ::sigaction(SIGTERM, &action, nullptr);
  ::sigaction(SIGINT, &action, nullptr);
}

}  // namespace omzmq::bench
