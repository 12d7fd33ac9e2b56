// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>
#include <vector>

#include "test_directory.hpp"

namespace omzmq::test {

// The path of omzmq.so: OMZMQ_TEST_MODULE of the environment, where it is set, else the one that
// was built with the tests.
std::string tested_module();

// Builds the configuration of a private rsyslogd: omzmq.so by its absolute path, an imptcp input on
// a unix socket, impstats as JSON once a second, and one ruleset with a queue of its own. Templates
// that are there: "raw" (the bytes of the line as they came), "payload" (what follows the first '|'
// of the line; may be empty) and "number" (its first 16 characters: msgnum:00000000:). Threads:
// one.
class Configuration {
 public:
  explicit Configuration(const TestDirectory& directory, std::string name = "main");

  // Each adds to what is there and returns the object.
  Configuration& module_parameters(const std::string& text);
  Configuration& global(const std::string& text);
  Configuration& top(const std::string& text);     // before the ruleset: templates, module loads
  Configuration& action(const std::string& text);  // any statement of the ruleset
  // action(type="omzmq" …); adds template="raw" if the parameters name no template.
  Configuration& omzmq(const std::string& parameters);
  Configuration& workers(int count);
  Configuration& queue_size(int messages);
  Configuration& without_omzmq();

  std::string text() const;
  const std::string& name() const { return name_; }
  std::string input() const;       // path of the unix socket that imptcp listens on
  std::string statistics() const;  // path of the file that impstats writes

 private:
  const TestDirectory& directory_;
  std::string name_;
  std::string module_parameters_;
  std::string global_;
  std::string top_;
  std::string actions_;
  int workers_ = 1;
  int queue_size_ = 200000;
  bool loads_omzmq_ = true;
};

// action(type="omfile" …) that writes one template into one file, each message as it comes.
std::string omfile(const std::string& file, const std::string& template_name);

}  // namespace omzmq::test
