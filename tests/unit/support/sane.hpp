// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "core/compressor.hpp"
#include "core/endpoint.hpp"
#include "core/settings.hpp"
#include "core/streams.hpp"
#include "core/text.hpp"
#include "core/transaction.hpp"

// What has to hold of every answer to any parameters. Threads: any.

namespace omzmq::test {

/// A text for the log: one line of printable UTF-8 that rsyslog does not cut.
inline bool is_log_line(std::string_view text) {
  constexpr std::size_t kMost = 1400;  // with the name of the action; rsyslog cuts at 2048
  return !text.empty() && text.size() <= kMost && to_printable(text) == text;
}

/// The message of an error begins with the name of a parameter.
inline bool names_a_parameter(std::string_view text, std::string_view name) {
  return to_lower(text).starts_with(to_printable(to_lower(name)).substr(0, 64));
}

/// What is outside of its range in settings that validate() has passed, or nothing.
inline std::string_view out_of_range(const Settings& s) {
  constexpr std::size_t kOne = 1;
  const auto within = [](auto value, auto least, auto most) {
    return value >= least && value <= most;
  };
  const auto ms = [&](Settings::Ms value, long least, long most) {
    return within(value.count(), least, most);
  };
  constexpr long kHour = 3600000;
  if (!s.sock_type || s.endpoints.empty()) return "endpoints or sockType";
  for (const Endpoint& endpoint : s.endpoints) {
    const std::string& address = endpoint.address;
    if (!address.starts_with("tcp://") && !address.starts_with("ipc://")) return "a transport";
    if (std::any_of(address.begin(), address.end(),
                    [](unsigned char c) { return c <= 0x20 || c == 0x7F; }))
      return "a blank or a control character in an endpoint";
    if (endpoint.transport == Endpoint::Transport::kIpc && endpoint.path().size() > 107)
      return "ipc path";
  }
  if (s.topics.size() > (s.dyna_topic ? kMaxDynamicTopics : Streams::kMost)) return "topics";
  if (s.identity.size() > 255) return "identity";
  if (!within(s.batch_max_messages, kOne, kOne * 1000000)) return "batch.maxMessages";
  if (!within(s.batch_max_bytes, kOne << 10, kOne << 26)) return "batch.maxBytes";
  if (!ms(s.batch_linger, 0, 60000)) return "batch.linger";
  if (s.compression_level) {
    const auto [least, most] = compression_levels(s.compression_driver);
    if (!within(*s.compression_level, least, most)) return "compression.level";
  }
  if (!ms(s.beat_interval, 0, kHour)) return "beat.interval";
  if (!within(s.handoff_size, kOne << 16, kOne << 30) || s.handoff_size % 8 != 0)
    return "handoff.size";
  if (!ms(s.handoff_timeout, 0, 60000)) return "handoff.timeout";
  if (!ms(s.ack_timeout, 100, kHour)) return "ack.timeout";
  if (!within(s.ack_window, kOne, kOne << 16)) return "ack.window";
  for (const std::string* path : {&s.spool_file, &s.dead_letter_file}) {
    if (!path->empty() && path->front() != '/') return "a path";
    if (path->find('\0') != std::string::npos) return "a NUL in a path";
  }
  if (!within(s.max_message_size, kOne << 10, kOne << 30)) return "maxMessageSize";
  if (!ms(s.close_timeout, 0, 600000)) return "closeTimeout";
  if (s.send_hwm && !within(*s.send_hwm, 0, 10000000)) return "sendHWM";
  if (s.send_buffer && !within(*s.send_buffer, 1 << 10, 1 << 30)) return "sendBuffer";
  if (!ms(s.reconnect_interval, 1, kHour)) return "reconnect.interval";
  if (s.effective_reconnect_max_interval() < s.reconnect_interval) return "reconnect.maxInterval";
  if (s.connect_timeout && !ms(*s.connect_timeout, 1, kHour)) return "connectTimeout";
  if (!ms(s.handshake_timeout, 1, kHour)) return "handshakeTimeout";
  if (!ms(s.heartbeat_interval, 0, kHour)) return "heartbeat.interval";
  if (s.heartbeat_timeout && !ms(*s.heartbeat_timeout, 1, kHour)) return "heartbeat.timeout";
  if (s.heartbeat_ttl && !ms(*s.heartbeat_ttl, 0, 6553599)) return "heartbeat.ttl";
  if (!within(s.keep_alive_time_s, 1, 32767)) return "keepAlive.time";
  if (!within(s.keep_alive_interval_s, 1, 32767)) return "keepAlive.interval";
  if (!within(s.keep_alive_probes, 1, 127)) return "keepAlive.probes";
  if (!within(s.wait_for_peers, 0, 1000)) return "waitForPeers";
  if (s.ipc_mode > 0777) return "ipcMode";
  if (s.confirm == Confirm::kAcked &&
      (s.sock_type != SocketType::kDealer || s.format != Format::kPacked))
    return "confirm";
  if (s.format != Format::kPacked && s.compression_driver != Compression::kNone)
    return "compression.driver";
  return {};
}

}  // namespace omzmq::test
