// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What a running daemon tells of itself: counters of peers and of time in impstats, in each of its
// formats, and lines in the log.

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <regex>
#include <sstream>
#include <thread>
#include <utility>

#include "system_test.hpp"
#include "zmtp_peer.hpp"

namespace omzmq::test {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class Insight : public SystemTest {
 protected:
  Insight() : endpoint_(free_tcp_endpoint()) {}

  // A daemon with one action, and its log in a file. impstats: other words for its format.
  void start(const std::string& parameters, const std::string& impstats = R"(format="json")") {
    Configuration whole = configuration();
    whole.global(R"(processInternalMessages="on")")
        .top(omfile(log_file(), "RSYSLOG_FileFormat"))
        .omzmq(R"(statsName="it" reconnect.interval="20" reconnect.maxInterval="100" )" +
               parameters);
    std::string text = whole.text();
    const std::string usual = R"(format="json")";
    text.replace(text.find(usual), usual.size(), impstats);
    daemon_ = std::make_unique<Rsyslogd>(directory_, "main", text, whole.input());
    daemon_->start();
  }
  Receiver receiver(const std::string& name, bool bind = false) const {
    return Receiver(directory_, name, {.bind = bind, .endpoint = endpoint_});
  }
  int port() const { return port_of(endpoint_); }
  std::string log_file() const { return directory_.file("log"); }
  std::size_t logged(const std::string& text) const {
    std::size_t n = 0;
    for (const std::string& line : lines_of(read_file(log_file()))) {
      n += line.find(text) != std::string::npos ? 1 : 0;
    }
    return n;
  }
  bool is_logged(const std::string& text, std::size_t times = 1) const {
    return wait_until([&] { return logged(text) >= times; });
  }
  std::int64_t now(const std::string& counter) const {
    return statistics("it").value(counter).value_or(-1);
  }
  // The counter in each report, the oldest first.
  std::vector<std::int64_t> history(const std::string& counter) const {
    std::vector<std::int64_t> values;
    const std::regex pattern(R"re("name": "it", "origin": "omzmq".*")re" +
                             std::regex_replace(counter, std::regex(R"(\.)"), R"(\.)") +
                             R"re(": (\d+).*\})re");
    for (const std::string& line : lines_of(read_file(configuration().statistics()))) {
      std::smatch found;
      if (std::regex_search(line, found, pattern)) values.push_back(std::stoll(found[1]));
    }
    return values;
  }
  std::int64_t sum_of(const std::string& counter) const {
    const auto values = history(counter);
    return std::accumulate(values.begin(), values.end(), std::int64_t{0});
  }

  std::string endpoint_;
  std::unique_ptr<Rsyslogd> daemon_;
};

// ---- Peers

TEST_F(Insight, CountsPeersThatComeAndGoAndSaysWhoTheyAre) {
  start(fmt::format(R"(endpoints="@{}" sockType="PUSH")", endpoint_));
  Receiver one = receiver("one");
  one.start();
  Receiver two = receiver("two");
  two.start();
  EXPECT_TRUE(statistics("it").wait_for("peers", 2));
  EXPECT_EQ(now("connects"), 2);
  EXPECT_EQ(now("disconnects"), 0);
  two.stop();
  EXPECT_TRUE(statistics("it").wait_for("disconnects", 1));
  EXPECT_EQ(now("peers"), 1);
  EXPECT_EQ(now("connects"), 2);
  EXPECT_EQ(now("handshake.failed"), 0);
  EXPECT_EQ(now("auth.failed"), 0);
  EXPECT_TRUE(is_logged("a peer has gone: 127.0.0.1:"));
  EXPECT_EQ(logged("a peer has come: "), 2U);
  EXPECT_EQ(logged("a peer has gone: "), 1U);
}

TEST_F(Insight, CountsHandshakesThatFail) {
  start(fmt::format(R"(endpoints="@{}" sockType="PUSH" handshakeTimeout="300")", endpoint_));
  { const ZmtpPeer scanner(port()); }
  {
    ZmtpPeer browser(port());
    browser.write("GET / HTTP/1.0\r\n\r\n");
    EXPECT_TRUE(browser.wait_closed());
  }
  {
    ZmtpPeer slow(port());
    slow.write(std::string("\xff\0\0\0", 4));
    EXPECT_TRUE(slow.wait_closed());
  }
  EXPECT_TRUE(statistics("it").wait_for("handshake.failed", 3));
  Receiver good = receiver("good");
  good.start();
  EXPECT_TRUE(statistics("it").wait_for("peers", 1));
  EXPECT_EQ(now("handshake.failed"), 3);
  EXPECT_EQ(now("connects"), 1);
  EXPECT_TRUE(is_logged("no handshake with ", 3));
  EXPECT_EQ(logged("within handshakeTimeout"), 1U);
  EXPECT_EQ(logged("no ZeroMQ socket"), 1U);
}

