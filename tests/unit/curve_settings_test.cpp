// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// The parameters curve.*: their values, and how they go together.

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "support/keys.hpp"
#include "support/parameters.hpp"

namespace omzmq {
namespace {

using test::kAnnasKey;
using test::refusal_of;
using test::with;
using Given = std::vector<std::pair<std::string, std::string>>;

TEST(CurveParameters, TakeModesPathsAndKeys) {
  EXPECT_EQ(with("curve.mode", {"Server"}).curve_mode, CurveMode::kServer);
  EXPECT_EQ(with("curve.mode", {"client"}).curve_mode, CurveMode::kClient);
  EXPECT_EQ(with("curve.mode", {"off"}).curve_mode, CurveMode::kOff);
  EXPECT_EQ(with("curve.certFile", {"/k/me"}).curve_cert_file, "/k/me");
  EXPECT_EQ(with("curve.clients", {"/k/clients"}).curve_clients, "/k/clients");
  EXPECT_EQ(with("curve.clients", {"*"}).curve_clients, "*");
  EXPECT_EQ(with("curve.serverKey", {"/k/server"}).curve_server_key, "/k/server");
  EXPECT_EQ(with("curve.serverKey", {std::string(kAnnasKey)}).curve_server_key, kAnnasKey);
}

TEST(CurveParameters, NameWhatIsWrong) {
  EXPECT_NE(refusal_of("curve.mode", {"on"}).find("'on' is none of off, server, client"),
            std::string::npos);
  for (const char* const name : {"curve.certFile", "curve.clients"}) {
    EXPECT_NE(refusal_of(name, {"k/me"}).find("'k/me' is not an absolute path"), std::string::npos);
    EXPECT_NE(refusal_of(name, {""}).find("'' is not an absolute path"), std::string::npos);
  }
  EXPECT_NE(refusal_of("curve.serverKey", {"k/me"}).find("'k/me' is neither a key"),
            std::string::npos);
  EXPECT_NE(refusal_of("curve.serverKey", {std::string("/k\0k", 4)}), "");
}

TEST(CurveParameters, NeverShowWhatMayBeAKey) {
  const std::string key(kAnnasKey);
  for (const char* const name : {"curve.certFile", "curve.clients", "curve.serverKey"}) {
    for (const std::string& text : {key.substr(1), key + "x", key + key}) {
      const std::string refusal = refusal_of(name, {text});
      EXPECT_NE(refusal.find("a text of " + std::to_string(text.size()) + " characters is "),
                std::string::npos)
          << refusal;
      EXPECT_EQ(refusal.find(key.substr(1, 10)), std::string::npos) << refusal;
    }
  }
  for (const char* const name : {"curve.certFile", "curve.clients"}) {
    EXPECT_NE(refusal_of(name, {key}).find("a key stands in a file"), std::string::npos);
  }
}

// The parameter that validate() names, and what it says.
std::pair<std::string, std::string> refused(const Given& given) {
  Settings settings = with("endpoints", {"tcp://127.0.0.1:5555"});
  set_parameter(settings, "socktype", std::vector<std::string>{"PUSH"});
  for (const auto& [name, value] : given) set_parameter(settings, name, std::vector{value});
  try {
    settings.validate();
  } catch (const ConfigError& error) {
    return {error.parameter(), error.what()};
  }
  return {};
}

TEST(CurveParameters, GoTogether) {
  for (const Given& given :
       {Given{{"curve.mode", "off"}},
        Given{{"curve.mode", "server"}, {"curve.certfile", "/me"}, {"curve.clients", "*"}},
        Given{{"curve.mode", "client"}, {"curve.serverkey", "/you"}},
        Given{{"curve.mode", "client"}, {"curve.serverkey", "/you"}, {"curve.certfile", "/me"}}}) {
    EXPECT_EQ(refused(given).second, "");
  }
}

struct Contradiction {
  Given given;
  const char* parameter;
  const char* text;
};

TEST(CurveParameters, AreRefusedWhereTheyDoNot) {
  const Contradiction all[] = {
      {{{"curve.mode", "server"}, {"curve.clients", "*"}}, "curve.mode", "needs curve.certFile"},
      {{{"curve.mode", "server"}, {"curve.certfile", "/me"}}, "curve.mode", "needs curve.clients"},
      {{{"curve.mode", "client"}, {"curve.certfile", "/me"}},
       "curve.mode",
       "needs curve.serverKey"},
      {{{"curve.mode", "server"},
        {"curve.certfile", "/me"},
        {"curve.clients", "*"},
        {"curve.serverkey", "/you"}},
       "curve.serverKey",
       "client"},
      {{{"curve.mode", "client"}, {"curve.serverkey", "/you"}, {"curve.clients", "*"}},
       "curve.clients",
       "server"},
      {{{"curve.certfile", "/me"}}, "curve.certFile", "without curve.mode"},
      {{{"curve.serverkey", "/me"}}, "curve.serverKey", "without curve.mode"},
      {{{"curve.clients", "*"}, {"curve.mode", "off"}}, "curve.clients", "without curve.mode"},
  };
  for (const Contradiction& one : all) {
    const auto [parameter, text] = refused(one.given);
    EXPECT_EQ(parameter, one.parameter) << text;
    EXPECT_NE(text.find(one.text), std::string::npos) << text;
  }
}

}  // namespace
}  // namespace omzmq
