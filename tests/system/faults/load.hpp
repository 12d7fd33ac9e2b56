// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "wait.hpp"

namespace omzmq::test {

// Injects numbered lines (see numbered_line) into imptcp at a pace, in a thread of its own, until
// it is stopped or the daemon goes. Where the daemon or the machine is too slow
// for the pace, it injects what they take.
// Threads: the object belongs to one; it has another one for itself.
class Load {
 public:
  struct Options {
    unsigned per_second = 10000;
    unsigned first = 0;
    unsigned count = 99000000;  // numbers have eight digits
    std::size_t size = 0;
  };

  // Connects; throws std::system_error when nobody listens.
  Load(const std::string& socket_path, Options options);
  ~Load();
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  // Ends the injection; how many whole lines the kernel has taken: the numbers first …
  // first + that - 1. A daemon that is gone may not have read the last of them, some 200 KiB.
  unsigned stop();
  unsigned injected() const { return injected_.load(); }
  // The number that the next line would have.
  unsigned next() const { return options_.first + injected(); }
  // Goes on until so many are injected in all; a smaller count than before changes nothing. After
  // the last one it waits for more, until it is stopped.
  void raise_count(unsigned count);
  // True when so many are injected in all, or all of them, within the bound.
  bool wait_for(unsigned count, std::chrono::milliseconds bound = default_bound()) const;
  bool wait_for_all(std::chrono::milliseconds bound = default_bound()) const;

 private:
  void run();
  bool write_lines(unsigned count);

  Options options_;
  int fd_;
  std::atomic<unsigned> count_;
  std::atomic<unsigned> injected_{0};
  std::atomic<bool> stops_{false};
  std::thread thread_;
};

}  // namespace omzmq::test
