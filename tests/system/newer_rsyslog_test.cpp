// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What only newer versions of rsyslog have; skipped where the daemon is older.

#include <regex>

#include "system_test.hpp"

namespace omzmq::test {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  if (at != std::string::npos) text.replace(at, what.size(), by);
  return text;
}

class YamlConfiguration : public SystemTest {
 protected:
  void SetUp() override {
    constexpr int kFirstWithYaml = 82604;
    if (rsyslogd_version() < kFirstWithYaml) {
      GTEST_SKIP() << "rsyslogd reads YAML from 8.2604 on";
    }
  }
  // conf/quick-start.yaml with an input, an endpoint and a module of this test.
  std::string quick_start() const {
    std::string text = read_file(OMZMQ_TEST_EXAMPLES "/quick-start.yaml");
    text = replaced(text, "load: omzmq", "load: " + tested_module());
    text = replaced(text, "address: \"127.0.0.1\"", fmt::format("path: \"{}\"", input()));
    text = replaced(text, "    port: \"10514\"\n", "");
    return replaced(text, "@tcp://127.0.0.1:5555", "@" + ipc_endpoint());
  }
  std::string input() const { return directory_.file("input"); }
};

TEST_F(YamlConfiguration, OfTheQuickStartDelivers) {
  Rsyslogd daemon(directory_, "quick-start.yaml", quick_start(), input());
  daemon.start();
  Receiver receiver(directory_, "receiver", {.bind = false, .endpoint = ipc_endpoint()});
  receiver.start();
  Injector(daemon.input()).message("<13>Nov 23 10:00:00 host me: hello");
  ASSERT_TRUE(receiver.wait_for(1));
  EXPECT_EQ(receiver.payloads()[0], "host me:  hello");
  EXPECT_EQ(stopped(daemon), "exit 0") << daemon.standard_error();
}

TEST_F(YamlConfiguration, WithAMistakeIsRefusedByTheSameWords) {
  const std::string file = directory_.file("wrong.yaml");
  write_file(file, replaced(quick_start(), "sockType: PUSH", "sockType: PUSHY"));
  const Output output =
      run({OMZMQ_TEST_RSYSLOGD, "-N1", "-C", "-i", directory_.file("pid"), "-f", file},
          directory_.file("check"));
  EXPECT_NE(output.ended.exit_code, 0);
  EXPECT_NE(output.err.find("sockType: 'PUSHY'"), std::string::npos) << output.err;
}

class PrometheusFormat : public SystemTest {
 protected:
  void SetUp() override {
    constexpr int kFirstWithPrometheus = 82506;
    if (rsyslogd_version() < kFirstWithPrometheus) {
      GTEST_SKIP() << "impstats has this format from 8.2506 on";
    }
  }
};

// From 8.2608 on our dots are escaped in it.
TEST_F(PrometheusFormat, OfImpstatsHasOurCounters) {
  Configuration whole = configuration();
  whole.omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" statsName="it")", ipc_endpoint()));
  Rsyslogd daemon(directory_, "main",
                  replaced(whole.text(), R"(format="json")", R"(format="prometheus")"),
                  whole.input());
  daemon.start();
  Receiver receiver(directory_, "receiver", {.bind = true, .endpoint = ipc_endpoint()});
  receiver.start();
  Injector(daemon.input()).numbered(0, 10);
  ASSERT_TRUE(receiver.wait_for(10));
  const std::regex sample(
      R"re((^|\n)(U__it__sent_2E_messages__total|it_sent\.messages_total) 10\n)re");
  std::string text;
  EXPECT_TRUE(wait_until([&] {
    text = read_file(whole.statistics());
    return std::regex_search(text, sample);
  })) << text;
}

}  // namespace
}  // namespace omzmq::test
