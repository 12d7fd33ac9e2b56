// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/checks.hpp"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <system_error>

#include "common/format.hpp"
#include "core/bind_address.hpp"
#include "core/config_error.hpp"
#include "core/text.hpp"
#include "core/values.hpp"

namespace omzmq {
namespace {

using Transport = Endpoint::Transport;

bool binds_a_path(const Settings& s) {
  return std::any_of(s.endpoints.begin(), s.endpoints.end(), [&](const Endpoint& endpoint) {
    return s.binds(endpoint) && endpoint.transport == Transport::kIpc &&
           endpoint.path().starts_with('/');
  });
}

void check_tcp_effects(const Settings& s) {
  const bool has_tcp =
      s.has_endpoint(true, Transport::kTcp) || s.has_endpoint(false, Transport::kTcp);
  for (const auto* name : {"keepAlive.time", "keepAlive.interval", "keepAlive.probes"}) {
    if (!s.keep_alive) {
      refuse_given(s, name,
                   "has no effect with keepAlive=\"off\"; set that to \"on\", or leave "
                   "this out");
    }
    if (!has_tcp) refuse_given(s, name, "has no effect without a tcp endpoint; leave it out");
  }
  for (const auto* name : {"keepAlive", "ipv6"}) {
    if (!has_tcp)
      refuse_given(s, name, "has no effect without a tcp endpoint; leave it out", "off");
  }
}

void check_waiting(const Settings& s) {
  if (s.wait_for_peers == 0 || s.has_endpoint(true)) return;
  if (static_cast<std::size_t>(s.wait_for_peers) <= s.endpoints.size()) return;
  throw ConfigError("waitForPeers",
                    formatted("'{}' can never be reached: nothing is bound, so there is one "
                              "subscriber at most for each endpoint, of which there are {}; "
                              "write {} or less",
                              s.wait_for_peers, s.endpoints.size(), s.endpoints.size()));
}

/// Under omczmq's names what has no effect is passed over before: see pass_over().
void check_heartbeats(const Settings& s) {
  if (s.heartbeat_interval.count() == 0) {
    for (const auto& [name, harmless] :
         {std::pair{"heartbeat.timeout", ""}, {"heartbeat.ttl", "0"}}) {
      refuse_given(s, name,
                   "has no effect without heartbeat.interval, or with 0 there; set that, or leave "
                   "this out",
                   harmless);
    }
  }
  if (!s.heartbeat_ttl || s.heartbeat_ttl->count() == 0) return;
  const auto ttl = s.heartbeat_ttl->count();
  if (*s.heartbeat_ttl < Settings::kTtlUnit) {
    const auto unit = Settings::kTtlUnit.count();
    throw ConfigError("heartbeat.ttl",
                      formatted("'{}' is less than {} ms, in which the peer is told of it; write 0 "
                                "for none, or {} and more",
                                ttl, unit, unit));
  }
  if (*s.heartbeat_ttl < s.heartbeat_interval) {
    throw ConfigError(
        "heartbeat.ttl",
        formatted("'{}' is less than {}, which is {} ms: the peer would end the "
                  "connection between two heartbeats; write two intervals or more",
                  ttl, s.was_given("heartbeativl") ? "heartbeatIvl" : "heartbeat.interval",
                  s.heartbeat_interval.count()));
  }
}

void check_topics_are_distinct(const Settings& s) {
  std::set<std::string_view> seen;
  for (const std::string& topic : s.topics) {
    if (seen.insert(topic).second) continue;
    throw ConfigError("topics",
                      formatted("'{}' is there twice, and each message would go out twice "
                                "with it; leave one out",
                                topic));
  }
}

Bound bound(const Settings& s, const Endpoint& endpoint) {
  for (const auto& [name, value] : s.socket_options) {
    if (name == "bindtodevice") return {endpoint, s.ipv6, value};
  }
  return {endpoint, s.ipv6};
}

void check_bound_once(const Settings& s) {
  for (std::size_t i = 0; i < s.endpoints.size(); ++i) {
    const Endpoint& one = s.endpoints[i];
    if (!s.binds(one)) continue;
    for (std::size_t k = 0; k < s.endpoints.size(); ++k) {
      const Endpoint& other = s.endpoints[k];
      if (!s.binds(other) && other.address == one.address) {
        throw ConfigError("endpoints", formatted("'{}' is bound and connected to: the action would "
                                                 "talk to itself; leave one out",
                                                 one.address));
      }
      if (k > i && s.binds(other) && overlap(bound(s, one), bound(s, other))) {
        throw ConfigError("endpoints", formatted("'{}' and '{}' cannot both be bound: one takes in "
                                                 "the other; leave one out",
                                                 one.address, other.address));
      }
    }
  }
}

void check_same_file(const char* parameter, const std::string& file, const char* other_parameter,
                     const std::string& other_file, std::string_view name) {
  if (file.empty() || other_file.empty()) return;
  if (normal_path(file) != normal_path(other_file)) return;
  throw ConfigError(parameter, formatted("'{}' is the {} of the action '{}' too; give each its own",
                                         file, other_parameter, name));
}

/// A ROUTER takes the first of two peers with one routing id, and never talks to the second.
void check_identity_is_own(const Settings& s, std::string_view name, const Settings& other) {
  if (s.identity.empty() || s.identity != other.identity) return;
  for (const Endpoint& endpoint : s.endpoints) {
    if (s.binds(endpoint)) continue;
    for (const Endpoint& others : other.endpoints) {
      if (other.binds(others) || others.address != endpoint.address) continue;
      throw ConfigError("identity",
                        formatted("'{}' is that of the action '{}' too, and both connect to '{}', "
                                  "which would take the first of them only; give each its own",
                                  s.identity, name, endpoint.address));
    }
  }
}

/// What is wrong with the path of a file that is made when it is needed, or nothing.
std::optional<std::string> complaint(const char* parameter, const std::string& file) {
  if (file.empty()) return std::nullopt;
  const std::filesystem::path path(file);
  std::error_code error;
  const auto at_path = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(at_path)) {
    return ConfigError(parameter, formatted("'{}' is a directory; write the path of a file", file))
        .what();
  }
  const auto directory = path.parent_path();
  const auto status = std::filesystem::status(directory, error);
  if (std::filesystem::is_directory(status)) return std::nullopt;
  // What cannot be looked at may be there: who checks may be another user than the daemon.
  if (status.type() == std::filesystem::file_type::none) return std::nullopt;
  return ConfigError(parameter,
                     formatted("'{}': there is no directory '{}'; make it, and let rsyslogd's user "
                               "write in it",
                               file, directory.string()))
      .what();
}

}  // namespace

