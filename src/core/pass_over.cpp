// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/pass_over.hpp"

#include <optional>

#include "common/format.hpp"
#include "core/config_error.hpp"

namespace omzmq {
namespace {

class Lines {
 public:
  explicit Lines(const Settings& settings) : settings_(settings) {}

  void add(const char* name, const std::string& why) {
    const std::string* const value = settings_.given_value(to_lower(name));
    lines.push_back(
        ConfigError(name, formatted("'{}' has no effect: {}", value != nullptr ? *value : "", why))
            .what());
  }

  std::vector<std::string> lines;

 private:
  const Settings& settings_;
};

/// Why the time to live cannot be told to the peer, or nothing.
std::optional<std::string> why_no_ttl(const Settings& s) {
  if (s.heartbeat_interval.count() == 0) return "there is no heartbeatIvl, or 0 there";
  if (*s.heartbeat_ttl < Settings::kTtlUnit) {
    return formatted("ZeroMQ tells it in units of {} ms", Settings::kTtlUnit.count());
  }
  if (*s.heartbeat_ttl < s.heartbeat_interval) {
    return formatted(
        "it is less than {}, which is {} ms, and would end the connection between two "
        "heartbeats",
        s.was_given("heartbeativl") ? "heartbeatIvl" : "heartbeat.interval",
        s.heartbeat_interval.count());
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> pass_over(Settings& s) {
  Lines said(s);
  if (s.sock_type && s.sock_type != SocketType::kPub && !s.topics.empty()) {
    said.add("topics", "only sockType=\"PUB\" has topics");
    s.topics.clear();
    s.dyna_topic = false;
  }
  if (s.was_given("heartbeattimeout") && s.heartbeat_interval.count() == 0) {
    said.add("heartbeatTimeout", "there is no heartbeatIvl, or 0 there");
    s.heartbeat_timeout.reset();
  }
  if (s.was_given("heartbeatttl") && s.heartbeat_ttl && s.heartbeat_ttl->count() != 0) {
    if (const auto why = why_no_ttl(s)) {
      said.add("heartbeatTTL", *why);
      s.heartbeat_ttl.reset();
    }
  }
  return std::move(said.lines);
}

}  // namespace omzmq
