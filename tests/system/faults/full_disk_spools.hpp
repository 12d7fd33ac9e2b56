// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <utility>
#include <vector>

#include "fault_test.hpp"

namespace omzmq::test {

// A kind of action that has a spool file.
struct SpoolKind {
  std::string name;
  std::string parameters;
  std::string source;  // of zmqtap
  unsigned frame;      // messages at most
};

inline const std::vector<SpoolKind> kSpoolKinds{
    {"raw", R"(sockType="PUSH" format="raw")", "--pull", 1},
    {"packed", R"(sockType="PUSH" format="packed" batch.maxMessages="20")", "--pull", 20},
    {"acked", R"(sockType="DEALER" format="packed" batch.maxMessages="20" confirm="acked")",
     "--router", 20}};

// Many actions of one kind in one daemon, each with a spool file, and one receiver for all. Action
// a sends message n as number a * kApart + n.
class SpoolTest : public SystemTest {
 protected:
  static constexpr unsigned kCount = 1000;  // messages in each spool file
  static constexpr std::size_t kSize = 100;
  static constexpr unsigned kApart = 10000;

  std::string spool(unsigned action) const {
    return directory_.file(fmt::format("spool{}", action));
  }
  Configuration with_actions(const SpoolKind& kind, unsigned actions,
                             const std::string& more = {}) const {
    std::vector<std::string> spools;
    for (unsigned action = 0; action < actions; ++action) spools.push_back(spool(action));
    return with_spools(kind, spools, more);
  }
  Configuration with_spools(const SpoolKind& kind, const std::vector<std::string>& spools,
                            const std::string& more = {}) const {
    Configuration whole = configuration();
    whole.global(R"(processInternalMessages="on")").top(omfile(log_file(), "RSYSLOG_FileFormat"));
    for (std::size_t action = 0; action < spools.size(); ++action) {
      whole.top(fmt::format(R"(template(name="t{0}" type="string" )"
                            R"(string="msgnum:{0:04}%rawmsg:12:$%"))",
                            action));
      // Without a queue of its own an action that waits for its receiver would stop the others.
      whole.omzmq(fmt::format(
          R"(endpoints="{}" {} template="t{}" statsName="a{}" spoolFile="{}" closeTimeout="0" )"
          R"(handoff.size="1m" queue.type="LinkedList" queue.size="5000" )"
          R"(queue.dequeueBatchSize="{}" action.resumeRetryCount="-1" )"
          R"(action.resumeInterval="1" {})",
          ipc_endpoint(), kind.parameters, action, action, spools[action], kCount, more));
    }
    return whole;
  }
  TappedReceiver receiver(const SpoolKind& kind, const std::string& name = "receiver") const {
    return {directory_,
            name,
            {.source = kind.source, .endpoint = ipc_endpoint(), .arguments = {"--allow-gaps"}}};
  }
  void start(const Configuration& configuration, std::vector<std::string> behind = {}) {
    std::filesystem::remove(configuration.statistics());  // of an earlier run
    daemon_ = std::make_unique<Rsyslogd>(directory_, configuration);
    daemon_->run_behind(std::move(behind));
    daemon_->start();
  }
  // Waits until each of the actions has handed over so many messages of this run.
  // Reads the statistics once for all of them: they are large.
  bool wait_submitted(unsigned actions, unsigned count) const {
    return wait_until([&] {
      const std::string text = read_file(configuration().statistics());
      for (unsigned action = 0; action < actions; ++action) {
        const auto at = text.rfind(
            fmt::format(R"("name": "a{}", "origin": "omzmq", "submitted": {},)", action, count));
        if (at == std::string::npos) return false;
      }
      return true;
    });
  }
  // What the daemon has said, in its log or on standard error.
  std::string said() const { return read_file(log_file()) + daemon_->standard_error(); }
  // The first number of the lines that match, which has to be a group of the pattern.
  std::optional<unsigned> number_said(const std::string& pattern) const {
    return number_in(said(), pattern);
  }
  static std::optional<unsigned> number_in(const std::string& text, const std::string& pattern) {
    std::smatch match;
    if (!std::regex_search(text, match, std::regex(pattern))) return std::nullopt;
    return static_cast<unsigned>(std::stoul(match[1]));
  }
  std::string log_file() const { return directory_.file("log"); }

  std::unique_ptr<Rsyslogd> daemon_;
};

}  // namespace omzmq::test
