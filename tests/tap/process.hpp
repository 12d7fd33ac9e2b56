// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace omzmq::tap {

/// A program that a test runs, its standard output and standard error in pipes. Its end, also by
/// an exception, kills the program if it still runs.
///
/// Threads: one.
class Process {
 public:
  /// Throws std::system_error.
  explicit Process(const std::vector<std::string>& command);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Reads standard output until it holds `lines` LFs, the program closes it, or a minute is over.
  /// Returns all that was read since the start.
  const std::string& read_lines(std::size_t lines);

  /// The same for standard error.
  const std::string& read_error_lines(std::size_t lines);

  /// Closes the reading end of its standard output.
  void close_output();

  void signal(int number) const;

  /// Reads both outputs to their end and waits for the program: its exit code, or -1 if a signal
  /// ended it or a minute was over.
  int wait();

  [[nodiscard]] const std::string& output() const noexcept { return output_; }
  [[nodiscard]] const std::string& errors() const noexcept { return errors_; }

 private:
  pid_t pid_ = -1;
  int output_fd_ = -1;
  int errors_fd_ = -1;
  std::string output_;
  std::string errors_;
};

}  // namespace omzmq::tap
