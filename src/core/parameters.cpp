// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/parameters.hpp"

#include <algorithm>
#include <array>

#include "common/format.hpp"
#include "core/nearest.hpp"
#include "core/socket_options.hpp"
#include "core/values.hpp"

namespace omzmq {
namespace {

using Row = Parameter<Settings>;
using Values = std::span<const std::string>;

// ---- Readers: what a row's `read` is. The range and the member are part of the type.

template <auto Member, long kLeast, long kMost>
void number(auto& s, const auto& row, Values values) {
  s.*Member = static_cast<int>(read_number(row.name, row.type, values.front(), kLeast, kMost));
}

template <auto Member, long kLeast, long kMost>
void milliseconds(Settings& s, const Row& row, Values values) {
  s.*Member = Settings::Ms(read_number(row.name, row.type, values.front(), kLeast, kMost));
}

template <auto Member, long kLeast, long kMost>
void size(Settings& s, const Row& row, Values values) {
  using Target = std::remove_reference_t<decltype(s.*Member)>;
  const auto bytes = read_size(row.name, row.type, values.front(), kLeast, kMost);
  if constexpr (std::is_same_v<Target, std::size_t>) {
    s.*Member = static_cast<std::size_t>(bytes);
  } else {
    s.*Member = static_cast<int>(bytes);
  }
}

template <auto Member>
void on_off(Settings& s, const Row& row, Values values) {
  s.*Member = read_on_off(row.name, values.front());
}

template <auto Member>
void text(Settings& s, const Row& row, Values values) {
  s.*Member = read_text(row.name, values.front());
}

template <auto Member>
void path(Settings& s, const Row& row, Values values) {
  s.*Member = read_path(row.name, values.front());
}

void endpoints(Settings& s, const Row& row, Values values) {
  s.endpoints.clear();
  for (const std::string& one : split_endpoints(row.name, values))
    s.endpoints.push_back(parse_endpoint(one));
}

constexpr const char* kDraft =
    "is a draft of ZeroMQ, which the libzmq of the distributions does not speak; write PUB, PUSH "
    "or DEALER";
constexpr const char* kNoSender =
    "waits for answers or for one peer alone, which logs do not; write PUB, PUSH or DEALER";

/// ZeroMQ's other socket types, and why each is not taken.
struct OtherType {
  std::string_view name;
  const char* why;
};
constexpr std::array kOtherTypes{
    OtherType{"RADIO", kDraft},
    OtherType{"DISH", kDraft},
    OtherType{"SCATTER", kDraft},
    OtherType{"GATHER", kDraft},
    OtherType{"CLIENT", kDraft},
    OtherType{"SERVER", kDraft},
    OtherType{"CHANNEL", kDraft},
    OtherType{"PEER", kDraft},
    OtherType{"SUB", "is the receiver's side; did you mean PUB? Right are PUB, PUSH, DEALER"},
    OtherType{"XSUB", "is the receiver's side; did you mean PUB? Right are PUB, PUSH, DEALER"},
    OtherType{"XPUB", "is not needed: write PUB; waitForPeers has what an XPUB would tell"},
    OtherType{"PULL", "is the receiver's side; did you mean PUSH? Right are PUB, PUSH, DEALER"},
    OtherType{"ROUTER", "is the receiver's side; did you mean DEALER? Right are PUB, PUSH, DEALER"},
    OtherType{"REQ", kNoSender},
    OtherType{"REP", kNoSender},
    OtherType{"PAIR", kNoSender},
    OtherType{"STREAM",
              "speaks plain TCP, not ZeroMQ; rsyslog's omfwd does; write PUB, PUSH or "
              "DEALER"},
};

void sock_type(Settings& s, const Row& row, Values values) {
  const std::string& value = values.front();
  for (const OtherType& other : kOtherTypes) {
    if (same_word(other.name, value)) {
      throw ConfigError(std::string(row.name), formatted("'{}' {}", value, other.why));
    }
  }
  s.sock_type = read_word<SocketType>(
      row.name, value,
      {{"PUB", SocketType::kPub}, {"PUSH", SocketType::kPush}, {"DEALER", SocketType::kDealer}});
}

void identity(Settings& s, const Row& row, Values values) {
  constexpr std::size_t kMostBytes = 255;
  const std::string value = read_text(row.name, values.front());
  if (value.size() > kMostBytes) {
    throw ConfigError(std::string(row.name), formatted("'{}' has {} bytes; at most {} are allowed",
                                                       value, value.size(), kMostBytes));
  }
  s.identity = value;
}

void topics(Settings& s, const Row& row, Values values) { s.topics = split_list(row.name, values); }

void format(Settings& s, const Row& row, Values values) {
  s.format = read_word<Format>(
      row.name, values.front(),
      {{"raw", Format::kRaw}, {"lines", Format::kLines}, {"packed", Format::kPacked}});
}

void compression_driver(Settings& s, const Row& row, Values values) {
  s.compression_driver = read_word<Compression>(
      row.name, values.front(),
      {{"none", Compression::kNone}, {"zstd", Compression::kZstd}, {"lz4", Compression::kLz4}});
}

void when_full(Settings& s, const Row& row, Values values) {
  s.handoff_full = read_word<WhenFull>(row.name, values.front(),
                                       {{"suspend", WhenFull::kSuspend},
                                        {"dropNewest", WhenFull::kDropNewest},
                                        {"dropOldest", WhenFull::kDropOldest}});
}

void handoff_size(Settings& s, const Row& row, Values values) {
  constexpr std::size_t kWord = 8;  // the lane's unit
  size<&Settings::handoff_size, 64L << 10, 1L << 30>(s, row, values);
  s.handoff_size = s.handoff_size / kWord * kWord;
}

void confirm(Settings& s, const Row& row, Values values) {
  s.confirm = read_word<Confirm>(
      row.name, values.front(),
      {{"handoff", Confirm::kHandoff}, {"sent", Confirm::kSent}, {"acked", Confirm::kAcked}});
}

// omczmq's name, and its -1 for "wait for ever": the longest wait that a worker may have here.
void send_timeout(Settings& s, const Row& row, Values values) {
  constexpr std::int64_t kLongest = 60000;
  const std::int64_t ms = read_number(row.name, row.type, values.front(), -1, kLongest);
  s.handoff_timeout = Settings::Ms(ms < 0 ? kLongest : ms);
}

void ipc_mode(Settings& s, const Row& row, Values values) {
  s.ipc_mode = read_file_mode(row.name, values.front());
}

void curve_mode(Settings& s, const Row& row, Values values) {
  s.curve_mode = read_word<CurveMode>(
      row.name, values.front(),
      {{"off", CurveMode::kOff}, {"server", CurveMode::kServer}, {"client", CurveMode::kClient}});
}

void curve_cert_file(Settings& s, const Row& row, Values values) {
  s.curve_cert_file = read_path_or_key(row.name, values.front(), Key::kNever);
}

void curve_server_key(Settings& s, const Row& row, Values values) {
  s.curve_server_key = read_path_or_key(row.name, values.front(), Key::kMayBe);
}

void curve_clients(Settings& s, const Row& row, Values values) {
  const std::string& value = values.front();
  s.curve_clients = value == "*" ? value : read_path_or_key(row.name, value, Key::kNever);
}

void socket_options(Settings& s, const Row& row, Values values) {
  s.socket_options = read_socket_options(row.name, values);
}

constexpr long kHourMs = 3600000;
constexpr long kMostTtlMs = 6553599;  // libzmq sends it in tenths of a second, in 16 bits

constexpr std::array kModuleParameters{
    Parameter<ModuleSettings>{"ioThreads", "1..64", "1", false,
                              number<&ModuleSettings::io_threads, 1, 64>},
};

constexpr std::array kActionParameters{
    Row{"endpoints", "array, or one string with commas", "required", true, endpoints},
    Row{"sockType", "`PUB` `PUSH` `DEALER`", "required", false, sock_type},
    Row{"identity", "string, ≤ 255 bytes", "none", false, identity},
    Row{"template", "template name", "`RSYSLOG_ForwardFormat`", false,
        text<&Settings::template_name>},
    Row{"topics", "array, or one string with commas", "none", true, topics},
    Row{"dynaTopic", "on/off", "off", false, on_off<&Settings::dyna_topic>},
    Row{"topicFrame", "on/off", "off in `raw`, always on otherwise", false,
        on_off<&Settings::topic_frame>},
    Row{"format", "`raw` `lines` `packed`", "`raw`", false, format},
    Row{"batch.maxMessages", "1..1000000", "4096", false,
        [](Settings& s, const Row& row, Values values) {
          s.batch_max_messages =
              static_cast<std::size_t>(read_number(row.name, row.type, values.front(), 1, 1000000));
        }},
    Row{"batch.maxBytes", "size, 1k..64m", "64k", false,
        size<&Settings::batch_max_bytes, 1L << 10, 64L << 20>},
    Row{"batch.linger", "ms, 0..60000", "2", false,
        milliseconds<&Settings::batch_linger, 0, 60000>},
    Row{"compression.driver", "`none` `zstd` `lz4`", "`none`", false, compression_driver},
    // The range of all drivers together; Settings::validate() knows that of each.
    Row{"compression.level", "zstd -7..22, lz4 0..12", "zstd 3, lz4 0", false,
        number<&Settings::compression_level, -7, 22>},
    Row{"beat.interval", "ms, 0..3600000", "1000", false,
        milliseconds<&Settings::beat_interval, 0, 3600000>},
    Row{"handoff.size", "size, 64k..1g", "8m", false, handoff_size},
    Row{"handoff.timeout", "ms, 0..60000", "100", false,
        milliseconds<&Settings::handoff_timeout, 0, 60000>},
    Row{"handoff.full", "`suspend` `dropNewest` `dropOldest`", "`suspend`", false, when_full},
    Row{"confirm", "`handoff` `sent` `acked`", "`handoff`", false, confirm},
    Row{"ack.timeout", "ms, 100..3600000", "5000", false,
        milliseconds<&Settings::ack_timeout, 100, kHourMs>},
    Row{"ack.window", "frames, 1..65536", "64", false,
        [](Settings& s, const Row& row, Values values) {
          s.ack_window =
              static_cast<std::size_t>(read_number(row.name, row.type, values.front(), 1, 65536));
        }},
    Row{"spoolFile", "path", "none", false, path<&Settings::spool_file>},
    Row{"deadLetterFile", "path", "none", false, path<&Settings::dead_letter_file>},
    Row{"maxMessageSize", "size, 1k..1g", "16m", false,
        size<&Settings::max_message_size, 1L << 10, 1L << 30>},
    Row{"closeTimeout", "ms, 0..600000", "2000", false,
        milliseconds<&Settings::close_timeout, 0, 600000>},
    Row{"sendHWM", "frames, 0..10000000", "raw 100000; else 256, with dynaTopic 4096", false,
        number<&Settings::send_hwm, 0, 10000000>},
    Row{"sendTimeout", "ms, -1..60000", "–", false, send_timeout},
    Row{"sendBuffer", "size, 1k..1g", "OS", false,
        size<&Settings::send_buffer, 1L << 10, 1L << 30>},
    Row{"reconnect.interval", "ms, 1..3600000", "100", false,
        milliseconds<&Settings::reconnect_interval, 1, kHourMs>},
    Row{"reconnect.maxInterval", "ms, 1..3600000", "5000", false,
        milliseconds<&Settings::reconnect_max_interval, 1, kHourMs>},
    Row{"connectTimeout", "ms, 1..3600000", "OS", false,
        milliseconds<&Settings::connect_timeout, 1, kHourMs>},
    Row{"handshakeTimeout", "ms, 1..3600000", "10000", false,
        milliseconds<&Settings::handshake_timeout, 1, kHourMs>},
    Row{"heartbeat.interval", "ms, 0..3600000", "0 (off)", false,
        milliseconds<&Settings::heartbeat_interval, 0, kHourMs>},
    Row{"heartbeat.timeout", "ms, 1..3600000", "the interval", false,
        milliseconds<&Settings::heartbeat_timeout, 1, kHourMs>},
    Row{"heartbeat.ttl", "ms, 0..6553599", "none", false,
        milliseconds<&Settings::heartbeat_ttl, 0, kMostTtlMs>},
    Row{"heartbeatIvl", "ms, 0..3600000", "–", false,
        milliseconds<&Settings::heartbeat_interval, 0, kHourMs>},
    Row{"heartbeatTimeout", "ms, 1..3600000", "–", false,
        milliseconds<&Settings::heartbeat_timeout, 1, kHourMs>},
    Row{"heartbeatTTL", "ms, 0..6553599", "–", false,
        milliseconds<&Settings::heartbeat_ttl, 0, kMostTtlMs>},
    Row{"keepAlive", "on/off", "on", false, on_off<&Settings::keep_alive>},
    Row{"keepAlive.time", "s, 1..32767", "60", false,
        number<&Settings::keep_alive_time_s, 1, 32767>},
    Row{"keepAlive.interval", "s, 1..32767", "10", false,
        number<&Settings::keep_alive_interval_s, 1, 32767>},
    Row{"keepAlive.probes", "1..127", "3", false, number<&Settings::keep_alive_probes, 1, 127>},
    Row{"immediate", "on/off", "on", false, on_off<&Settings::immediate>},
    Row{"waitForPeers", "0..1000", "0", false, number<&Settings::wait_for_peers, 0, 1000>},
    Row{"ipcMode", "file mode", "0600", false, ipc_mode},
    Row{"ipv6", "on/off", "on", false, on_off<&Settings::ipv6>},
    Row{"socketOptions", "array of `name=value`", "none", true, socket_options},
    Row{"curve.mode", "`off` `server` `client`", "off", false, curve_mode},
    Row{"curve.certFile", "path", "none", false, curve_cert_file},
    Row{"curve.serverKey", "Z85 key, or path of a public certificate", "none", false,
        curve_server_key},
    Row{"curve.clients", "directory, file of Z85 keys, or `*`", "none", false, curve_clients},
    Row{"statsName", "string", "the action's name, else `omzmq:` and the first endpoint", false,
        text<&Settings::stats_name>},
    // rsyslog's own parameters, read here as well: for the statistics and the log lines, and for
    // what a worker does when its lane is full.
    Row{"name", "string", "none", false, text<&Settings::action_name>},
    Row{"action.resumeRetryCount", "-1..", "0", false,
        [](Settings& s, const Row& /*row*/, Values values) {
          s.retries_for_ever = values.front() == "-1";
        }},
    Row{"config.enabled", "rsyslog's", "on", false,
        [](Settings& s, const Row& /*row*/, Values values) {
          s.is_enabled = values.front() == "on";
        }},
    Row{"queue.type", "rsyslog's", "Direct", false,
        [](Settings& s, const Row& /*row*/, Values values) {
          s.has_own_queue = to_lower(values.front()) != "direct";
        }},
};

template <typename Target>
void set_in(std::span<const Parameter<Target>> table, Target& target,
            std::string_view lower_case_name, Values values) {
  const auto row = std::find_if(table.begin(), table.end(), [&](const auto& candidate) {
    return to_lower(candidate.name) == lower_case_name;
  });
  if (row == table.end()) {
    throw ConfigError(
        std::string(lower_case_name),
        "there is no such parameter" + did_you_mean(lower_case_name, names_of(table)));
  }
  if (values.empty()) throw ConfigError(std::string(row->name), "has no value");
  row->read(target, *row, values);
}

}  // namespace

std::span<const Parameter<ModuleSettings>> module_parameters() noexcept {
  return kModuleParameters;
}
std::span<const Parameter<Settings>> action_parameters() noexcept { return kActionParameters; }

void set_parameter(ModuleSettings& settings, std::string_view lower_case_name, Values values) {
  set_in(module_parameters(), settings, lower_case_name, values);
}

void set_parameter(Settings& settings, std::string_view lower_case_name, Values values) {
  set_in(action_parameters(), settings, lower_case_name, values);
  std::string written;
  for (const std::string& value : values) written += (written.empty() ? "" : ",") + value;
  settings.given.emplace_back(lower_case_name, std::move(written));
}

}  // namespace omzmq
