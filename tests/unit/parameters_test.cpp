// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/parameters.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/parameters.hpp"

namespace omzmq {
namespace {

using test::refusal_of;
using test::with;

const Parameter<Settings>& row_of(std::string_view name) {
  const auto rows = action_parameters();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](auto& r) { return r.name == name; });
  if (row == rows.end()) throw std::runtime_error("no row " + std::string(name));
  return *row;
}

// ---- Parameters with a range

struct Range {
  const char* name;
  std::int64_t (*value)(const Settings&);
  std::map<std::string, std::int64_t> good;  // both ends of the range among them
  std::vector<std::string> beyond;           // one beyond each end
};

using S = const Settings&;
constexpr std::int64_t kHour = 3600000;
const std::vector<Range> kRanges{
    {"batch.maxMessages",
     [](S s) { return static_cast<std::int64_t>(s.batch_max_messages); },
     {{"1", 1}, {"1000000", 1000000}},
     {"0", "1000001"}},
    {"batch.maxBytes",
     [](S s) { return static_cast<std::int64_t>(s.batch_max_bytes); },
     {{"1k", 1024}, {"1024", 1024}, {"64m", 64 << 20}, {"2K", 2000}},
     {"1023", "67108865"}},
    {"batch.linger",
     [](S s) { return s.batch_linger.count(); },
     {{"0", 0}, {"60000", 60000}},
     {"-1", "60001"}},
    {"handoff.size",
     [](S s) { return static_cast<std::int64_t>(s.handoff_size); },
     {{"64k", 65536}, {"1g", 1 << 30}, {"65543", 65536}, {"65544", 65544}},
     {"65535", "1073741825"}},
    {"handoff.timeout",
     [](S s) { return s.handoff_timeout.count(); },
     {{"0", 0}, {"60000", 60000}},
     {"-1", "60001"}},
    {"ack.timeout",
     [](S s) { return s.ack_timeout.count(); },
     {{"100", 100}, {"3600000", kHour}},
     {"99", "3600001"}},
    {"ack.window",
     [](S s) { return static_cast<std::int64_t>(s.ack_window); },
     {{"1", 1}, {"65536", 65536}},
     {"0", "65537"}},
    {"maxMessageSize",
     [](S s) { return static_cast<std::int64_t>(s.max_message_size); },
     {{"1k", 1024}, {"1g", 1 << 30}},
     {"1023", "1073741825"}},
    {"closeTimeout",
     [](S s) { return s.close_timeout.count(); },
     {{"0", 0}, {"600000", 600000}},
     {"-1", "600001"}},
    {"sendHWM",
     [](S s) -> std::int64_t { return s.send_hwm.value(); },
     {{"0", 0}, {"10000000", 10000000}},
     {"-1", "10000001"}},
    // omczmq's -1 is "for ever"
    {"sendTimeout",
     [](S s) { return s.handoff_timeout.count(); },
     {{"-1", 60000}, {"0", 0}, {"60000", 60000}},
     {"-2", "60001"}},
    {"sendBuffer",
     [](S s) -> std::int64_t { return s.send_buffer.value(); },
     {{"1k", 1024}, {"1g", 1 << 30}},
     {"1023", "1073741825"}},
    {"reconnect.interval",
     [](S s) { return s.reconnect_interval.count(); },
     {{"1", 1}, {"3600000", kHour}},
     {"0", "3600001"}},
    {"reconnect.maxInterval",
     [](S s) { return s.reconnect_max_interval.value().count(); },
     {{"1", 1}, {"3600000", kHour}},
     {"0", "3600001"}},
    {"connectTimeout",
     [](S s) { return s.connect_timeout.value().count(); },
     {{"1", 1}, {"3600000", kHour}},
     {"0", "3600001"}},
    {"handshakeTimeout",
     [](S s) { return s.handshake_timeout.count(); },
     {{"1", 1}, {"3600000", kHour}},
     {"0", "3600001"}},
    {"heartbeat.interval",
     [](S s) { return s.heartbeat_interval.count(); },
     {{"0", 0}, {"3600000", kHour}},
     {"-1", "3600001"}},
    {"heartbeat.timeout",
     [](S s) { return s.heartbeat_timeout.value().count(); },
     {{"1", 1}, {"3600000", kHour}},
     {"0", "3600001"}},
    {"heartbeat.ttl",
     [](S s) { return s.heartbeat_ttl.value().count(); },
     {{"0", 0}, {"6553599", 6553599}},
     {"-1", "6553600"}},
    {"heartbeatIvl",
     [](S s) { return s.heartbeat_interval.count(); },
     {{"0", 0}, {"3600000", kHour}},
     {"-1", "3600001"}},
    {"heartbeatTimeout",
     [](S s) { return s.heartbeat_timeout.value().count(); },
     {{"1", 1}, {"3600000", kHour}},
     {"0", "3600001"}},
    {"heartbeatTTL",
     [](S s) { return s.heartbeat_ttl.value().count(); },
     {{"0", 0}, {"6553599", 6553599}},
     {"-1", "6553600"}},
    {"keepAlive.time",
     [](S s) -> std::int64_t { return s.keep_alive_time_s; },
     {{"1", 1}, {"32767", 32767}},
     {"0", "32768"}},
    {"keepAlive.interval",
     [](S s) -> std::int64_t { return s.keep_alive_interval_s; },
     {{"1", 1}, {"32767", 32767}},
     {"0", "32768"}},
    {"keepAlive.probes",
     [](S s) -> std::int64_t { return s.keep_alive_probes; },
     {{"1", 1}, {"127", 127}},
     {"0", "128"}},
    {"compression.level",
     [](S s) -> std::int64_t { return s.compression_level.value(); },
     {{"-7", -7}, {"22", 22}},
     {"-8", "23"}},
    {"beat.interval",
     [](S s) { return s.beat_interval.count(); },
     {{"0", 0}, {"3600000", kHour}},
     {"-1", "3600001"}},
    {"waitForPeers",
     [](S s) -> std::int64_t { return s.wait_for_peers; },
     {{"0", 0}, {"1000", 1000}},
     {"-1", "1001"}},
    {"ipcMode",
     [](S s) -> std::int64_t { return s.ipc_mode; },
     {{"0000", 0}, {"0777", 0777}, {"660", 0660}},
     {"-1", "1000"}},
};