void refuse_given(const Settings& settings, std::string_view name, std::string_view why,
                  std::string_view harmless) {
  const std::string* const value = settings.given_value(to_lower(name));
  if (value == nullptr || same_word(*value, harmless)) return;
  throw ConfigError(std::string(name), formatted("'{}' {}", *value, why));
}

void check_effects(const Settings& s) {
  check_tcp_effects(s);
  check_waiting(s);
  check_heartbeats(s);
  check_topics_are_distinct(s);
  if (s.sock_type == SocketType::kPub) {
    refuse_given(s, "immediate",
                 "has no effect with sockType=\"PUB\", which sends to those that are there; leave "
                 "it out",
                 "on");
  } else if (!s.has_endpoint(false)) {
    refuse_given(s, "immediate", "has no effect where nothing is connected to; leave it out", "on");
  }
  if (!s.has_endpoint(false)) {
    for (const auto* name : {"reconnect.interval", "reconnect.maxInterval"})
      refuse_given(s, name, "has no effect where nothing is connected to; leave it out");
  }
  if (!binds_a_path(s)) {
    refuse_given(s, "ipcMode", "has no effect without an ipc:///path that is bound; leave it out");
  } else if ((s.ipc_mode & 0222U) == 0) {
    throw ConfigError("ipcMode", formatted("'{:04o}' lets nobody connect: a client needs the right "
                                           "to write; write 0600, 0660 or 0666",
                                           s.ipc_mode));
  }
  if (s.confirm != Confirm::kHandoff) {
    refuse_given(s, "batch.linger",
                 "has no effect with confirm=\"sent\" or \"acked\": nothing joins a frame while "
                 "its worker waits; leave it out",
                 "0");
  }
}

void check_addresses(const Settings& s) {
  check_bound_once(s);
  if (s.ipv6) return;
  for (const Endpoint& endpoint : s.endpoints) {
    if (endpoint.transport != Transport::kTcp || !endpoint.host_and_port().starts_with('['))
      continue;
    throw ConfigError("ipv6",
                      formatted("'off' does not go with the endpoint '{}'; leave it out, or "
                                "write an IPv4 address",
                                endpoint.address));
  }
}

void check_against(const Settings& s, std::string_view name, const Settings& other) {
  check_same_file("spoolFile", s.spool_file, "spoolFile", other.spool_file, name);
  check_same_file("spoolFile", s.spool_file, "deadLetterFile", other.dead_letter_file, name);
  check_same_file("deadLetterFile", s.dead_letter_file, "spoolFile", other.spool_file, name);
  check_identity_is_own(s, name, other);
  for (const Endpoint& endpoint : s.endpoints) {
    if (!s.binds(endpoint)) continue;
    for (const Endpoint& others : other.endpoints) {
      if (!other.binds(others) || !overlap(bound(s, endpoint), bound(other, others))) continue;
      throw ConfigError("endpoints",
                        formatted("'{}' cannot be bound: the action '{}' binds '{}'; give each its "
                                  "own",
                                  endpoint.address, name, others.address));
    }
  }
}

std::vector<std::string> file_complaints(const Settings& settings) {
  std::vector<std::string> complaints;
  for (const auto& found : {complaint("spoolFile", settings.spool_file),
                            complaint("deadLetterFile", settings.dead_letter_file)}) {
    if (found) complaints.push_back(*found);
  }
  return complaints;
}

std::vector<std::string> address_warnings(const Settings& settings) {
  std::vector<std::string> warnings;
  for (const Endpoint& endpoint : settings.endpoints) {
    const bool is_abstract =
        endpoint.transport == Transport::kIpc && endpoint.path().starts_with('@');
    if (!is_abstract || !settings.binds(endpoint)) continue;
    warnings.push_back(
        formatted("endpoints: every process of this machine may connect to '{}', and can end "
                  "rsyslogd by using up its file descriptors there; bind a path instead, like "
                  "'ipc:///run/rsyslog/omzmq.sock'",
                  endpoint.address));
  }
  return warnings;
}

}  // namespace omzmq
