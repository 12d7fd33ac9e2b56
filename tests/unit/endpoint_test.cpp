// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/endpoint.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/config_error.hpp"
#include "core/settings.hpp"

namespace omzmq {
namespace {

// What the refusal says, or nothing if there is none.
std::string refusal_of(const std::string& text) {
  try {
    static_cast<void>(parse_endpoint(text));
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.parameter(), "endpoints");
    return error.what();
  }
  return {};
}

std::string refusal_of(SocketType type, const std::string& endpoint) {
  Settings settings;
  settings.sock_type = type;
  try {
    settings.endpoints = {parse_endpoint(endpoint)};
    settings.validate();
  } catch (const ConfigError& error) {
    return error.what();
  }
  return {};
}

TEST(Endpoint, LeavesItToTheSocketTypeWhoBinds) {
  const Endpoint endpoint = parse_endpoint("tcp://127.0.0.1:5555");
  EXPECT_EQ(endpoint.address, "tcp://127.0.0.1:5555");
  EXPECT_EQ(endpoint.transport, Endpoint::Transport::kTcp);
  EXPECT_EQ(endpoint.bind, std::nullopt);
  EXPECT_EQ(endpoint.host_and_port(), "127.0.0.1:5555");
}

TEST(Endpoint, BindsWithAnAtSignAndConnectsWithAGreaterSign) {
  const Endpoint bound = parse_endpoint("@tcp://*:5555");
  EXPECT_EQ(bound.bind, true);
  EXPECT_EQ(bound.address, "tcp://*:5555");
  const Endpoint connected = parse_endpoint(">ipc:///run/some.sock");
  EXPECT_EQ(connected.bind, false);
  EXPECT_EQ(connected.address, "ipc:///run/some.sock");
  EXPECT_EQ(connected.transport, Endpoint::Transport::kIpc);
  EXPECT_EQ(connected.path(), "/run/some.sock");
}

TEST(Endpoint, TakesWhatLibzmqTakes) {
  for (const char* good :
       {"tcp://host:1", "tcp://host.example.org:65535", "tcp://[::1]:5555", "@tcp://*:*",
        "@tcp://127.0.0.1:*", "@tcp://eth0:5555", "ipc:///a", "ipc://@abstract",
        "@ipc:///tmp/with,comma", "tcp://[fe80::1%eth0]:5555"}) {
    EXPECT_EQ(refusal_of(good), "") << good;
  }
}

TEST(Endpoint, NamesThePortThatIsWrong) {
  for (const char* port : {"0", "65536", "-1", "+1", "x", "", "1x", "99999999999999"}) {
    const std::string text = "tcp://host:" + std::string(port);
    EXPECT_NE(refusal_of(text).find("'" + text + "'"), std::string::npos) << text;
    EXPECT_NE(refusal_of(text).find("from 1 to 65535"), std::string::npos) << text;
  }
}

TEST(Endpoint, SaysWhatIsMissing) {
  EXPECT_NE(refusal_of("tcp://host").find("no port"), std::string::npos);
  EXPECT_NE(refusal_of("tcp://:5555").find("no host"), std::string::npos);
  EXPECT_NE(refusal_of("ipc://").find("absolute"), std::string::npos);
  EXPECT_NE(refusal_of("ipc:///").find("absolute"), std::string::npos);
  EXPECT_NE(refusal_of("ipc://relative/path").find("absolute"), std::string::npos);
  EXPECT_NE(refusal_of("ipc://@").find("absolute"), std::string::npos);
}

TEST(Endpoint, RefusesOtherTransports) {
  for (const char* bad : {"", "@", ">", "host:5555", "udp://host:1", "inproc://x", "tcp:/host:1",
                          "@@tcp://*:1", "TCP", "pgm://x:1", "*"}) {
    EXPECT_NE(refusal_of(bad).find("write tcp://host:port"), std::string::npos) << bad;
  }
}

TEST(Endpoint, RefusesAnIpv6AddressWithoutBrackets) {
  EXPECT_NE(refusal_of("tcp://::1:5555").find("[::1]"), std::string::npos);
  EXPECT_NE(refusal_of("tcp://[::1:5555").find("[::1]"), std::string::npos);
}

TEST(Endpoint, RefusesEmptyOrHalfBrackets) {
  for (const char* bad : {"tcp://[]:5555", "tcp://[host:5555", "tcp://host]:5555"})
    EXPECT_NE(refusal_of(bad), "") << bad;
}

TEST(Endpoint, RefusesToConnectToAWildcard) {
  EXPECT_NE(refusal_of(">tcp://*:5555").find("'*' is no host"), std::string::npos);
  EXPECT_NE(refusal_of(">tcp://host:*").find("'*' is no port"), std::string::npos);
  EXPECT_NE(refusal_of(SocketType::kPush, "tcp://*:5555").find("'*' is no host"),
            std::string::npos);
  EXPECT_NE(refusal_of(SocketType::kDealer, "tcp://host:*").find("'*' is no port"),
            std::string::npos);
  EXPECT_EQ(refusal_of(SocketType::kPub, "tcp://*:5555"), "");
  EXPECT_EQ(refusal_of(SocketType::kPush, "@tcp://*:*"), "");
}

TEST(Endpoint, RefusesToConnectToAWildcardBehindASourceAddressToo) {
  EXPECT_NE(refusal_of(">tcp://192.0.2.1:0;*:5555"), "");
  EXPECT_NE(refusal_of(SocketType::kPush, "tcp://192.0.2.1:0;*:5555"), "");
}

TEST(Endpoint, RefusesASourceAddress) {
  // libzmq would end the process when it cannot look the source up.
  for (const char* bad : {">tcp://192.0.2.1:0;host:5555", "tcp://192.0.2.1:0;host:5555",
                          "@tcp://192.0.2.1:0;host:5555", ">tcp://;host:5555"}) {
    EXPECT_NE(refusal_of(bad).find("source address"), std::string::npos) << bad;
  }
}

TEST(Endpoint, MayConnectToAPathThatEndsAsAWildcardPort) {
  EXPECT_EQ(refusal_of(SocketType::kPush, "ipc:///run/a:*"), "");
}

TEST(Endpoint, TakesAnIpcPathOf107Bytes) {
  const std::string longest = "ipc:///" + std::string(106, 'x');
  EXPECT_EQ(refusal_of(longest), "");
  EXPECT_NE(refusal_of(longest + "x").find("108 bytes"), std::string::npos);
  EXPECT_NE(refusal_of(longest + "x").find("at most 107"), std::string::npos);
}

TEST(Endpoint, RefusesBlanksInside) {
  for (const char* bad : {" tcp://host:1", "tcp://ho st:1", "tcp://host:1 ", "ipc:///a\tb"})
    EXPECT_NE(refusal_of(bad).find("blank"), std::string::npos) << bad;
}

TEST(Endpoint, RefusesLineBreaksInside) {
  for (const char* bad : {"tcp://host\n:1", "ipc:///a\rb"}) EXPECT_NE(refusal_of(bad), "") << bad;
}

TEST(Endpoint, SaysWhyItRefusesANul) {
  EXPECT_NE(refusal_of(std::string("ipc:///a\0b", 10)).find("endpoints"), std::string::npos);
  EXPECT_NE(refusal_of(std::string("ipc:///a\0b", 10)).find("there is"), std::string::npos);
}

}  // namespace
}  // namespace omzmq
