// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>
#include <vector>

#include "process.hpp"
#include "test_directory.hpp"

namespace omzmq::test {

// Namespaces of the kernel that processes of the test run in. A process that sleeps holds them:
// they have no name and are gone with it, however the test ends. Threads: one.
class Namespace {
 public:
  enum class Kind { kNetwork, kMount };

  // Throws std::runtime_error where they can't be made (see why_no_namespaces()).
  Namespace(const TestDirectory& directory, const std::string& name, Kind kind);

  // To be put in front of a command that is to run inside. It becomes that command by exec, so that
  // the process keeps its pid.
  std::vector<std::string> command() const;
  pid_t holder() const { return holder_.pid(); }
  // Runs a command inside to its end; throws std::runtime_error when it fails. Its standard output.
  std::string run_inside(const std::vector<std::string>& argv) const;

 private:
  std::string base_;
  std::string kind_;  // as nsenter and /proc name it
  Process holder_;
};

// Empty, or why no namespaces, no virtual cables or no small file systems can be made here.
std::string why_no_namespaces(const TestDirectory& directory);

}  // namespace omzmq::test
