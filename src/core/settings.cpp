// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/settings.hpp"

#include <algorithm>
#include <set>

#include "common/curve_key.hpp"
#include "common/format.hpp"
#include "core/checks.hpp"
#include "core/compressor.hpp"
#include "core/config_error.hpp"
#include "core/socket_options.hpp"
#include "core/streams.hpp"
#include "core/text.hpp"
#include "core/transaction.hpp"

namespace omzmq {
namespace {

void check_endpoints(const Settings& s) {
  if (s.endpoints.empty()) {
    throw ConfigError("endpoints",
                      "is missing; write for instance endpoints=\"tcp://127.0.0.1:5555\"");
  }
  std::set<std::pair<bool, std::string>> seen;
  for (const Endpoint& endpoint : s.endpoints) {
    const bool binds = s.binds(endpoint);
    check_endpoint(endpoint, binds);
    if (!seen.emplace(binds, endpoint.address).second) {
      throw ConfigError("endpoints",
                        formatted("'{}' is there twice; leave one out", endpoint.address));
    }
  }
}

void check_topics(const Settings& s) {
  if (s.topics.empty()) {
    if (s.dyna_topic) {
      throw ConfigError("dynaTopic",
                        "'on' needs topics, the names of the templates that render them");
    }
    return;
  }
  if (s.topics.size() > Streams::kMost) {
    throw ConfigError("topics", formatted("there are {}; at most {} are allowed", s.topics.size(),
                                          Streams::kMost));
  }
  if (s.dyna_topic && s.topics.size() > kMaxDynamicTopics) {
    throw ConfigError("topics",
                      formatted("there are {}, and '{}' is one too many: rsyslog renders at "
                                "most {} topics with dynaTopic=\"on\"",
                                s.topics.size(), s.topics[kMaxDynamicTopics], kMaxDynamicTopics));
  }
}

void check_format(const Settings& s) {
  if (s.format != Format::kRaw && s.topic_frame == false) {
    throw ConfigError("topicFrame",
                      "'off' goes with format=\"raw\" only: a frame of many messages "
                      "has its topic in front as a frame of its own");
  }
  if (s.format == Format::kRaw) {
    for (const auto& [name, harmless] :
         {std::pair{"batch.maxMessages", "1"}, {"batch.maxBytes", ""}, {"batch.linger", "0"}}) {
      refuse_given(s, name,
                   "has no effect with format=\"raw\", one message a frame; "
                   "set format=\"lines\" or \"packed\", or leave it out",
                   harmless);
    }
  }
  if (s.format != Format::kPacked) {
    for (const auto& [name, harmless] : {std::pair{"compression.driver", "none"},
                                         {"compression.level", ""},
                                         {"beat.interval", "0"}}) {
      refuse_given(s, name, "has an effect with format=\"packed\" only; set that or leave it out",
                   harmless);
    }
  }
}

void check_compression(const Settings& s) {
  if (!s.compression_level) return;
  if (s.compression_driver == Compression::kNone) {
    throw ConfigError("compression.level",
                      formatted("'{}' has no effect without compression.driver=\"zstd\" or "
                                "\"lz4\"; set that, or leave this out",
                                *s.compression_level));
  }
  const auto [least, most] = compression_levels(s.compression_driver);
  if (*s.compression_level < least || *s.compression_level > most) {
    throw ConfigError("compression.level",
                      formatted("'{}' is none of this driver's levels, which are {} to {}",
                                *s.compression_level, least, most));
  }
}

void check_confirm(const Settings& s) {
  const bool is_acked = s.confirm == Confirm::kAcked;
  if (is_acked && (s.sock_type != SocketType::kDealer || s.format != Format::kPacked)) {
    throw ConfigError("confirm",
                      "'acked' needs sockType=\"DEALER\" and format=\"packed\": only there can a "
                      "receiver answer, and name what it answers");
  }
  if (s.confirm != Confirm::kHandoff && s.handoff_full != WhenFull::kSuspend) {
    throw ConfigError(
        "handoff.full",
        formatted("'{}': only suspend goes with confirm=\"sent\" or \"acked\": a worker "
                  "that waits for its messages to arrive finds room for the next "
                  "ones, and drops none",
                  s.handoff_full == WhenFull::kDropNewest ? "dropNewest" : "dropOldest"));
  }
  if (is_acked && s.send_hwm == 0) {
    throw ConfigError("sendHWM",
                      "'0', no limit, does not go with confirm=\"acked\": what is sent again to a "
                      "peer that reads nothing would pile up; write 1 or more");
  }
  for (const auto* name : {"ack.timeout", "ack.window"}) {
    if (!is_acked)
      refuse_given(s, name, "has an effect with confirm=\"acked\" only; set that or leave it out");
  }
  if (!s.spool_file.empty() && normal_path(s.spool_file) == normal_path(s.dead_letter_file)) {
    throw ConfigError("spoolFile",
                      formatted("'{}' is the deadLetterFile; give each its own", s.spool_file));
  }
}

/// A key that was written in the place of a path stays out of the log.
void refuse_given_path(const Settings& s, const char* name, const char* why) {
  const std::string* const value = s.given_value(to_lower(name));
  if (value == nullptr) return;
  if (is_key(*value)) throw ConfigError(name, formatted("is given a key, not a path; it {}", why));
  refuse_given(s, name, why);
}

/// The server's key may be given as itself, which then stays out of the log.
void refuse_server_key(const Settings& s, const char* why) {
  if (s.was_given("curve.serverkey")) throw ConfigError("curve.serverKey", why);
}

void check_curve(const Settings& s) {
  if (s.curve_mode == CurveMode::kOff) {
    for (const auto* name : {"curve.certFile", "curve.clients"}) {
      refuse_given_path(
          s, name,
          "has no effect without curve.mode=\"server\" or \"client\"; set that or leave "
          "it out");
    }
    refuse_server_key(s,
                      "the server's key has no effect without curve.mode=\"client\"; set that or "
                      "leave it out");
  } else if (s.curve_mode == CurveMode::kServer) {
    if (s.curve_cert_file.empty()) {
      throw ConfigError("curve.mode",
                        "'server' needs curve.certFile, the server's own certificate; 'zmqtap "
                        "keygen' makes one");
    }
    if (s.curve_clients.empty()) {
      throw ConfigError("curve.mode",
                        "'server' needs curve.clients, because CURVE alone lets in whoever knows "
                        "the server's key; write the directory of the clients' certificates, a "
                        "file of their keys, or \"*\" for everybody");
    }
    refuse_server_key(s, "the server's key goes with curve.mode=\"client\" only; leave it out");
  } else {
    if (s.curve_server_key.empty()) {
      throw ConfigError("curve.mode",
                        "'client' needs curve.serverKey, the key of the server or the path of its "
                        "public certificate");
    }
    refuse_given_path(s, "curve.clients", "goes with curve.mode=\"server\" only; leave it out");
  }
}

void check_aliases(const Settings& s) {
  static constexpr std::pair<const char*, const char*> kAliases[] = {
      {"sendTimeout", "handoff.timeout"},
      {"heartbeatIvl", "heartbeat.interval"},
      {"heartbeatTimeout", "heartbeat.timeout"},
      {"heartbeatTTL", "heartbeat.ttl"},
  };
  for (const auto& [alias, name] : kAliases) {
    const std::string* const one = s.given_value(to_lower(alias));
    const std::string* const other = s.given_value(name);
    if (one == nullptr || other == nullptr) continue;
    throw ConfigError(alias, formatted("'{}': this is another name of {}, which is there too, as "
                                       "'{}'; leave one out",
                                       *one, name, *other));
  }
}

}  // namespace

const std::string* Settings::given_value(std::string_view lower_case_name) const noexcept {
  const auto found = std::find_if(given.rbegin(), given.rend(), [&](const auto& parameter) {
    return parameter.first == lower_case_name;
  });
  return found == given.rend() ? nullptr : &found->second;
}

bool Settings::has_endpoint(bool bound,
                            std::optional<Endpoint::Transport> transport) const noexcept {
  return std::any_of(endpoints.begin(), endpoints.end(), [&](const Endpoint& endpoint) {
    return binds(endpoint) == bound && (!transport || endpoint.transport == *transport);
  });
}

std::string Settings::display_name() const {
  if (!stats_name.empty()) return stats_name;
  if (!action_name.empty()) return action_name;
  return "omzmq:" + (endpoints.empty() ? std::string() : endpoints.front().address);
}

std::vector<std::string> Settings::templates() const {
  std::vector<std::string> names{template_name};
  if (dyna_topic) names.insert(names.end(), topics.begin(), topics.end());
  return names;
}

void Settings::validate() const {
  if (!sock_type) throw ConfigError("sockType", "is missing; write PUB, PUSH or DEALER");
  check_endpoints(*this);
  check_topics(*this);
  check_format(*this);
  check_compression(*this);
  check_confirm(*this);
  check_curve(*this);
  check_aliases(*this);
  if (!identity.empty() && sock_type != SocketType::kDealer) {
    throw ConfigError(
        "identity",
        formatted("'{}': only sockType=\"DEALER\" has an identity; leave it out", identity));
  }
  if (wait_for_peers > 0 && sock_type != SocketType::kPub) {
    throw ConfigError("waitForPeers",
                      formatted("'{}': only sockType=\"PUB\" waits for subscribers; leave it out",
                                wait_for_peers));
  }
  if (effective_reconnect_max_interval() < reconnect_interval) {
    throw ConfigError("reconnect.maxInterval",
                      formatted("'{}' is less than reconnect.interval, which is {} ms; raise it",
                                reconnect_max_interval->count(), reconnect_interval.count()));
  }
  check_addresses(*this);
  check_effects(*this);
  check_socket_options(*this);
}

}  // namespace omzmq
