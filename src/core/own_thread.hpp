// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <signal.h>

#include <string>

// What every thread of the module needs, as a guest in the daemon.

namespace omzmq {

/// The signals of the daemon are for its main thread: what is started during the lifetime of this
/// inherits a mask that blocks all of them.
///
/// Threads: one, the one that made it.
class SignalsBlocked {
 public:
  SignalsBlocked() noexcept;
  ~SignalsBlocked();
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

/// The calling thread is shown as "omzmq:NAME", as far as the kernel has room for it.
void name_this_thread(const std::string& name) noexcept;

}  // namespace omzmq