// libzmq would take rubbish for a peer of an old protocol, and give it half of the messages.
TEST_F(Insight, GivesNoMessageToRubbish) {
  start(fmt::format(R"(endpoints="@{}" sockType="PUSH")", endpoint_));
  std::vector<std::unique_ptr<ZmtpPeer>> browsers;
  for (int n = 0; n < 4; ++n) {
    browsers.push_back(std::make_unique<ZmtpPeer>(port()));
    browsers.back()->write("GET / HTTP/1.0\r\n\r\n");
  }
  EXPECT_TRUE(statistics("it").wait_for("handshake.failed", 4));
  Injector(daemon_->input()).numbered(0, 100);
  Receiver good = receiver("good");
  good.start();
  EXPECT_TRUE(good.wait_for(100));
  EXPECT_TRUE(are_numbered_in_order(good.payloads(), 100));
}

TEST_F(Insight, MakesFewLinesOfManySubscribers) {
  constexpr std::int64_t kMany = 100;
  start(fmt::format(R"(endpoints="@{}" sockType="PUB")", endpoint_));
  std::vector<std::unique_ptr<ZmtpPeer>> subscribers;
  for (int n = 0; n < kMany; ++n) {
    subscribers.push_back(std::make_unique<ZmtpPeer>(port(), "SUB"));
  }
  EXPECT_TRUE(statistics("it").wait_for("peers", kMany));
  EXPECT_EQ(now("connects"), kMany);
  subscribers.clear();
  EXPECT_TRUE(statistics("it").wait_for("disconnects", kMany));
  EXPECT_EQ(now("peers"), 0);
  // Five of each kind at once; a slow machine may take more than one interval.
  EXPECT_LE(logged("a peer has "), 40U);
}

TEST_F(Insight, TellsOfAnEndpointThatNobodyAnswersAt) {
  start(fmt::format(R"(endpoints=["{}", "tcp://no-such-host.invalid:5555"] sockType="PUSH")",
                    endpoint_));
  EXPECT_TRUE(is_logged(fmt::format("nobody answers at '{}' for 5 s", endpoint_)));
  EXPECT_TRUE(is_logged("'tcp://no-such-host.invalid:5555' cannot be reached for "));
  Receiver late = receiver("late", true);
  late.start();
  EXPECT_TRUE(is_logged(fmt::format("'{}' answers again, after ", endpoint_)));
  EXPECT_TRUE(is_logged(fmt::format("a peer has come: {} (1 now)", endpoint_)));
  EXPECT_EQ(logged("nobody answers at"), 1U);
  EXPECT_EQ(now("handshake.failed"), 0);
}

// ---- Latency

TEST_F(Insight, ShowsTheLatencyOfTheMessagesSinceTheLastReport) {
  start(fmt::format(R"(endpoints="{}" sockType="PUSH")", endpoint_));
  const auto begun = std::chrono::steady_clock::now();
  Injector(daemon_->input()).numbered(0, 200);
  EXPECT_TRUE(statistics("it").wait_for("submitted", 200));
  const auto submitted = std::chrono::steady_clock::now();
  EXPECT_TRUE(statistics("it").wait_for_report());
  EXPECT_EQ(now("latency.max.us"), 0) << "nothing was sent";
  const auto waited = std::chrono::steady_clock::now() - submitted;
  Receiver late = receiver("late", true);
  late.start();
  EXPECT_TRUE(late.wait_for(200));
  const auto all = std::chrono::steady_clock::now() - begun;
  EXPECT_TRUE(statistics("it").wait_for("sent.messages", 200));
  EXPECT_TRUE(statistics("it").wait_for_report());
  EXPECT_EQ(now("latency.p50.us"), 0) << "nothing was sent since";
  const auto in_us = [](auto duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  };
  for (const std::string name : {"latency.p50.us", "latency.p99.us", "latency.max.us"}) {
    const auto values = history(name);
    const auto most = *std::max_element(values.begin(), values.end());
    EXPECT_GE(most, in_us(waited)) << name;
    EXPECT_LE(most, in_us(all) * 65 / 64 + 1) << name;
  }
}

// ---- impstats

