// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "numbered_file.hpp"
#include "process.hpp"
#include "test_directory.hpp"

namespace omzmq::test {

// What zmqtap says in a summary.
struct TapSummary {
  unsigned missing = 0;     // messages
  unsigned duplicates = 0;  // messages that came again
  unsigned restarts = 0;
};

// zmqtap in a process, which writes the payload of each record as a line into a file. With
// "--router" it acknowledges a batch when it is written, and drops a batch that comes again within
// one start; over a start it knows nothing of what came before. Threads: one.
class TappedReceiver {
 public:
  struct Options {
    std::string source = "--pull";  // or "--router", "--sub"
    std::string endpoint;
    bool bind = true;
    std::vector<std::string> arguments = {};  // further ones
    std::vector<std::string> before = {};     // a command in front of it that becomes it by exec
  };

  TappedReceiver(const TestDirectory& directory, const std::string& name, Options options);

  // Begins a new file; the earlier ones are kept. Returns at once: peers come when they come.
  void start();
  void kill() { process_.kill(); }
  void pause() { process_.pause(); }
  void resume() const { process_.resume(); }
  // SIGTERM; its exit code, or -1 when it was killed by a signal or did not end.
  int stop();
  bool running() { return process_.running(); }
  pid_t pid() const { return process_.pid(); }

  // The numbers of all lines so far, over all starts, in the order in which they were written.
  const std::vector<unsigned>& numbers() { return written_.numbers(); }
  // How many different ones.
  unsigned different() { return written_.different(); }
  // All that it wrote, over all starts.
  std::string text() const;
  // True when each of first … first + count - 1 was written within the bound.
  bool wait_for_all(unsigned count, std::chrono::milliseconds bound = default_bound(),
                    unsigned first = 0);
  // True when so many different numbers were written within the bound.
  bool wait_for(unsigned different, std::chrono::milliseconds bound = default_bound());
  // Asks for a summary of this start; nothing when none came.
  std::optional<TapSummary> summary() const;
  // What it said on standard error, over all starts.
  std::string errors() const { return read_file(errors_file()); }

 private:
  std::string file_of(int start) const { return base_ + "." + std::to_string(start); }
  std::string errors_file() const { return base_ + ".err"; }

  std::string base_;
  Options options_;
  int starts_ = 0;
  NumberedFile written_;
  Process process_;
};

// True when the receivers together have each of first … first + count - 1 within the bound.
bool wait_for_all(const std::vector<TappedReceiver*>& receivers, unsigned count,
                  std::chrono::milliseconds bound = default_bound(), unsigned first = 0);

}  // namespace omzmq::test