TEST(Parameters, TakeBothEndsOfTheirRanges) {
  for (const Range& range : kRanges) {
    for (const auto& [text, expected] : range.good) {
      EXPECT_EQ(refusal_of(range.name, {text}), "");
      EXPECT_EQ(range.value(with(range.name, {text})), expected) << range.name << '=' << text;
    }
  }
}

TEST(Parameters, RefuseWhatIsOneBeyondTheirRanges) {
  for (const Range& range : kRanges) {
    for (const std::string& text : range.beyond)
      EXPECT_NE(refusal_of(range.name, {text}), "") << range.name << '=' << text;
  }
}

TEST(Parameters, NameTheValueAndTheRangeWhenTheyRefuse) {
  for (const Range& range : kRanges) {
    std::vector<std::string> wrong = range.beyond;
    wrong.insert(wrong.end(), {"", "much", "1.5", " 1", "99999999999999999999999"});
    const std::string right = range.name == std::string("ipcMode")
                                  ? "from 0000 to 0777"
                                  : std::string(row_of(range.name).type);
    for (const std::string& text : wrong) {
      const std::string refusal = refusal_of(range.name, {text});
      EXPECT_NE(refusal.find("'" + text + "'"), std::string::npos) << range.name << '=' << text;
      EXPECT_NE(refusal.find(right), std::string::npos) << refusal;
    }
  }
}

// ---- Parameters with words

struct Words {
  const char* name;
  std::vector<std::string> words;
};