TEST_F(Insight, GaugesAreNotResetAndCountersAre) {
  start(fmt::format(R"(endpoints="@{}" sockType="PUSH")", endpoint_),
        R"(format="json" resetCounters="on")");
  Receiver one = receiver("one");
  one.start();
  EXPECT_TRUE(statistics("it").wait_for("peers", 1));
  Injector(daemon_->input()).numbered(0, 10);
  EXPECT_TRUE(one.wait_for(10));
  for (int n = 0; n < 2; ++n) {
    EXPECT_TRUE(statistics("it").wait_for_report());
    EXPECT_EQ(now("peers"), 1);
    EXPECT_EQ(now("connects"), 0);
  }
  EXPECT_EQ(sum_of("connects"), 1);
  EXPECT_EQ(sum_of("sent.messages"), 10);
  one.stop();
  EXPECT_TRUE(wait_until([&] { return sum_of("disconnects") == 1; }));
  EXPECT_TRUE(statistics("it").wait_for_report());
  EXPECT_EQ(now("peers"), 0);
}

class InsightFormat : public Insight,
                      public testing::WithParamInterface<std::pair<const char*, const char*>> {};

TEST_P(InsightFormat, ShowsAllCounters) {
  start(fmt::format(R"(endpoints="@{}" sockType="PUSH")", endpoint_),
        fmt::format(R"(format="{}")", GetParam().first));
  Receiver one = receiver("one");
  one.start();
  const std::regex pattern(GetParam().second);
  std::string text;
  EXPECT_TRUE(wait_until([&] {
    text = read_file(configuration().statistics());
    return std::regex_search(text, pattern);
  })) << text;
}

INSTANTIATE_TEST_SUITE_P(
    Of, InsightFormat,
    testing::Values(
        std::pair("json",
                  R"re(\{ "name": "it", "origin": "omzmq", "submitted": 0, .*"peers": 1, )re"
                  R"re("connects": 1, "disconnects": 0, "handshake.failed": 0, )re"
                  R"re("auth.failed": 0, "latency.p50.us": 0, "latency.p99.us": 0, )re"
                  R"re("latency.max.us": 0 \})re"),
        std::pair("cee",
                  R"re(@cee: \{ "name": "it", "origin": "omzmq", "submitted": 0, .*"peers": 1, )re"
                  R"re("connects": 1, .*"latency.max.us": 0 \})re"),
        std::pair("legacy",
                  R"re(it: origin=omzmq submitted=0 .*peers=1 connects=1 disconnects=0 )re"
                  R"re(handshake.failed=0 auth.failed=0 latency.p50.us=0 )re"
                  R"re(latency.p99.us=0 latency.max.us=0)re")),
    [](const auto& format) { return std::string(format.param.first); });

TEST_F(Insight, ADaemonWithOtherStatisticsRunsTheModuleWithoutAndSaysSoOnce) {
  Configuration whole = configuration();
  const std::string action = fmt::format(
      R"(action(type="omzmq" endpoints="{}" sockType="PUSH" template="raw" statsName="{{}}"))",
      endpoint_);
  whole.without_omzmq()
      .global(R"(processInternalMessages="on")")
      .top(omfile(log_file(), "RSYSLOG_FileFormat"))
      .top(fmt::format("module(load=\"{}\")\n", OMZMQ_TEST_OTHER_STATISTICS))
      .action(fmt::format(fmt::runtime(action), "one"))
      .action(fmt::format(fmt::runtime(action), "two"));
  Rsyslogd daemon(directory_, whole);
  daemon.start();
  Receiver one = receiver("one", true);
  one.start();
  Injector(daemon.input()).numbered(0, 10);
  EXPECT_TRUE(one.wait_for(20));
  EXPECT_TRUE(wait_until([&] {
    return read_file(configuration().statistics()).find("\"origin\": \"core.action\"") !=
           std::string::npos;
  }));
  EXPECT_EQ(read_file(configuration().statistics()).find("\"origin\": \"omzmq\""),
            std::string::npos);
  EXPECT_TRUE(is_logged("another statistics interface"));
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_EQ(logged("another statistics interface"), 1U);
}

// ---- conf/monitoring

class InsightTextfile : public Insight {
 protected:
  Output convert(const std::string& statistics) const {
    return run({OMZMQ_TEST_PYTHON, OMZMQ_TEST_EXAMPLES "/monitoring/omzmq-textfile.py", statistics,
                textfile()},
               directory_.file("textfile"));
  }
  std::string textfile() const { return directory_.file("omzmq.prom"); }
};

