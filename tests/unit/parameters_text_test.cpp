// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/parameters.hpp"
#include "core/socket_options.hpp"
#include "support/parameters.hpp"

namespace omzmq {
namespace {

using test::refusal_of;
using test::with;

TEST(Parameters, TakeTextAsItIs) {
  EXPECT_EQ(with("template", {"My_Template"}).template_name, "My_Template");
  EXPECT_EQ(with("statsName", {"hub one"}).stats_name, "hub one");
  EXPECT_EQ(with("name", {"to hub"}).action_name, "to hub");
  EXPECT_EQ(with("deadLetterFile", {"/var/dead"}).dead_letter_file, "/var/dead");
  EXPECT_EQ(with("spoolFile", {"/var/spool"}).spool_file, "/var/spool");
  for (const char* name : {"template", "statsName", "name", "identity"})
    EXPECT_NE(refusal_of(name, {""}).find("is empty"), std::string::npos) << name;
  for (const char* name : {"deadLetterFile", "spoolFile"}) {
    EXPECT_NE(refusal_of(name, {"a/b"}).find("'a/b' is not an absolute path"), std::string::npos);
  }
}

TEST(Parameters, TakeAnIdentityOf255Bytes) {
  const std::string longest(255, 'i');
  EXPECT_EQ(with("identity", {longest}).identity, longest);
  const std::string refusal = refusal_of("identity", {longest + 'i'});
  EXPECT_NE(refusal.find("'" + longest + "i'"), std::string::npos);
  EXPECT_NE(refusal.find("256 bytes"), std::string::npos);
  EXPECT_NE(refusal.find("at most 255"), std::string::npos);
}

TEST(Parameters, TakeListsAsArraysOrWithCommas) {
  for (const std::vector<std::string>& values :
       {std::vector<std::string>{"tcp://a:1", "@ipc:///b"},
        std::vector<std::string>{"tcp://a:1 , @ipc:///b"}}) {
    const Settings settings = with("endpoints", values);
    ASSERT_EQ(settings.endpoints.size(), 2U);
    EXPECT_EQ(settings.endpoints[0].address, "tcp://a:1");
    EXPECT_EQ(settings.endpoints[1].bind, true);
  }
  EXPECT_EQ(with("topics", {"a,b"}).topics, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(with("topics", {"a,b", "c"}).topics, (std::vector<std::string>{"a,b", "c"}));
  EXPECT_NE(refusal_of("endpoints", {"tcp://a:1,,"}).find("empty element"), std::string::npos);
  EXPECT_NE(refusal_of("endpoints", {"tcp://a:1", "b"}).find("'b'"), std::string::npos);
  EXPECT_NE(refusal_of("topics", {""}).find("empty element"), std::string::npos);
}

TEST(Parameters, TakeTheOptionsOfTheSocketThatAreListed) {
  for (const SocketOption& option : extra_socket_options()) {
    const std::string value = option.name == "maxmsgsize"    ? "64"
                              : option.name == "socks_proxy" ? "proxy:1080"
                                                             : "1";
    const std::string text = std::string(option.name) + "=" + value;
    EXPECT_EQ(refusal_of("socketOptions", {text}), "") << text;
  }
  const Settings settings = with("socketOptions", {"tos=16", "backlog=1000"});
  EXPECT_EQ(settings.socket_options,
            (std::vector<std::pair<std::string, std::string>>{{"tos", "16"}, {"backlog", "1000"}}));
}

TEST(Parameters, RefuseOptionsOfTheSocketByName) {
  // Unknown, with a parameter of its own, needed by the module, in the wrong case.
  for (const std::string name : {"nonsense", "sndhwm", "linger", "use_fd", "TOS", "curve_server"}) {
    EXPECT_NE(refusal_of("socketOptions", {name + "=1"}).find("'" + name + "'"), std::string::npos)
        << name;
  }
  EXPECT_NE(refusal_of("socketOptions", {"tos=16", "backlog"}).find("'backlog'"),
            std::string::npos);
}

TEST(Parameters, RefuseValuesThatTheOptionsOfTheSocketCannotHave) {
  for (const std::string wrong : {"tos=x", "tos=2147483648", "tos=-2147483649", "affinity=-1",
                                  "maxmsgsize=9223372036854775808", "maxmsgsize=-2", "backlog=1.5",
                                  "tos=256", "xpub_nodrop=2", "rcvhwm=0"}) {
    const std::string refusal = refusal_of("socketOptions", {wrong});
    const std::string value = wrong.substr(wrong.find('=') + 1);
    EXPECT_NE(refusal.find("'" + value + "'"), std::string::npos) << wrong;
    EXPECT_NE(refusal.find("a number"), std::string::npos) << refusal;
  }
  EXPECT_EQ(refusal_of("socketOptions", {"backlog=2147483647"}), "");
  EXPECT_EQ(refusal_of("socketOptions", {"tos=255"}), "");
  EXPECT_EQ(refusal_of("socketOptions", {"maxmsgsize=9223372036854775807"}), "");
}

TEST(Parameters, OldNamesMeanTheSameAsNewOnes) {
  EXPECT_EQ(with("sendTimeout", {"7"}).handoff_timeout,
            with("handoff.timeout", {"7"}).handoff_timeout);
  EXPECT_EQ(with("heartbeatIvl", {"7"}).heartbeat_interval,
            with("heartbeat.interval", {"7"}).heartbeat_interval);
  EXPECT_EQ(with("heartbeatTimeout", {"7"}).heartbeat_timeout,
            with("heartbeat.timeout", {"7"}).heartbeat_timeout);
  EXPECT_EQ(with("heartbeatTTL", {"7"}).heartbeat_ttl, with("heartbeat.ttl", {"7"}).heartbeat_ttl);
}

TEST(Parameters, OfTheModuleHaveARange) {
  ModuleSettings settings;
  EXPECT_EQ(settings.io_threads, 1);
  ASSERT_EQ(module_parameters().size(), 1U);
  EXPECT_EQ(refusal_of(settings, "ioThreads", {"64"}), "");
  EXPECT_EQ(settings.io_threads, 64);
  for (const std::string wrong : {"0", "65", "", "two"}) {
    const std::string refusal = refusal_of(settings, "ioThreads", {wrong});
    EXPECT_NE(refusal.find("'" + wrong + "'"), std::string::npos) << refusal;
    EXPECT_NE(refusal.find("1..64"), std::string::npos) << refusal;
  }
  EXPECT_EQ(settings.io_threads, 64);
}

// ---- Defaults

// The documented default without the marks of the document, or nothing where it is no value.
std::optional<std::string> default_value_of(const Parameter<Settings>& row) {
  std::string text(row.default_value);
  std::erase(text, '`');
  for (const char* none :
       {"none", "required", "–", "OS", "the interval", "raw 100000; else 256, with dynaTopic 4096",
        "zstd 3, lz4 0", "off in raw, always on otherwise",
        "the action's name, else omzmq: and the first endpoint"}) {
    if (text == none) return std::nullopt;
  }
  return text.substr(0, text.find(' '));  // "0 (off)"
}

TEST(Parameters, HaveTheDefaultsThatAreDocumented) {
  Settings written;
  std::size_t read = 0;
  for (const auto& row : action_parameters()) {
    if (const auto text = default_value_of(row)) {
      EXPECT_EQ(refusal_of(written, row.name, {*text}), "") << row.name;
      ++read;
    }
  }
  EXPECT_GE(read, 20U);
  const Settings plain;
  EXPECT_EQ(written.template_name, plain.template_name);
  EXPECT_EQ(written.dyna_topic, plain.dyna_topic);
  EXPECT_EQ(written.format, plain.format);
  EXPECT_EQ(written.batch_max_messages, plain.batch_max_messages);
  EXPECT_EQ(written.batch_max_bytes, plain.batch_max_bytes);
  EXPECT_EQ(written.batch_linger, plain.batch_linger);
  EXPECT_EQ(written.compression_driver, plain.compression_driver);
  EXPECT_EQ(written.beat_interval, plain.beat_interval);
  EXPECT_EQ(written.handoff_size, plain.handoff_size);
  EXPECT_EQ(written.handoff_timeout, plain.handoff_timeout);
  EXPECT_EQ(written.handoff_full, plain.handoff_full);
  EXPECT_EQ(written.max_message_size, plain.max_message_size);
  EXPECT_EQ(written.close_timeout, plain.close_timeout);
  EXPECT_EQ(written.reconnect_interval, plain.reconnect_interval);
  EXPECT_EQ(written.effective_reconnect_max_interval(), plain.effective_reconnect_max_interval());
  EXPECT_EQ(written.handshake_timeout, plain.handshake_timeout);
  EXPECT_EQ(written.heartbeat_interval, plain.heartbeat_interval);
  EXPECT_EQ(written.keep_alive, plain.keep_alive);
  EXPECT_EQ(written.keep_alive_time_s, plain.keep_alive_time_s);
  EXPECT_EQ(written.keep_alive_interval_s, plain.keep_alive_interval_s);
  EXPECT_EQ(written.keep_alive_probes, plain.keep_alive_probes);
  EXPECT_EQ(written.immediate, plain.immediate);
  EXPECT_EQ(written.ipc_mode, plain.ipc_mode);
  EXPECT_EQ(written.ipv6, plain.ipv6);
}

TEST(Parameters, WithoutADefaultLeaveTheSettingEmpty) {
  const Settings plain;
  EXPECT_TRUE(plain.endpoints.empty() && plain.topics.empty() && plain.socket_options.empty());
  EXPECT_TRUE(plain.identity.empty() && plain.dead_letter_file.empty());
  EXPECT_TRUE(plain.stats_name.empty() && plain.action_name.empty());
  EXPECT_FALSE(plain.sock_type || plain.topic_frame || plain.send_hwm || plain.send_buffer);
  EXPECT_FALSE(plain.compression_level);
  EXPECT_FALSE(plain.connect_timeout || plain.heartbeat_timeout || plain.heartbeat_ttl);
}

}  // namespace
}  // namespace omzmq
