// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "wait.hpp"

namespace omzmq::test {

// How a process ended.
struct Ended {
  int exit_code = -1;  // -1: killed by a signal
  int signal = 0;      // 0: ended by itself
};

// A child process whose standard output and error go into files. It never outlives the object
// (killed by its pid) nor the test (the kernel kills it when the thread that started it dies).
// Threads: one.
class Process {
 public:
  Process() = default;
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Starts argv[0], found through PATH. Throws std::system_error.
  void start(const std::vector<std::string>& argv, const std::string& stdout_file,
             const std::string& stderr_file);

  pid_t pid() const { return pid_; }  // -1: none
  bool running();
  void send_signal(int signal) const;
  // Stops it with SIGSTOP and waits until the kernel says that it stands.
  void pause();
  void resume() const;
  // SIGKILL, and waits for the end.
  void kill();

  // Nothing when it still runs after the bound.
  std::optional<Ended> wait(std::chrono::milliseconds bound = default_bound());

 private:
  bool reap(int flags);

  pid_t pid_ = -1;
  std::optional<Ended> ended_;
};

// Runs a command to its end; throws std::runtime_error when it takes longer than the bound.
struct Output {
  Ended ended;
  std::string out;
  std::string err;
};
Output run(const std::vector<std::string>& argv, const std::string& file_prefix,
           std::chrono::milliseconds bound = default_bound());

}  // namespace omzmq::test
