// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/omzmq.h>
#include <pthread.h>

#include <exception>
#include <utility>

#include "core/config_error.hpp"
#include "core/log.hpp"

namespace omzmq {

/// Holds off pthread_cancel() for its lifetime: rsyslog cancels workers that take too long to stop,
/// and a cancellation that unwinds through C++ ends the process.
class CancellationHeldOff {
 public:
  CancellationHeldOff() noexcept { ::pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before_); }
  ~CancellationHeldOff() { ::pthread_setcancelstate(before_, nullptr); }
  CancellationHeldOff(const CancellationHeldOff&) = delete;
  CancellationHeldOff& operator=(const CancellationHeldOff&) = delete;

 private:
  int before_ = PTHREAD_CANCEL_ENABLE;
};

/// Calls `body` for C: with cancellation held off, and with exceptions logged and turned into
/// `on_failure`.
template <typename Result, typename Body>
Result guarded(const Log& log, Result on_failure, Body&& body) noexcept {
  const CancellationHeldOff held_off;
  try {
    return std::forward<Body>(body)();
  } catch (const omzmq::ConfigError& error) {
    log.error(error.what());
  } catch (const std::exception& error) {
    log.failure("failed", error.what());
  } catch (...) {
    log.failure("failed", "for an unknown reason");
  }
  return on_failure;
}

}  // namespace omzmq