const std::vector<Words>& words() {
  static const std::vector<Words> all{
      {"sockType", {"PUB", "PUSH", "DEALER"}},
      {"format", {"raw", "lines", "packed"}},
      {"compression.driver", {"none", "zstd", "lz4"}},
      {"handoff.full", {"suspend", "dropNewest", "dropOldest"}},
      {"confirm", {"handoff", "sent", "acked"}},
      {"dynaTopic", {"on", "off"}},
      {"topicFrame", {"on", "off"}},
      {"keepAlive", {"on", "off"}},
      {"immediate", {"on", "off"}},
      {"ipv6", {"on", "off"}},
  };
  return all;
}

TEST(Parameters, TakeTheirWordsInAnyCase) {
  for (const Words& parameter : words()) {
    for (const std::string& word : parameter.words) {
      EXPECT_EQ(refusal_of(parameter.name, {word}), "");
      EXPECT_EQ(refusal_of(parameter.name, {to_lower(word)}), "");
    }
  }
}

TEST(Parameters, NameTheWordsThatAreRightWhenTheyRefuseOne) {
  for (const Words& parameter : words()) {
    for (const std::string wrong : {"", "maybe", "gzip", "PULL", "1", "on,off"}) {
      const std::string refusal = refusal_of(parameter.name, {wrong});
      EXPECT_NE(refusal.find("'" + wrong + "'"), std::string::npos) << parameter.name;
      for (const std::string& word : parameter.words)
        EXPECT_NE(refusal.find(word), std::string::npos) << refusal;
    }
  }
}

TEST(Parameters, MeanWhatTheirWordsSay) {
  EXPECT_EQ(with("sockType", {"pub"}).sock_type, SocketType::kPub);
  EXPECT_EQ(with("sockType", {"PUSH"}).sock_type, SocketType::kPush);
  EXPECT_EQ(with("sockType", {"Dealer"}).sock_type, SocketType::kDealer);
  EXPECT_EQ(with("format", {"raw"}).format, Format::kRaw);
  EXPECT_EQ(with("format", {"lines"}).format, Format::kLines);
  EXPECT_EQ(with("format", {"packed"}).format, Format::kPacked);
  EXPECT_EQ(with("compression.driver", {"none"}).compression_driver, Compression::kNone);
  EXPECT_EQ(with("compression.driver", {"zstd"}).compression_driver, Compression::kZstd);
  EXPECT_EQ(with("compression.driver", {"LZ4"}).compression_driver, Compression::kLz4);
  EXPECT_EQ(with("handoff.full", {"suspend"}).handoff_full, WhenFull::kSuspend);
  EXPECT_EQ(with("handoff.full", {"dropnewest"}).handoff_full, WhenFull::kDropNewest);
  EXPECT_EQ(with("handoff.full", {"dropOldest"}).handoff_full, WhenFull::kDropOldest);
  EXPECT_EQ(with("confirm", {"handoff"}).confirm, Confirm::kHandoff);
  EXPECT_EQ(with("confirm", {"Sent"}).confirm, Confirm::kSent);
  EXPECT_EQ(with("confirm", {"acked"}).confirm, Confirm::kAcked);
  EXPECT_TRUE(with("dynaTopic", {"on"}).dyna_topic);
  EXPECT_EQ(with("topicFrame", {"off"}).topic_frame, false);
  EXPECT_FALSE(with("keepAlive", {"off"}).keep_alive);
  EXPECT_FALSE(with("immediate", {"off"}).immediate);
  EXPECT_FALSE(with("ipv6", {"off"}).ipv6);
}

TEST(Parameters, SayWhyADraftSocketTypeIsRefused) {
  for (const std::string draft : {"RADIO", "dish", "SCATTER", "GATHER", "CLIENT", "Server"}) {
    const std::string refusal = refusal_of("sockType", {draft});
    EXPECT_NE(refusal.find("'" + draft + "' is a draft"), std::string::npos) << refusal;
    EXPECT_NE(refusal.find("PUB, PUSH or DEALER"), std::string::npos) << refusal;
  }
}

