// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// What rsyslogd -N1 must accept: every good parameter, what omczmq took, and every example in
// conf/.

#include "system_test.hpp"

namespace omzmq::test {
namespace {

struct Good {
  const char* test;
  const char* parameters;  // a whole action

  friend std::ostream& operator<<(std::ostream& out, const Good& good) {
    return out << good.parameters;
  }
};

class GoodValue : public SystemTest, public testing::WithParamInterface<Good> {};

TEST_P(GoodValue, IsAcceptedByTheCheckWhichLeavesNothingBehind) {
  const Output output = check(directory_, configuration().omzmq(GetParam().parameters).text());
  EXPECT_EQ(output.ended.exit_code, 0) << output.err;
  EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

INSTANTIATE_TEST_SUITE_P(
    Parameters, GoodValue,
    testing::Values(
        Good{"Pub", R"(endpoints="tcp://*:5555" sockType="PUB")"},
        Good{"Push", R"(endpoints="tcp://localhost:5555" sockType="PUSH")"},
        Good{"Dealer", R"(endpoints="tcp://[::1]:5555" sockType="DEALER" identity="me")"},
        Good{"LowerCaseNamesAndValues", R"(ENDPOINTS="tcp://127.0.0.1:5555" socktype="push")"},
        Good{"ArrayOfEndpoints",
             R"(endpoints=["@tcp://127.0.0.1:5555", ">tcp://127.0.0.1:5556", "ipc:///run/x"]
                sockType="PUSH")"},
        Good{"StringOfEndpoints",
             R"(endpoints="@tcp://127.0.0.1:5555,>ipc:///run/x" sockType="PUSH")"},
        Good{
            "EndpointsWithBlanks",
            R"(endpoints="@tcp://127.0.0.1:5555 >ipc:///run/x, tcp://[::1]:5556" sockType="PUSH")"},
        Good{"Topics",
             R"(endpoints="tcp://*:5555" sockType="PUB" topics=["a", "b"] topicFrame="on")"},
        Good{"DynaTopic",
             R"(endpoints="tcp://*:5555" sockType="PUB" dynaTopic="on" topics="raw,number")"},
        Good{"FourDynaTopics", R"(endpoints="tcp://*:5555" sockType="PUB" dynaTopic="on"
                                  topics=["raw", "number", "payload", "RSYSLOG_FileFormat"])"},
        Good{"Lines", R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" format="lines"
                         batch.maxMessages="1000000" batch.maxBytes="64m" batch.linger="60000")"},
        Good{"LinesAtTheLowerBounds",
             R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" format="lines"
                batch.maxMessages="1" batch.maxBytes="1k" batch.linger="0")"},
        Good{"Packed", R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" format="packed"
                         batch.maxMessages="1000000" batch.maxBytes="64m" batch.linger="60000"
                         compression.driver="zstd" compression.level="22"
                         beat.interval="3600000")"},
        Good{"PackedAtTheLowerBounds",
             R"(endpoints="tcp://127.0.0.1:5555" sockType="DEALER" format="packed"
                batch.maxMessages="1" batch.maxBytes="1k" batch.linger="0"
                compression.driver="zstd" compression.level="-7" beat.interval="0")"},
        Good{"PackedTopics", R"(endpoints="tcp://*:5555" sockType="PUB" format="packed"
                topics=["a", "b"] topicFrame="on" compression.driver="lz4" compression.level="12"
                waitForPeers="1000")"},
        Good{"HandoffAtTheUpperBounds", R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH"
                handoff.size="1g" handoff.timeout="60000" handoff.full="dropOldest"
                maxMessageSize="1g" closeTimeout="600000" deadLetterFile="/tmp/omzmq-dead")"},
        Good{"HandoffAtTheLowerBounds", R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH"
                handoff.size="64k" handoff.timeout="0" handoff.full="dropNewest"
                maxMessageSize="1k" closeTimeout="0")"},
        Good{"Suspend", R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH"
                handoff.full="suspend" confirm="handoff")"},
        Good{"Sent", R"(endpoints="tcp://*:5555" sockType="PUB" topics="a" confirm="sent"
                handoff.full="suspend" spoolFile="/tmp/omzmq-spool" deadLetterFile="/tmp/omzmq-dead")"},
        Good{"AckedAtTheUpperBounds", R"(endpoints="tcp://127.0.0.1:5555" sockType="DEALER"
                format="packed" confirm="acked" ack.timeout="3600000" ack.window="65536"
                spoolFile="/tmp/omzmq-spool")"},
        Good{"AckedAtTheLowerBounds", R"(endpoints="tcp://127.0.0.1:5555" sockType="DEALER"
                format="packed" confirm="acked" ack.timeout="100" ack.window="1")"},
        Good{"TheSocket",
             R"(endpoints="tcp://127.0.0.1:5555,@ipc:///run/x" sockType="PUSH" sendHWM="0"
                sendBuffer="256k" reconnect.interval="10" reconnect.maxInterval="1000"
                connectTimeout="1000" handshakeTimeout="1000" heartbeat.interval="1000"
                heartbeat.timeout="3000" heartbeat.ttl="3000" keepAlive="on" keepAlive.time="60"
                keepAlive.interval="10" keepAlive.probes="3" immediate="off" ipcMode="0660"
                ipv6="off" socketOptions=["tos=16", "backlog=1000"] statsName="stream")"},
        Good{"WhatOmczmqTook", R"(endpoints="@tcp://127.0.0.1:5555,@tcp://127.0.0.1:5556"
                socktype="PUSH" sendhwm="1000" sendtimeout="100" heartbeativl="1000"
                heartbeattimeout="3000" heartbeatttl="3000" connecttimeout="1000")"},
        Good{"TheTopicsThatOmczmqTook", R"(endpoints="tcp://*:5555" socktype="PUB"
                topics="a,b" topicframe="on" dynatopic="off")"}),
    [](const auto& tested) { return tested.param.test; });

class Examples : public SystemTest {
 protected:
  // The example, with keys of this test instead of those that its text tells how to make.
  std::string with_keys(std::string text) const {
    const std::string folder = "/etc/rsyslog.d/keys";
    const std::string ours = directory_.file("keys");
    for (auto at = text.find(folder); at != std::string::npos; at = text.find(folder, at)) {
      make_keys(ours);
      text.replace(at, folder.size(), ours);
    }
    return text;
  }

 private:
  void make_keys(const std::string& folder) const {
    if (std::filesystem::exists(folder)) return;
    std::filesystem::create_directories(folder + "/receivers");
    for (const char* const name : {"hub.key", "receivers/me.key"}) {
      const std::filesystem::path path = std::filesystem::path(folder) / name;
      const Output made = run({OMZMQ_TEST_ZMQTAP, "keygen", path.filename().string(), "--directory",
                               path.parent_path().string()},
                              directory_.file("keygen"));
      EXPECT_EQ(made.ended.exit_code, 0) << made.err;
    }
  }
};

TEST_F(Examples, AreAllAcceptedByTheCheck) {
  const std::string modules = module_directory(directory_);
  int checked = 0;
  for (const auto& entry : std::filesystem::directory_iterator(OMZMQ_TEST_EXAMPLES)) {
    if (entry.path().extension() != ".conf") continue;
    SCOPED_TRACE(entry.path().string());
    const Output output = check(directory_, with_keys(read_file(entry.path())), modules);
    EXPECT_EQ(output.ended.exit_code, 0) << output.err;
    EXPECT_NE(read_file(entry.path()).find("omzmq"), std::string::npos);
    ++checked;
  }
  EXPECT_GT(checked, 0);
}

class Module : public SystemTest {};

TEST_F(Module, StartsAsManyIoThreadsAsItsParameterSays) {
  Rsyslogd daemon(directory_,
                  configuration()
                      .module_parameters("ioThreads=\"3\"")
                      .omzmq(fmt::format(R"(endpoints="{}" sockType="PUB")", free_tcp_endpoint())));
  daemon.start();
  const auto io_threads = [&] {
    int found = 0;
    const auto tasks = fmt::format("/proc/{}/task", daemon.process().pid());
    for (const auto& task : std::filesystem::directory_iterator(tasks)) {
      if (read_file(task.path() / "comm").find("IO/") != std::string::npos) ++found;
    }
    return found;
  };
  EXPECT_TRUE(wait_until([&] { return io_threads() == 3; })) << io_threads();
}

TEST_F(Module, ReportsAnActionWithoutStatsNameByItsFirstEndpoint) {
  Rsyslogd daemon(directory_, configuration().omzmq(fmt::format(
                                  R"(endpoints="@{}" sockType="PUSH")", ipc_endpoint("s"))));
  daemon.start();
  // impstats escapes each slash.
  std::string name = "omzmq:" + ipc_endpoint("s");
  for (auto at = name.find('/'); at != std::string::npos; at = name.find('/', at + 2)) {
    name.replace(at, 1, "\\/");
  }
  EXPECT_TRUE(statistics(name).wait_for("submitted", 0)) << read_file(configuration().statistics());
}

TEST_F(Module, ReportsAnActionByTheNameThatRsyslogHasForIt) {
  const std::string log = directory_.file("log");
  Configuration whole = configuration();
  whole.global(R"(processInternalMessages="on")")
      .top(omfile(log, "RSYSLOG_FileFormat"))
      .omzmq(fmt::format(R"(name="to_hub" endpoints="{}" sockType="PUSH")", ipc_endpoint()));
  Rsyslogd daemon(directory_, whole);
  daemon.start();
  Receiver receiver(directory_, "receiver", {.bind = true, .endpoint = ipc_endpoint()});
  receiver.start();
  EXPECT_TRUE(statistics("to_hub").wait_for("peers", 1));
  EXPECT_TRUE(wait_until([&] {
    return read_file(log).find("omzmq[to_hub]: a peer has come: ") != std::string::npos;
  })) << read_file(log);
}

TEST_F(Module, HasAllItsCountersFromTheFirstReport) {
  Rsyslogd daemon(directory_,
                  configuration().omzmq(fmt::format(
                      R"(endpoints="{}" sockType="PUB" statsName="pub")", free_tcp_endpoint())));
  daemon.start();
  const Statistics counters = statistics("pub");
  EXPECT_TRUE(counters.wait_for("submitted", 0));
  for (const char* counter :
       {"submitted", "sent.messages", "sent.bytes", "sent.frames", "dropped.newest",
        "dropped.oldest", "dropped.dead", "suspended", "waited.us", "acked", "resent",
        "acks.ignored", "spooled", "replayed", "lane.bytes", "lane.peak"}) {
    EXPECT_EQ(counters.value(counter), 0) << counter;
  }
}

TEST_F(Module, LoadsByItsNameFromAModuleDirectory) {
  const std::string text =
      "module(load=\"omzmq\")\naction(type=\"omzmq\" sockType=\"PUSH\" "
      "endpoints=\"tcp://127.0.0.1:5555\")\n";
  const Output output = check(directory_, text, module_directory(directory_));
  EXPECT_EQ(output.ended.exit_code, 0) << output.err;
}

}  // namespace
}  // namespace omzmq::test
