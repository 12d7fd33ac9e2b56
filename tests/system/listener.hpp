// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>

namespace omzmq::test {

// A listening TCP socket of the test on 127.0.0.1. Failures throw std::system_error.
// Threads: one.
class Listener {
 public:
  explicit Listener(int backlog = 128);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int port() const { return port_; }
  // Takes one connection and closes it at once; false when none came within the bound.
  bool accept_and_close(std::chrono::milliseconds bound) const;

 private:
  int fd_;
  int port_ = 0;
};

}  // namespace omzmq::test
