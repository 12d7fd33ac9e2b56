// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "configuration.hpp"
#include "process.hpp"

namespace omzmq::test {

// A private rsyslogd with its own configuration, pid file and work directory. With the environment
// variable OMZMQ_TEST_WRAPPER it runs behind that command, e.g. valgrind.
// Threads: one.
class Rsyslogd {
 public:
  Rsyslogd(const TestDirectory& directory, const Configuration& configuration);
  // For a configuration that was written as a whole; input: path of a unix socket that it listens
  // on. It is in YAML when the name ends in .yaml.
  Rsyslogd(const TestDirectory& directory, const std::string& name, const std::string& text,
           std::string input);

  // Runs it behind this command, which becomes it by exec: one that enters a namespace, say. For
  // the next start().
  void run_behind(std::vector<std::string> command) { command_ = std::move(command); }
  // Returns when the input takes connections; throws std::runtime_error with the daemon's standard
  // error when it ends or does not come up within the bound.
  void start();
  // SIGTERM; how it ended, or nothing when it still runs after the bound.
  std::optional<Ended> stop(std::chrono::milliseconds bound = default_bound());
  void hup() { process_.send_signal(SIGHUP); }
  void kill() { process_.kill(); }
  Process& process() { return process_; }

  const std::string& input() const { return input_; }
  // What it wrote to standard error since the object was made.
  std::string standard_error() const { return read_file(stderr_file_); }

 private:
  std::vector<std::string> command_;
  std::string configuration_file_;
  std::string pid_file_;
  std::string input_;
  std::string stdout_file_;
  std::string stderr_file_;
  Process process_;
};

// The version of the rsyslogd that is tested: 82302 is 8.2302.
int rsyslogd_version();

// rsyslogd -N1: what a configuration check says. Runs in a directory of the test; modules: a
// directory to look for modules in, or empty for rsyslog's own.
Output check(const TestDirectory& directory, const std::string& configuration,
             const std::string& modules = {});

// A directory with links to all modules of rsyslog and to our own, so that module(load="omzmq")
// works.
std::string module_directory(const TestDirectory& directory);

}  // namespace omzmq::test
