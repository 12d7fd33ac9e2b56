// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/screen/signal_fd.hpp"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace omzmq::tap {
namespace {

bool is_ignored(int signal_number) noexcept {
  struct sigaction action {};
  return sigaction(signal_number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

int open_signal_fd(const std::vector<int>& numbers) {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal_number : numbers) {
    if (!is_ignored(signal_number)) {
      sigaddset(&signals, signal_number);
    }
  }
  if (const int error = pthread_sigmask(SIG_BLOCK, &signals, nullptr); error != 0) {
    throw std::system_error(error, std::generic_category(), "pthread_sigmask");
  }
  const int fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  if (fd < 0) {
    throw std::system_error(errno, std::generic_category(), "signalfd");
  }
  return fd;
}

}  // namespace

SignalFd::SignalFd(const std::vector<int>& signals) : fd_(open_signal_fd(signals)) {}

SignalFd::~SignalFd() { close(fd_); }

std::optional<int> SignalFd::next() noexcept {
  signalfd_siginfo info{};
  return read(fd_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)
             ? std::optional(static_cast<int>(info.ssi_signo))
             : std::nullopt;
}

}  // namespace omzmq::tap
