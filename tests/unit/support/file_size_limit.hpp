// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <system_error>

namespace omzmq::test {

/// As if the disk were full for every file of this process that is larger, while the object is
/// there: writing gives EFBIG. Needs no root.
///
/// Threads: all are limited.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(std::size_t bytes) : signal_before_(std::signal(SIGXFSZ, SIG_IGN)) {
    if (::getrlimit(RLIMIT_FSIZE, &before_) != 0) throw_errno();
    const rlimit tight{static_cast<rlim_t>(bytes), before_.rlim_max};
    if (::setrlimit(RLIMIT_FSIZE, &tight) != 0) throw_errno();
  }
  ~FileSizeLimit() {
    static_cast<void>(::setrlimit(RLIMIT_FSIZE, &before_));
    static_cast<void>(std::signal(SIGXFSZ, signal_before_));
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  [[noreturn]] static void throw_errno() {
    throw std::system_error(errno, std::generic_category());
  }

  void (*signal_before_)(int);
  rlimit before_{};
};

}  // namespace omzmq::test
