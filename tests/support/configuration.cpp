// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "configuration.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "rsyslogd.hpp"

namespace omzmq::test {

std::string tested_module() {
  const char* module = ::secure_getenv("OMZMQ_TEST_MODULE");
  return module != nullptr && *module != '\0' ? module : OMZMQ_TEST_PLUGIN;
}

Configuration::Configuration(const TestDirectory& directory, std::string name)
    : directory_(directory), name_(std::move(name)) {}

Configuration& Configuration::module_parameters(const std::string& text) {
  module_parameters_ += " " + text;
  return *this;
}

Configuration& Configuration::global(const std::string& text) {
  global_ += "global(" + text + ")\n";
  return *this;
}

Configuration& Configuration::top(const std::string& text) {
  top_ += text + "\n";
  return *this;
}

Configuration& Configuration::action(const std::string& text) {
  actions_ += "  " + text + "\n";
  return *this;
}

Configuration& Configuration::omzmq(const std::string& parameters) {
  const bool has_template = parameters.find("template=") != std::string::npos;
  return action(fmt::format("action(type=\"omzmq\" {} {})", parameters,
                            has_template ? "" : "template=\"raw\""));
}

Configuration& Configuration::workers(int count) {
  workers_ = count;
  return *this;
}

Configuration& Configuration::queue_size(int messages) {
  queue_size_ = messages;
  return *this;
}

Configuration& Configuration::without_omzmq() {
  loads_omzmq_ = false;
  return *this;
}

std::string Configuration::input() const { return directory_.file(name_ + ".in"); }

std::string Configuration::statistics() const { return directory_.file(name_ + ".stats"); }

std::string Configuration::text() const {
  std::string text =
      fmt::format("global(workDirectory=\"{}\")\n{}", directory_.path().string(), global_);
  if (loads_omzmq_) {
    text += fmt::format("module(load=\"{}\"{})\n", tested_module(), module_parameters_);
  }
  text += fmt::format(
      "module(load=\"imptcp\" threads=\"1\")\n"
      "module(load=\"impstats\" interval=\"1\" format=\"json\" log.syslog=\"off\" "
      "log.file=\"{}\")\n"
      "template(name=\"raw\" type=\"string\" string=\"%rawmsg%\")\n"
      "template(name=\"payload\" type=\"string\" string=\"%rawmsg:F,124:2%\")\n"
      "template(name=\"number\" type=\"string\" string=\"%rawmsg:1:16%\")\n"
      "{}"
      "ruleset(name=\"all\" queue.type=\"FixedArray\" queue.size=\"{}\" "
      "queue.dequeueBatchSize=\"1024\" queue.workerThreads=\"{}\" "
      "queue.workerThreadMinimumMessages=\"500\") {{\n"
      "{}"
      "}}\n"
      "input(type=\"imptcp\" path=\"{}\" ruleset=\"all\" maxFrameSize=\"8388608\")\n",
      statistics(), top_, queue_size_, workers_, actions_, input());
  return text;
}

std::string omfile(const std::string& file, const std::string& template_name) {
  // From there on a line feed is added to what has none at its end, unless told not to.
  constexpr int kFirstThatAddsLf = 82510;
  return fmt::format("action(type=\"omfile\" file=\"{}\" template=\"{}\" asyncWriting=\"off\"{})",
                     file, template_name,
                     rsyslogd_version() < kFirstThatAddsLf ? "" : " addLF=\"off\"");
}

}  // namespace omzmq::test
