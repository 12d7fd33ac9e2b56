// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace omzmq::bench {

struct StallSettings {
  /// Parameters of the action, beside sockType and endpoints.
  std::vector<std::pair<std::string, std::string>> parameters;
  std::uint64_t commits = 4000;
  std::size_t messages = 256;  ///< of each commit
  std::size_t message_bytes = 256;
  std::uint64_t pause_us = 250;  ///< from the start of a commit to that of the next, at least
};

/// How long commits take while the receiver stands still: the calls that src/plugin/module.c makes
/// for rsyslog's commitTransaction, into a real PUSH socket whose peer, a process of its own, gets
/// SIGSTOP once the first message has arrived. Without rsyslogd, which would go on with one message
/// a commit where a transaction is refused.
///
/// Forks: to be called before there are threads.
///
/// \return one line of JSON: "commits", "refused", "dropped" (messages), "waited_us",
/// "grown_mib" (resident memory of this process while the receiver stood still), and how long the
/// commits took
/// \throws std::system_error, std::runtime_error
[[nodiscard]] std::string measure_stall(const StallSettings& settings);

}  // namespace omzmq::bench
