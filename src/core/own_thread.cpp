// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/own_thread.hpp"

#include <pthread.h>

#include <array>
#include <cstddef>
#include <string_view>

namespace omzmq {

SignalsBlocked::SignalsBlocked() noexcept {
  sigset_t all;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before_);
}

SignalsBlocked::~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void name_this_thread(const std::string& name) noexcept {
  constexpr std::string_view kPrefix = "omzmq:";
  std::array<char, 16> shown{};  // the kernel's, with its NUL
  kPrefix.copy(shown.data(), kPrefix.size());
  name.copy(shown.data() + kPrefix.size(), shown.size() - 1 - kPrefix.size());
  ::pthread_setname_np(::pthread_self(), shown.data());
}

}  // namespace omzmq
