// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/resource.h>

#include <cerrno>
#include <system_error>

namespace omzmq::test {

/// This process may have so many file descriptors, as long as this lives.
///
/// Threads: one.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t count) {
    if (::getrlimit(RLIMIT_NOFILE, &before_) != 0) throw_errno();
    const rlimit tight{count, before_.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &tight) != 0) throw_errno();
  }
  ~DescriptorLimit() { static_cast<void>(::setrlimit(RLIMIT_NOFILE, &before_)); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  [[noreturn]] static void throw_errno() {
    throw std::system_error(errno, std::generic_category(), "RLIMIT_NOFILE");
  }

  rlimit before_{};
};

}  // namespace omzmq::test
