// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// What docs/configuration.md shows to be refused is tested by documents_test.cpp; here is what is
// near to that and has to pass, and what one action alone cannot show.
#include "core/checks.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "core/bind_address.hpp"
#include "core/config_error.hpp"
#include "core/parameters.hpp"
#include "core/socket_options.hpp"
#include "support/files.hpp"

namespace omzmq {
namespace {

using Given = std::vector<std::pair<std::string, std::string>>;

Settings settings_of(const Given& given) {
  Settings settings;
  for (const auto& [name, value] : given)
    set_parameter(settings, to_lower(name), std::vector{value});
  return settings;
}

Settings push_to(const std::string& endpoints, Given given = {}) {
  given.insert(given.begin(), {{"sockType", "PUSH"}, {"endpoints", endpoints}});
  return settings_of(given);
}

// What the check says, or nothing.
template <typename Check>
std::string said_by(Check check) {
  try {
    check();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

std::string refusal_of(const Settings& settings) {
  return said_by([&] { settings.validate(); });
}

std::string conflict_of(const Settings& one, const Settings& other) {
  return said_by([&] { check_against(one, "other", other); });
}

// ---- What passes

TEST(Check, PassesWhatHasAnEffect) {
  const std::string tcp = "tcp://127.0.0.1:5555";
  for (const Settings& good :
       {push_to(tcp, {{"keepAlive", "on"}, {"keepAlive.time", "60"}, {"ipv6", "off"}}),
        push_to(tcp, {{"keepAlive", "off"}}), push_to(tcp, {{"immediate", "off"}}),
        push_to("@" + tcp + ",tcp://127.0.0.1:5556", {{"reconnect.interval", "10"}}),
        push_to("ipc:///run/x", {{"reconnect.maxInterval", "200"}, {"immediate", "on"}}),
        push_to("@ipc:///run/x", {{"ipcMode", "0222"}}),
        push_to("ipc:///run/x,@ipc:///run/y", {{"ipcMode", "0600"}}),
        push_to("ipc:///run/x," + tcp, {{"keepAlive.probes", "2"}}),
        push_to("tcp://[::1]:5555", {{"ipv6", "on"}}),
        push_to(tcp, {{"heartbeat.interval", "1000"}, {"heartbeat.ttl", "1000"}}),
        push_to(tcp, {{"heartbeat.interval", "1000"}, {"heartbeat.ttl", "0"}}),
        push_to(tcp, {{"handoff.size", "1m"}, {"maxMessageSize", "1m"}}),
        push_to(tcp, {{"handoff.size", "64k"}, {"maxMessageSize", "1m"}}),
        push_to(tcp, {{"handoff.size", "64k"}, {"handoff.full", "dropNewest"}}),
        push_to(tcp, {{"maxMessageSize", "1g"}}),
        push_to(tcp, {{"format", "lines"}, {"batch.linger", "5"}, {"confirm", "handoff"}}),
        push_to(tcp, {{"socketOptions", "tcp_maxrt=100"}}),
        push_to("@ipc:///run/x", {{"socketOptions", "backlog=5"}}),
        // What omczmq took on endpoints of any kind.
        push_to("@" + tcp, {{"connectTimeout", "1000"}})}) {
    EXPECT_EQ(refusal_of(good), "") << good.endpoints.front().address;
  }
}

TEST(Check, PassesValuesThatSayWhatHappensAnyway) {
  const std::string tcp = "tcp://127.0.0.1:5555";
  for (const Settings& good :
       {push_to(tcp,
                {{"handoff.size", "1m"}, {"maxMessageSize", "4m"}, {"handoff.full", "dropNewest"}}),
        push_to(tcp, {{"format", "lines"}, {"batch.linger", "0"}, {"confirm", "sent"}}),
        push_to(tcp, {{"batch.maxMessages", "1"}, {"batch.linger", "0"}}),
        push_to(tcp, {{"compression.driver", "NONE"}, {"beat.interval", "0"}}),
        push_to(tcp, {{"format", "lines"}, {"compression.driver", "none"}, {"beat.interval", "0"}}),
        push_to(tcp, {{"heartbeat.ttl", "0"}}), push_to("@" + tcp, {{"immediate", "on"}}),
        push_to("ipc:///run/x", {{"keepAlive", "off"}, {"ipv6", "off"}}),
        settings_of({{"sockType", "PUB"}, {"endpoints", tcp}, {"immediate", "on"}})}) {
    EXPECT_EQ(refusal_of(good), "");
  }
}

TEST(Check, PassesAPubThatWaitsForWhatCanCome) {
  const auto pub = [](const std::string& endpoints) {
    return settings_of({{"sockType", "PUB"}, {"endpoints", endpoints}, {"waitForPeers", "2"}});
  };
  EXPECT_EQ(refusal_of(pub("tcp://*:5555")), "");
  EXPECT_EQ(refusal_of(pub(">tcp://a:1,>tcp://b:1")), "");
  EXPECT_EQ(refusal_of(pub(">tcp://a:1,@ipc:///run/x")), "");
  EXPECT_NE(refusal_of(pub(">tcp://a:1")), "");
}

// ---- Addresses

bool overlapping(const std::string& one, const std::string& other, bool ipv6 = true) {
  const Endpoint a = parse_endpoint(one);
  const Endpoint b = parse_endpoint(other);
  const bool answer = overlap({a, ipv6}, {b, ipv6});
  EXPECT_EQ(overlap({b, ipv6}, {a, ipv6}), answer) << one << ' ' << other;
  return answer;
}

TEST(Bind, OverlapsWhereOneAddressTakesInTheOther) {
  for (const auto& [one, other] : std::vector<std::pair<const char*, const char*>>{
           {"tcp://*:5", "tcp://*:5"},
           {"tcp://*:5", "tcp://127.0.0.1:5"},
           {"tcp://*:5", "tcp://[::1]:5"},
           {"tcp://*:5", "tcp://eth0:5"},
           {"tcp://0.0.0.0:5", "tcp://127.0.0.1:5"},
           {"tcp://0.0.0.0:5", "tcp://*:5"},
           {"tcp://[::]:5", "tcp://127.0.0.1:5"},
           {"tcp://[::]:5", "tcp://0.0.0.0:5"},
           {"tcp://[::1]:5", "tcp://[0:0::1]:5"},
           {"tcp://127.0.0.1:5", "tcp://127.1:5"},
           {"tcp://127.0.0.1:5", "tcp://127.0.0.1:005"},
           {"tcp://ETH0:5", "tcp://eth0:5"},
           {"ipc:///a/b", "ipc:///a//b"},
           {"ipc:///a/b", "ipc:///a/./c/../b"},
           {"ipc://@name", "ipc://@name"}}) {
    EXPECT_TRUE(overlapping(one, other)) << one << ' ' << other;
  }
}

TEST(Bind, DoesNotOverlapOtherwise) {
  for (const auto& [one, other] :
       std::vector<std::pair<const char*, const char*>>{{"tcp://*:5", "tcp://*:6"},
                                                        {"tcp://*:*", "tcp://*:*"},
                                                        {"tcp://*:*", "tcp://*:5"},
                                                        {"tcp://127.0.0.1:5", "tcp://127.0.0.2:5"},
                                                        {"tcp://127.0.0.1:5", "tcp://[::1]:5"},
                                                        {"tcp://0.0.0.0:5", "tcp://[::1]:5"},
                                                        {"tcp://eth0:5", "tcp://eth1:5"},
                                                        {"tcp://eth0:5", "tcp://127.0.0.1:5"},
                                                        {"ipc:///a/b", "ipc:///a/c"},
                                                        {"ipc:///name", "ipc://@name"},
                                                        {"ipc://@a/b", "ipc://@a//b"},
                                                        {"ipc:///a", "tcp://*:5"}}) {
    EXPECT_FALSE(overlapping(one, other)) << one << ' ' << other;
  }
}

TEST(Bind, OfAllAddressesLeavesIpv6OutWhereItIsOff) {
  EXPECT_TRUE(overlapping("tcp://*:5", "tcp://127.0.0.1:5", false));
  EXPECT_FALSE(overlapping("tcp://*:5", "tcp://[::1]:5", false));
}

TEST(Bind, OfALinkLocalAddressIsOfIpv6Alone) {
  EXPECT_FALSE(overlapping("tcp://[fe80::1%eth0]:5", "tcp://0.0.0.0:5"));
  EXPECT_FALSE(overlapping("tcp://[fe80::1%eth0]:5", "tcp://[fe80::1%eth1]:5"));
  EXPECT_TRUE(overlapping("tcp://[fe80::1%eth0]:5", "tcp://[fe80:0::1%eth0]:5"));
  EXPECT_TRUE(overlapping("tcp://[fe80::1%eth0]:5", "tcp://*:5"));
}

TEST(Bind, OnTwoDevicesDoesNotOverlap) {
  const auto on = [](const std::string& device) {
    return push_to("@tcp://*:5", {{"socketOptions", "bindtodevice=" + device}});
  };
  EXPECT_EQ(conflict_of(on("eth0"), on("eth1")), "");
  EXPECT_NE(conflict_of(on("eth0"), on("eth0")), "");
  EXPECT_NE(conflict_of(on("eth0"), push_to("@tcp://*:5")), "");
}

// ---- Two actions

TEST(TwoActions, CannotBindTheSame) {
  const std::string text = conflict_of(push_to("@tcp://127.0.0.1:5"), push_to("@tcp://*:5"));
  for (const char* part : {"endpoints: ", "'tcp://127.0.0.1:5'", "'other'", "'tcp://*:5'"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
  EXPECT_EQ(conflict_of(push_to("tcp://127.0.0.1:5"), push_to("@tcp://*:5")), "");
  EXPECT_EQ(conflict_of(push_to("@tcp://127.0.0.1:5"), push_to("tcp://127.0.0.1:5")), "");
}

TEST(TwoActions, CannotSaveToTheSameFile) {
  const Settings one = push_to("tcp://a:1", {{"spoolFile", "/v/one"}});
  EXPECT_NE(conflict_of(one, push_to("tcp://a:1", {{"spoolFile", "/v//one"}})).find("spoolFile: "),
            std::string::npos);
  EXPECT_EQ(conflict_of(one, push_to("tcp://a:1", {{"spoolFile", "/v/two"}})), "");
  EXPECT_EQ(conflict_of(one, push_to("tcp://a:1")), "");
  const Settings dead = push_to("tcp://a:1", {{"deadLetterFile", "/v/one"}});
  EXPECT_NE(conflict_of(one, dead).find("spoolFile: '/v/one'"), std::string::npos);
  EXPECT_NE(conflict_of(dead, one).find("deadLetterFile: '/v/one'"), std::string::npos);
  EXPECT_EQ(conflict_of(dead, dead), "") << "its lines name their action";
}

TEST(TwoActions, CannotShareAnIdentityAtOneReceiver) {
  const auto dealer = [](const std::string& endpoints, const std::string& identity) {
    return settings_of({{"sockType", "DEALER"}, {"endpoints", endpoints}, {"identity", identity}});
  };
  const std::string text =
      conflict_of(dealer("tcp://a:1,tcp://b:1", "me"), dealer("tcp://b:1", "me"));
  for (const char* part : {"identity: 'me'", "'other'", "'tcp://b:1'"})
    EXPECT_NE(text.find(part), std::string::npos) << text;
  EXPECT_EQ(conflict_of(dealer("tcp://a:1", "me"), dealer("tcp://b:1", "me")), "");
  EXPECT_EQ(conflict_of(dealer("tcp://a:1", "me"), dealer("tcp://a:1", "you")), "");
  EXPECT_EQ(conflict_of(dealer("@tcp://a:1", "me"), dealer("tcp://a:1", "me")), "");
}

TEST(TwoActions, HaveTheIoThreadsOfTheModule) {
  ModuleSettings module;
  const auto said = [&](const std::string& mask) {
    const Settings settings = push_to("tcp://a:1", {{"socketOptions", "affinity=" + mask}});
    return said_by([&] { check_affinity(settings, module); });
  };
  EXPECT_EQ(said("0"), "");
  EXPECT_EQ(said("1"), "");
  EXPECT_NE(said("2").find("'affinity=2'"), std::string::npos);
  module.io_threads = 4;
  EXPECT_EQ(said("8"), "");
  EXPECT_NE(said("16").find("ioThreads of module() is 4"), std::string::npos) << said("16");
  module.io_threads = 64;
  EXPECT_EQ(said("9223372036854775807"), "");
}

// ---- Files

TEST(PathsOfFiles, AreComplainedOfWhereTheyCannotBeWrittenOneDay) {
  const test::TemporaryDirectory directory;
  const auto complaints = [](const std::string& spool, const std::string& dead) {
    return file_complaints(push_to("tcp://a:1", {{"spoolFile", spool}, {"deadLetterFile", dead}}));
  };
  EXPECT_TRUE(complaints(directory.file("a"), directory.file("b")).empty());
  EXPECT_TRUE(complaints(directory.file("a"), "/dev/null").empty());
  EXPECT_TRUE(file_complaints(push_to("tcp://a:1")).empty());

  const std::string missing = directory.file("missing") + "/a";
  const auto both = complaints(missing, directory.file(""));
  ASSERT_EQ(both.size(), 2U);
  EXPECT_NE(both[0].find("spoolFile: '" + missing + "'"), std::string::npos) << both[0];
  EXPECT_NE(both[0].find("no directory"), std::string::npos) << both[0];
  EXPECT_NE(both[1].find("deadLetterFile: '" + directory.file("")), std::string::npos) << both[1];
  EXPECT_NE(both[1].find("is a directory"), std::string::npos) << both[1];
}

TEST(PathsOfFiles, AreLookedForAndNotMade) {
  const test::TemporaryDirectory directory;
  static_cast<void>(
      file_complaints(push_to("tcp://a:1", {{"spoolFile", directory.file("a")},
                                            {"deadLetterFile", directory.file("missing/b")}})));
  EXPECT_TRUE(std::filesystem::is_empty(directory.file("")));
}

TEST(Addresses, AreWarnedOfWhereAnAbstractOneIsBound) {
  const auto warnings = address_warnings(push_to("@ipc://@name,>ipc://@other,@ipc:///run/x"));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("may connect to 'ipc://@name'"), std::string::npos) << warnings[0];
}

}  // namespace
}  // namespace omzmq
