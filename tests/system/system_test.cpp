// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "system_test.hpp"

#include <algorithm>
#include <set>
#include <sstream>

namespace omzmq::test {

std::vector<std::string> only_numbered(const std::vector<std::string>& payloads) {
  std::vector<std::string> numbered;
  for (const auto& payload : payloads) {
    if (payload.starts_with("msgnum:")) numbered.push_back(payload);
  }
  return numbered;
}

std::vector<std::string> split_lines(const std::vector<std::string>& frames) {
  std::vector<std::string> lines;
  for (const auto& frame : frames) {
    std::size_t from = 0;
    for (auto lf = frame.find('\n'); lf != std::string::npos; lf = frame.find('\n', from)) {
      lines.push_back(frame.substr(from, lf - from));
      from = lf + 1;
    }
    lines.push_back(frame.substr(from));
  }
  return lines;
}

testing::AssertionResult are_numbered_in_order(const std::vector<std::string>& payloads,
                                               unsigned count, std::size_t size) {
  for (unsigned i = 0; i < count && i < payloads.size(); ++i) {
    if (payloads[i] != numbered_line(i, size)) {
      return testing::AssertionFailure() << "at place " << i << " is '" << payloads[i].substr(0, 40)
                                         << "' of " << payloads[i].size() << " bytes";
    }
  }
  if (payloads.size() == count) return testing::AssertionSuccess();
  return testing::AssertionFailure() << payloads.size() << " messages instead of " << count;
}

testing::AssertionResult are_numbered(std::vector<std::string> payloads, unsigned count,
                                      std::size_t size) {
  std::sort(payloads.begin(), payloads.end());
  return are_numbered_in_order(payloads, count, size);
}

testing::AssertionResult are_rising(const std::vector<std::string>& payloads) {
  for (std::size_t i = 1; i < payloads.size(); ++i) {
    if (payloads[i - 1] >= payloads[i]) {
      return testing::AssertionFailure()
             << payloads[i].substr(0, 40) << " comes after " << payloads[i - 1].substr(0, 40);
    }
  }
  return testing::AssertionSuccess();
}

unsigned number_of(std::string_view payload) {
  constexpr std::size_t kDigitsAt = 7;
  return static_cast<unsigned>(std::stoul(std::string(payload.substr(kDigitsAt, 8))));
}

bool wait_for_numbered(Receiver& receiver, std::size_t count, std::size_t part) {
  return receiver.wait_for(count) &&
         wait_until([&] { return only_numbered(receiver.payloads(part)).size() >= count; });
}

bool wait_subscribed(Rsyslogd& daemon, Receiver& receiver, const std::string& probe) {
  const std::size_t before = receiver.count();
  Injector injector(daemon.input());
  return wait_until([&] {
    injector.message(probe);
    return receiver.wait_for(before + 1, std::chrono::milliseconds(200));
  });
}

int open_connections(int port) {
  const std::string wanted = fmt::format(":{:04X} ", port);
  int found = 0;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::istringstream in(read_file(table));
    for (std::string line; std::getline(in, line);) {
      std::istringstream words(line);
      std::string slot;
      std::string local;
      std::string remote;
      std::string state;
      words >> slot >> local >> remote >> state;
      const bool about_port = (local + " ").find(wanted) != std::string::npos ||
                              (remote + " ").find(wanted) != std::string::npos;
      // 06: TIME_WAIT, 07: CLOSE, 0A: LISTEN
      if (about_port && state != "06" && state != "07" && state != "0A") ++found;
    }
  }
  return found;
}

std::string socket_table(const TestDirectory& directory, const std::string& options, int port) {
  const Output output = run({OMZMQ_TEST_SS, "-H", "-n", "-t", options,
                             fmt::format("( sport = :{0} or dport = :{0} )", port)},
                            directory.file("ss"));
  return output.out + output.err;
}

int port_of(const std::string& tcp_endpoint) {
  return std::stoi(tcp_endpoint.substr(tcp_endpoint.rfind(':') + 1));
}

std::string stopped(Rsyslogd& daemon) {
  const auto ended = daemon.stop();
  if (!ended) return "runs on";
  if (ended->signal != 0) return fmt::format("killed by signal {}", ended->signal);
  return fmt::format("exit {}", ended->exit_code);
}

}  // namespace omzmq::test