// Prometheus' text format: after "# HELP NAME text" and "# TYPE NAME counter|gauge" come the
// samples of NAME.
TEST_F(InsightTextfile, IsWhatPrometheusReads) {
  start(fmt::format(R"(endpoints="@{}" sockType="PUSH")", endpoint_));
  Receiver one = receiver("one");
  one.start();
  Injector(daemon_->input()).numbered(0, 10);
  EXPECT_TRUE(statistics("it").wait_for("sent.messages", 10));
  EXPECT_TRUE(statistics("it").wait_for("peers", 1));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  const Output output = convert(configuration().statistics());
  ASSERT_EQ(output.ended.exit_code, 0) << output.err;
  const std::regex help(R"(# HELP (omzmq_[a-z0-9_]+) \S.*)");
  const std::regex type(R"(# TYPE (omzmq_[a-z0-9_]+) (counter|gauge))");
  const std::regex sample(R"re((omzmq_[a-z0-9_]+)(\{action="it"\})? ([0-9.e+-]+))re");
  std::string current;
  std::vector<std::string> metrics;
  std::map<std::string, double> values;
  const std::string text = read_file(textfile());
  for (const std::string& line : lines_of(text)) {
    std::smatch found;
    if (std::regex_match(line, found, help)) {
      current = found[1];
    } else if (std::regex_match(line, found, type)) {
      EXPECT_EQ(found[1], current);
      metrics.push_back(current);
      EXPECT_EQ(current.ends_with("_total"), found[2] == "counter") << line;
    } else {
      ASSERT_TRUE(std::regex_match(line, found, sample)) << line;
      EXPECT_EQ(found[1], current);
      const bool is_module = current == "omzmq_actions" || current.ends_with("_timestamp_seconds");
      EXPECT_NE(found[2].matched, is_module) << line;
      EXPECT_TRUE(values.emplace(current, std::stod(found[3])).second) << line;
    }
  }
  EXPECT_TRUE(text.ends_with("\n"));
  std::vector<std::string> once = metrics;
  std::sort(once.begin(), once.end());
  EXPECT_EQ(std::adjacent_find(once.begin(), once.end()), once.end());
  EXPECT_EQ(metrics.size(), 26U) << "24 counters, the actions, the time";
  EXPECT_EQ(values["omzmq_sent_messages_total"], 10);
  EXPECT_EQ(values["omzmq_actions"], 1);
  EXPECT_TRUE(values.contains("omzmq_peers"));
  EXPECT_TRUE(values.contains("omzmq_waited_seconds_total"));
  EXPECT_TRUE(values.contains("omzmq_latency_p99_seconds"));
  EXPECT_GT(values["omzmq_report_timestamp_seconds"], 1.6e9);
}

TEST_F(InsightTextfile, TakesTheLastReportThatIsComplete) {
  const std::string head = R"(date: { "name": "omzmq", "origin": "omzmq", "actions": 2 })";
  const auto action = [](const std::string& name, int peers) {
    return fmt::format("date: {{ \"name\": \"{}\", \"origin\": \"omzmq\", \"peers\": {} }}\n", name,
                       peers);
  };
  const std::string file = directory_.file("statistics");
  write_file(file, head + "\n" + action("gone", 9) + action("b", 9) +  //
                       head + "\n" + action("a", 1) + "{ \"name\": \"x\" }\nno JSON\n" +
                       action(R"(b \"c\" \\ d)", 2) +  //
                       head + "\n" + action("a", 3) + R"(date: { "name": "b", "orig)");
  ASSERT_EQ(convert(file).ended.exit_code, 0);
  const std::string text = read_file(textfile());
  EXPECT_NE(text.find("omzmq_peers{action=\"a\"} 1\n"), std::string::npos) << text;
  EXPECT_NE(text.find("omzmq_peers{action=\"b \\\"c\\\" \\\\ d\"} 2\n"), std::string::npos) << text;
  EXPECT_EQ(text.find("gone"), std::string::npos) << text;
}

TEST_F(InsightTextfile, LeavesTheOldOneWhereThereIsNoReport) {
  write_file(textfile(), "old\n");
  const std::string file = directory_.file("statistics");
  write_file(file, "nothing of ours\n");
  const Output output = convert(file);
  EXPECT_EQ(output.ended.exit_code, 1);
  EXPECT_NE(output.err.find("no complete report"), std::string::npos) << output.err;
  EXPECT_EQ(convert(directory_.file("missing")).ended.exit_code, 1);
  EXPECT_EQ(read_file(textfile()), "old\n");
}

}  // namespace
}  // namespace omzmq::test
