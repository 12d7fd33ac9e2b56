// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/endpoint.hpp"

namespace omzmq {

enum class SocketType { kPub, kPush, kDealer };
enum class Format { kRaw, kLines, kPacked };
enum class Compression { kNone, kZstd, kLz4 };
enum class WhenFull { kSuspend, kDropNewest, kDropOldest };
enum class Confirm { kHandoff, kSent, kAcked };
enum class CurveMode { kOff, kServer, kClient };

/// The parameters of module().
struct ModuleSettings {
  int io_threads = 1;  ///< of the ZeroMQ context
};

/// The parameters of one action(). Named as in docs/configuration.md, which explains each.
///
/// A std::optional that is empty leaves the operating system's or libzmq's own value alone, or,
/// where a member function of the same subject stands below, the default depends on other
/// parameters.
///
/// Threads: immutable once an Action has it.
struct Settings {
  using Ms = std::chrono::milliseconds;

  // Where to
  std::vector<Endpoint> endpoints;      ///< at least one
  std::optional<SocketType> sock_type;  ///< always set after validate()
  std::string identity;                 ///< routing id of a DEALER; empty: none
  std::string template_name = "RSYSLOG_ForwardFormat";
  std::vector<std::string> topics;  ///< of a PUB; names of templates if dyna_topic
  bool dyna_topic = false;
  std::optional<bool> topic_frame;  ///< see has_topic_frame()

  // What goes over the wire
  Format format = Format::kRaw;
  std::size_t batch_max_messages = 4096;
  std::size_t batch_max_bytes = std::size_t{64} << 10;  ///< of a frame's body
  Ms batch_linger{2};                                   ///< 0: as soon as the lanes are empty
  Compression compression_driver = Compression::kNone;  ///< of the packed format
  std::optional<int> compression_level;                 ///< see compression_levels()
  Ms beat_interval{1000};                               ///< of the packed format; 0: no beats

  // Between the worker and the socket
  std::size_t handoff_size = std::size_t{8} << 20;  ///< bytes of one worker's lane
  Ms handoff_timeout{100};                          ///< 0: a worker never waits for room
  WhenFull handoff_full = WhenFull::kSuspend;
  Confirm confirm = Confirm::kHandoff;
  Ms ack_timeout{5000};                                  ///< until a batch is sent again
  std::size_t ack_window = 64;                           ///< batches in flight
  std::string spool_file;                                ///< empty: none
  std::string dead_letter_file;                          ///< empty: none
  std::size_t max_message_size = std::size_t{16} << 20;  ///< bytes of a payload
  Ms close_timeout{2000};

  // The socket
  std::optional<int> send_hwm;     ///< frames for each peer; see effective_send_hwm()
  std::optional<int> send_buffer;  ///< bytes, SO_SNDBUF
  Ms reconnect_interval{100};
  std::optional<Ms> reconnect_max_interval;  ///< see effective_reconnect_max_interval()
  std::optional<Ms> connect_timeout;
  Ms handshake_timeout{10000};
  Ms heartbeat_interval{0};  ///< 0: off
  std::optional<Ms> heartbeat_timeout;
  std::optional<Ms> heartbeat_ttl;  ///< at least kTtlUnit, or 0: none
  static constexpr Ms kTtlUnit{100};
  bool keep_alive = true;
  int keep_alive_time_s = 60;
  int keep_alive_interval_s = 10;
  int keep_alive_probes = 3;
  bool immediate = true;   ///< of endpoints that PUSH or DEALER connects
  int wait_for_peers = 0;  ///< subscribers that a PUB waits for before it sends; 0: for none
  unsigned ipc_mode = 0600;
  bool ipv6 = true;
  std::vector<std::pair<std::string, std::string>> socket_options;  ///< name, value

  // Who may listen in
  CurveMode curve_mode = CurveMode::kOff;
  std::string curve_cert_file;   ///< own certificate; empty: a client makes keys of its own
  std::string curve_server_key;  ///< of a client: a key in Z85, or the path of a certificate
  std::string curve_clients;     ///< of a server: a path, or "*"

  std::string action_name;        ///< rsyslog's own parameter "name"; empty: none
  bool retries_for_ever = false;  ///< rsyslog's own "action.resumeRetryCount" is -1
  bool is_enabled = true;         ///< rsyslog's own "config.enabled" is not there, or "on"
  bool has_own_queue = false;     ///< rsyslog's own "queue.type" is there, and not "Direct"
  std::string stats_name;         ///< see display_name()

  /// The parameters that were set, by their names in lower case, and their values as they were
  /// written: some must not be, for others to mean something.
  std::vector<std::pair<std::string, std::string>> given;

  [[nodiscard]] bool was_given(std::string_view lower_case_name) const noexcept {
    return given_value(lower_case_name) != nullptr;
  }
  /// The value as it was written last, or nullptr.
  [[nodiscard]] const std::string* given_value(std::string_view lower_case_name) const noexcept;

  /// On by default, and always, where frames hold many messages.
  [[nodiscard]] bool has_topic_frame() const noexcept {
    return format != Format::kRaw || topic_frame.value_or(false);
  }

  /// 100000 raw messages, or 256 frames of many messages; 4096 where each topic has frames of its
  /// own: they are many and small, and a thousand may be cut at a time.
  [[nodiscard]] int effective_send_hwm() const noexcept {
    if (format == Format::kRaw) return send_hwm.value_or(100000);
    return send_hwm.value_or(dyna_topic ? 4096 : 256);
  }

  /// 5 s, or the interval itself where that is longer.
  [[nodiscard]] Ms effective_reconnect_max_interval() const noexcept {
    return reconnect_max_interval.value_or(std::max(reconnect_interval, Ms(5000)));
  }

  /// PUB binds, PUSH and DEALER connect, unless the endpoint says otherwise.
  [[nodiscard]] bool binds(const Endpoint& endpoint) const noexcept {
    return endpoint.bind.value_or(sock_type == SocketType::kPub);
  }

  /// Whether one of the endpoints is bound, or connected to; one of this transport, or any.
  [[nodiscard]] bool has_endpoint(
      bool bound, std::optional<Endpoint::Transport> transport = std::nullopt) const noexcept;

  /// The name in statistics and log lines: statsName, else the action's name, else "omzmq:" and the
  /// first endpoint.
  [[nodiscard]] std::string display_name() const;

  /// The templates that rsyslog renders for each message: the payload, then the dynamic topics.
  [[nodiscard]] std::vector<std::string> templates() const;

  /// Checks what no parameter can be checked for alone, after pass_over().
  /// \throws ConfigError
  void validate() const;
};

}  // namespace omzmq
