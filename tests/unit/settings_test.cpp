// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/settings.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/config_error.hpp"
#include "core/parameters.hpp"
#include "core/pass_over.hpp"

namespace omzmq {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;  // lower-case name, value

Settings settings_of(const Given& given) {
  Settings settings;
  for (const auto& [name, value] : given) set_parameter(settings, name, std::vector{value});
  return settings;
}

// A PUSH that connects, which is right, and what is given besides.
Given push_and(Given given) {
  given.insert(given.begin(), {{"socktype", "PUSH"}, {"endpoints", "tcp://127.0.0.1:5555"}});
  return given;
}

Given pub_and(Given given) {
  given.insert(given.begin(), {{"socktype", "PUB"}, {"endpoints", "tcp://127.0.0.1:5555"}});
  return given;
}

// The parameter that validate() names and what it says, or nothing.
std::pair<std::string, std::string> refusal_of(const Given& given) {
  try {
    settings_of(given).validate();
  } catch (const ConfigError& error) {
    return {error.parameter(), error.what()};
  }
  return {};
}

void expect_refused(const Given& given, const std::string& parameter,
                    std::initializer_list<const char*> parts) {
  const auto [named, text] = refusal_of(given);
  EXPECT_EQ(named, parameter) << text;
  for (const char* part : parts) EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(Validate, IsContentWithTheLeast) {
  EXPECT_EQ(refusal_of(push_and({})).second, "");
  EXPECT_EQ(refusal_of(pub_and({})).second, "");
}

TEST(Validate, WantsEndpointsAndASocketType) {
  expect_refused({{"socktype", "PUSH"}}, "endpoints", {"missing", "tcp://"});
  expect_refused({{"endpoints", "tcp://127.0.0.1:1"}}, "sockType", {"missing", "PUB, PUSH"});
}

TEST(Validate, RefusesAnEndpointThatIsThereTwice) {
  expect_refused({{"socktype", "PUSH"}, {"endpoints", "tcp://a:1,tcp://b:1,>tcp://a:1"}},
                 "endpoints", {"'tcp://a:1'", "twice"});
  expect_refused({{"socktype", "PUSH"}, {"endpoints", "tcp://a:1,@tcp://a:1"}}, "endpoints",
                 {"'tcp://a:1'", "bound and connected to"});
}

// ---- What omczmq takes and does nothing with

// The lines, joined, and the settings without what they tell of.
std::pair<std::string, Settings> passed_over(const Given& given) {
  Settings settings = settings_of(given);
  std::string text;
  for (const std::string& line : pass_over(settings)) text += line + "|";
  EXPECT_NO_THROW(settings.validate()) << text;
  return {text, settings};
}

TEST(PassOver, TakesOutTopicsOfWhatIsNoPub) {
  const auto [text, settings] = passed_over(push_and({{"topics", "a,b"}, {"dynatopic", "on"}}));
  EXPECT_EQ(text, "topics: 'a,b' has no effect: only sockType=\"PUB\" has topics|");
  EXPECT_TRUE(settings.topics.empty());
  EXPECT_EQ(settings.templates().size(), 1U);
  const auto [none, pub] = passed_over(pub_and({{"topics", "a,b"}}));
  EXPECT_EQ(none, "");
  EXPECT_EQ(pub.topics.size(), 2U);
}

TEST(PassOver, TakesOutHeartbeatDetailsOfOmczmqThatHaveNoEffect) {
  const auto [alone, settings] =
      passed_over(push_and({{"heartbeattimeout", "300"}, {"heartbeatttl", "50"}}));
  EXPECT_EQ(alone,
            "heartbeatTimeout: '300' has no effect: there is no heartbeatIvl, or 0 there|"
            "heartbeatTTL: '50' has no effect: there is no heartbeatIvl, or 0 there|");
  EXPECT_FALSE(settings.heartbeat_timeout);
  EXPECT_FALSE(settings.heartbeat_ttl);
}

TEST(PassOver, TakesOutATimeToLiveThatWouldDoHarmOrNothing) {
  for (const auto& [interval, ttl, why] :
       {std::tuple{"10", "99", "units of 100 ms"},
        {"1000", "500", "less than heartbeatIvl, which is 1000 ms"}}) {
    const auto [text, settings] =
        passed_over(push_and({{"heartbeativl", interval}, {"heartbeatttl", ttl}}));
    EXPECT_NE(text.find(why), std::string::npos) << text;
    EXPECT_EQ(text.find("heartbeat."), std::string::npos) << "a name that nobody wrote: " << text;
    EXPECT_FALSE(settings.heartbeat_ttl);
  }
  const auto [text, settings] =
      passed_over(push_and({{"heartbeativl", "100"}, {"heartbeatttl", "100"}}));
  EXPECT_EQ(text, "");
  EXPECT_TRUE(settings.heartbeat_ttl);
}

TEST(PassOver, LeavesOurOwnNamesToTheCheck) {
  Settings settings = settings_of(push_and({{"heartbeat.ttl", "50"}}));
  EXPECT_TRUE(pass_over(settings).empty());
  EXPECT_THROW(settings.validate(), ConfigError);
  expect_refused(push_and({{"heartbeativl", "1000"}, {"heartbeat.ttl", "500"}}), "heartbeat.ttl",
                 {"less than heartbeatIvl"});
}

TEST(Validate, WantsTopicsForDynamicTopics) {
  expect_refused(pub_and({{"dynatopic", "on"}}), "dynaTopic", {"topics"});
}

TEST(Validate, RefusesAFifthDynamicTopic) {
  EXPECT_EQ(refusal_of(pub_and({{"dynatopic", "on"}, {"topics", "a,b,c,d"}})).second, "");
  expect_refused(pub_and({{"dynatopic", "on"}, {"topics", "a,b,c,d,fifth"}}), "topics",
                 {"there are 5", "at most 4"});
  EXPECT_EQ(refusal_of(pub_and({{"topics", "a,b,c,d,e"}})).second, "");
}

TEST(Validate, RefusesTheFifthDynamicTopicByItsName) {
  expect_refused(pub_and({{"dynatopic", "on"}, {"topics", "a,b,c,d,fifth"}}), "topics", {"fifth"});
}

TEST(Validate, RefusesManyMessagesInAFrameWithoutATopicFrame) {
  for (const char* format : {"lines", "packed"}) {
    expect_refused(pub_and({{"format", format}, {"topics", "a"}, {"topicframe", "off"}}),
                   "topicFrame", {"'off'", "raw"});
    EXPECT_EQ(
        refusal_of(pub_and({{"format", format}, {"topics", "a"}, {"topicframe", "on"}})).second,
        "");
  }
}

TEST(Validate, RefusesBatchParametersWithRaw) {
  for (const auto& [lower, name, value] :
       {std::tuple("batch.maxmessages", "batch.maxMessages", "10"),
        std::tuple("batch.maxbytes", "batch.maxBytes", "1k"),
        std::tuple("batch.linger", "batch.linger", "5")}) {
    expect_refused(push_and({{lower, value}}), name, {"raw", "lines", "packed"});
    EXPECT_EQ(refusal_of(push_and({{"format", "lines"}, {lower, value}})).second, "");
    EXPECT_EQ(refusal_of(push_and({{"format", "packed"}, {lower, value}})).second, "");
  }
}

TEST(Validate, RefusesParametersOfThePackedFormatWithOthers) {
  for (const auto& [lower, name, value] :
       {std::tuple("compression.driver", "compression.driver", "zstd"),
        std::tuple("compression.level", "compression.level", "3"),
        std::tuple("beat.interval", "beat.interval", "10")}) {
    for (const char* format : {"raw", "lines"})
      expect_refused(push_and({{"format", format}, {lower, value}}), name, {"packed"});
  }
  EXPECT_EQ(refusal_of(push_and({{"format", "packed"}, {"beat.interval", "0"}})).second, "");
}

TEST(Validate, RefusesMoreTopicsThanStreamsAreKept) {
  std::string topics = "0";
  for (int i = 1; i < 16384; ++i) topics += "," + std::to_string(i);
  EXPECT_EQ(refusal_of(pub_and({{"topics", topics}})).second, "");
  expect_refused(pub_and({{"topics", topics + ",more"}}), "topics", {"16385", "16384"});
}

TEST(Validate, WantsALevelOfTheDriver) {
  const auto packed = [](const char* driver, const char* level) {
    return push_and(
        {{"format", "packed"}, {"compression.driver", driver}, {"compression.level", level}});
  };
  expect_refused(packed("none", "3"), "compression.level", {"zstd", "lz4"});
  for (const char* level : {"-1", "13"})
    expect_refused(packed("lz4", level), "compression.level", {level, "0 to 12"});
  for (const char* level : {"0", "12"}) EXPECT_EQ(refusal_of(packed("lz4", level)).second, "");
  for (const char* level : {"-7", "0", "22"})
    EXPECT_EQ(refusal_of(packed("zstd", level)).second, "");
}

TEST(Validate, RefusesAParameterBesideItsOldName) {
  expect_refused(push_and({{"sendtimeout", "1"}, {"handoff.timeout", "1"}}), "sendTimeout",
                 {"handoff.timeout"});
  expect_refused(push_and({{"heartbeativl", "1"}, {"heartbeat.interval", "1"}}), "heartbeatIvl",
                 {"heartbeat.interval"});
  expect_refused(
      push_and({{"heartbeativl", "1"}, {"heartbeattimeout", "1"}, {"heartbeat.timeout", "1"}}),
      "heartbeatTimeout", {"heartbeat.timeout"});
  expect_refused(push_and({{"heartbeativl", "1"}, {"heartbeatttl", "1"}, {"heartbeat.ttl", "1"}}),
                 "heartbeatTTL", {"heartbeat.ttl"});
}

TEST(Validate, HasAnIdentityForDealerOnly) {
  expect_refused(push_and({{"identity", "me"}}), "identity", {"'me'", "DEALER"});
  EXPECT_EQ(
      refusal_of({{"socktype", "DEALER"}, {"endpoints", "tcp://a:1"}, {"identity", "me"}}).second,
      "");
}

// What confirm="acked" needs, and what is given besides.
Given acked_and(Given given) {
  given.insert(given.begin(), {{"socktype", "DEALER"},
                               {"endpoints", "tcp://127.0.0.1:5555"},
                               {"format", "packed"},
                               {"confirm", "acked"}});
  return given;
}

TEST(Validate, HasReceiversThatAnswerWithDealerAndPackedOnly) {
  EXPECT_EQ(refusal_of(acked_and({})).second, "");
  for (const char* type : {"PUSH", "PUB"}) {
    expect_refused(acked_and({{"socktype", type}}), "confirm", {"'acked'", "DEALER", "packed"});
  }
  for (const char* format : {"raw", "lines"}) {
    expect_refused(acked_and({{"format", format}}), "confirm", {"'acked'", "DEALER", "packed"});
  }
  for (const char* format : {"raw", "lines", "packed"}) {
    EXPECT_EQ(refusal_of(push_and({{"format", format}, {"confirm", "sent"}})).second, "");
    EXPECT_EQ(refusal_of(pub_and({{"format", format}, {"confirm", "sent"}})).second, "");
  }
}

TEST(Validate, DropsNothingThatAWorkerWaitsFor) {
  for (const char* full : {"dropNewest", "dropOldest"}) {
    expect_refused(push_and({{"confirm", "sent"}, {"handoff.full", full}}), "handoff.full",
                   {"suspend", "sent"});
    expect_refused(acked_and({{"handoff.full", full}}), "handoff.full", {"suspend", "acked"});
    EXPECT_EQ(refusal_of(push_and({{"confirm", "handoff"}, {"handoff.full", full}})).second, "");
  }
  EXPECT_EQ(refusal_of(acked_and({{"handoff.full", "suspend"}})).second, "");
}

TEST(Validate, RefusesParametersOfAcknowledgementsWithoutThem) {
  for (const auto& [name, value] :
       {std::pair("ack.timeout", "1000"), std::pair("ack.window", "8")}) {
    EXPECT_EQ(refusal_of(acked_and({{name, value}})).second, "");
    for (const char* confirm : {"handoff", "sent"})
      expect_refused(push_and({{"confirm", confirm}, {name, value}}), name, {"acked"});
    expect_refused(push_and({{name, value}}), name, {"acked"});
  }
}

TEST(Validate, WantsASpoolFileThatIsNotTheDeadLetterFile) {
  expect_refused(push_and({{"spoolfile", "/var/x"}, {"deadletterfile", "/var/x"}}), "spoolFile",
                 {"'/var/x'", "deadLetterFile"});
  EXPECT_EQ(refusal_of(push_and({{"spoolfile", "/var/x"}, {"deadletterfile", "/var/y"}})).second,
            "");
  EXPECT_EQ(refusal_of(push_and({{"spoolfile", "/var/x"}})).second, "");
}

TEST(Validate, HasPubAloneWaitForPeers) {
  expect_refused(push_and({{"waitforpeers", "2"}}), "waitForPeers", {"'2'", "PUB"});
  expect_refused({{"socktype", "DEALER"}, {"endpoints", "tcp://a:1"}, {"waitforpeers", "1"}},
                 "waitForPeers", {"'1'", "PUB"});
  EXPECT_EQ(refusal_of(pub_and({{"waitforpeers", "2"}})).second, "");
  EXPECT_EQ(refusal_of(push_and({{"waitforpeers", "0"}})).second, "");
}

TEST(Validate, RefusesAReconnectLimitBelowTheInterval) {
  expect_refused(push_and({{"reconnect.interval", "200"}, {"reconnect.maxinterval", "199"}}),
                 "reconnect.maxInterval", {"'199'", "200 ms"});
  EXPECT_EQ(refusal_of(push_and({{"reconnect.interval", "200"}, {"reconnect.maxinterval", "200"}}))
                .second,
            "");
  EXPECT_EQ(refusal_of(push_and({{"reconnect.interval", "60000"}})).second, "");
}

TEST(Validate, RefusesHeartbeatDetailsWithoutHeartbeats) {
  expect_refused(push_and({{"heartbeat.timeout", "100"}}), "heartbeat.timeout",
                 {"heartbeat.interval"});
  expect_refused(push_and({{"heartbeat.ttl", "100"}}), "heartbeat.ttl", {"heartbeat.interval"});
  expect_refused(push_and({{"heartbeativl", "0"}, {"heartbeat.ttl", "100"}}), "heartbeat.ttl",
                 {"heartbeat.interval"});
  EXPECT_EQ(refusal_of(push_and({{"heartbeativl", "1"}, {"heartbeattimeout", "1"}})).second, "");
}

TEST(Settings, BindAsPubAndConnectOtherwise) {
  const Endpoint undecided = parse_endpoint("tcp://a:1");
  Settings settings;
  settings.sock_type = SocketType::kPub;
  EXPECT_TRUE(settings.binds(undecided));
  EXPECT_FALSE(settings.binds(parse_endpoint(">tcp://a:1")));
  for (const auto type : {SocketType::kPush, SocketType::kDealer}) {
    settings.sock_type = type;
    EXPECT_FALSE(settings.binds(undecided));
    EXPECT_TRUE(settings.binds(parse_endpoint("@tcp://a:1")));
  }
}

TEST(Settings, HaveATopicFrameAlwaysInLinesAndWhenAskedInRaw) {
  Settings settings;
  EXPECT_FALSE(settings.has_topic_frame());
  settings.topic_frame = true;
  EXPECT_TRUE(settings.has_topic_frame());
  settings.topic_frame.reset();
  settings.format = Format::kLines;
  EXPECT_TRUE(settings.has_topic_frame());
}

TEST(Settings, HaveAHighWaterMarkThatSuitsTheFormat) {
  Settings settings;
  EXPECT_EQ(settings.effective_send_hwm(), 100000);
  settings.format = Format::kLines;
  EXPECT_EQ(settings.effective_send_hwm(), 256);
  settings.dyna_topic = true;
  EXPECT_EQ(settings.effective_send_hwm(), 4096);
  settings.send_hwm = 0;
  EXPECT_EQ(settings.effective_send_hwm(), 0);
}

TEST(Settings, ReconnectNoSlowerThanTheyBegin) {
  Settings settings;
  EXPECT_EQ(settings.effective_reconnect_max_interval(), Settings::Ms(5000));
  settings.reconnect_interval = Settings::Ms(7000);
  EXPECT_EQ(settings.effective_reconnect_max_interval(), Settings::Ms(7000));
  settings.reconnect_max_interval = Settings::Ms(8000);
  EXPECT_EQ(settings.effective_reconnect_max_interval(), Settings::Ms(8000));
}

TEST(Settings, AreShownByStatsNameThenActionNameThenEndpoint) {
  Settings settings = settings_of(push_and({}));
  EXPECT_EQ(settings.display_name(), "omzmq:tcp://127.0.0.1:5555");
  settings.action_name = "to hub";
  EXPECT_EQ(settings.display_name(), "to hub");
  settings.stats_name = "hub";
  EXPECT_EQ(settings.display_name(), "hub");
}

TEST(Settings, HaveThePayloadsTemplateThenThoseOfTheTopics) {
  EXPECT_EQ(settings_of(pub_and({{"topics", "a,b"}})).templates(),
            (std::vector<std::string>{"RSYSLOG_ForwardFormat"}));
  EXPECT_EQ(
      settings_of(pub_and({{"topics", "a,b"}, {"dynatopic", "on"}, {"template", "t"}})).templates(),
      (std::vector<std::string>{"t", "a", "b"}));
}

}  // namespace
}  // namespace omzmq
