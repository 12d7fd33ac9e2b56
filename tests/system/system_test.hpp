// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "injector.hpp"
#include "receiver.hpp"
#include "rsyslogd.hpp"
#include "statistics.hpp"

namespace omzmq::test {

// A test with a directory of its own.
class SystemTest : public testing::Test {
 protected:
  Configuration configuration(const std::string& name = "main") const {
    return Configuration(directory_, name);
  }
  std::string ipc_endpoint(const std::string& name = "socket") const {
    return "ipc://" + directory_.file(name);
  }
  // Counters of the action with statsName="name", of the daemon of configuration("main").
  Statistics statistics(const std::string& name) const {
    return {configuration().statistics(), name};
  }

  TestDirectory directory_;
};

// Payloads that begin with "msgnum:", in the order in which they came.
std::vector<std::string> only_numbered(const std::vector<std::string>& payloads);

// Splits the bodies of frames with format="lines" into messages.
std::vector<std::string> split_lines(const std::vector<std::string>& frames);

// The messages 0 … count - 1 of Injector::numbered, each once and in order.
testing::AssertionResult are_numbered_in_order(const std::vector<std::string>& payloads,
                                               unsigned count, std::size_t size = 0);
// The same, in any order.
testing::AssertionResult are_numbered(std::vector<std::string> payloads, unsigned count,
                                      std::size_t size = 0);
// Some of the messages, each at most once, numbers rising.
testing::AssertionResult are_rising(const std::vector<std::string>& payloads);

unsigned number_of(std::string_view payload);

// Waits until the receiver has so many messages that begin with "msgnum:" in this part.
bool wait_for_numbered(Receiver& receiver, std::size_t count, std::size_t part = 0);

// Sends lines "probe" until one of them arrives: then the subscription is known to the PUB socket.
bool wait_subscribed(Rsyslogd& daemon, Receiver& receiver, const std::string& probe = "probe");

// Connections of the daemon's TCP port in the kernel's table that are not yet closed on both sides.
int open_connections(int port);

// The lines of `ss` with these options that name the port.
std::string socket_table(const TestDirectory& directory, const std::string& options, int port);

int port_of(const std::string& tcp_endpoint);

// How the daemon ended after SIGTERM: "exit 0" is right.
std::string stopped(Rsyslogd& daemon);

}  // namespace omzmq::test