TEST(Parameters, KnowWhetherRsyslogTriesForEver) {
  EXPECT_TRUE(with("action.resumeRetryCount", {"-1"}).retries_for_ever);
  EXPECT_FALSE(with("action.resumeRetryCount", {"0"}).retries_for_ever);
  EXPECT_FALSE(with("action.resumeRetryCount", {"1"}).retries_for_ever);
}

TEST(Parameters, KnowWhetherTheActionHasAQueueOfItsOwn) {
  EXPECT_FALSE(with("name", {"x"}).has_own_queue);
  EXPECT_TRUE(with("queue.type", {"LinkedList"}).has_own_queue);
  EXPECT_TRUE(with("queue.type", {"disk"}).has_own_queue);
  EXPECT_FALSE(with("queue.type", {"direct"}).has_own_queue);
}

TEST(Parameters, KnowWhetherTheActionIsSwitchedOff) {
  EXPECT_TRUE(Settings().is_enabled);
  EXPECT_TRUE(with("config.enabled", {"on"}).is_enabled);
  // As rsyslog has it: all else is off.
  for (const char* off : {"off", "ON", "yes"})
    EXPECT_FALSE(with("config.enabled", {off}).is_enabled);
}

// ---- All of them

TEST(Parameters, AreAllTestedHere) {
  std::vector<std::string> tested{
      "endpoints",  "identity",      "template",  "topics", "deadLetterFile",
      "spoolFile",  "socketOptions", "statsName", "name",   "action.resumeRetryCount",
      "queue.type", "config.enabled"};
  // In curve_settings_test.cpp.
  for (const char* name : {"curve.mode", "curve.certFile", "curve.serverKey", "curve.clients"})
    tested.emplace_back(name);
  for (const Range& range : kRanges) tested.emplace_back(range.name);
  for (const Words& parameter : words()) tested.emplace_back(parameter.name);
  std::vector<std::string> rows;
  for (const auto& row : action_parameters()) rows.emplace_back(row.name);
  std::sort(tested.begin(), tested.end());
  std::sort(rows.begin(), rows.end());
  EXPECT_EQ(tested, rows);
}

TEST(Parameters, HaveNamesThatDifferInMoreThanCase) {
  std::vector<std::string> names;
  for (const auto& row : action_parameters()) names.push_back(to_lower(row.name));
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Parameters, RefuseNamesThatAreUnknown) {
  for (const char* name : {"nonsense", "", "spool.file", "curve.key"})
    EXPECT_NE(refusal_of(name, {"x"}).find("no such parameter"), std::string::npos) << name;
}

TEST(Parameters, RefuseToHaveNoValue) {
  for (const auto& row : action_parameters())
    EXPECT_NE(refusal_of(row.name, {}).find("no value"), std::string::npos) << row.name;
}

TEST(Parameters, NoteWhichOfThemWereGiven) {
  const Settings settings = with("batch.maxBytes", {"1k"});
  EXPECT_TRUE(settings.was_given("batch.maxbytes"));
  EXPECT_FALSE(settings.was_given("batch.linger"));
  ASSERT_NE(settings.given_value("batch.maxbytes"), nullptr);
  EXPECT_EQ(*settings.given_value("batch.maxbytes"), "1k");
  EXPECT_EQ(*with("topics", {"a", "b"}).given_value("topics"), "a,b");
}

TEST(Parameters, ChangeNothingWhenTheyRefuse) {
  Settings settings;
  EXPECT_NE(refusal_of(settings, "batch.maxBytes", {"0"}), "");
  EXPECT_EQ(settings.batch_max_bytes, Settings().batch_max_bytes);
  EXPECT_FALSE(settings.was_given("batch.maxbytes"));
}

}  // namespace
}  // namespace omzmq
