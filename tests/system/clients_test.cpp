// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// Receivers that nobody here wrote: pyzmq, and rsyslog's own imczmq. And zmqtap, which comes along.

#include <sstream>

#include "system_test.hpp"

namespace omzmq::test {
namespace {

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

class Stranger : public SystemTest {
 protected:
  // Starts receive.py; its output is in received().
  void start_python(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {OMZMQ_TEST_PYTHON, OMZMQ_TEST_RECEIVE_PY};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    process_.start(argv, directory_.file("stranger.out"), directory_.file("stranger.err"));
    ASSERT_TRUE(wait_until([&] { return !received().empty(); })) << errors();
  }
  std::string received() const { return read_file(directory_.file("stranger.out")); }
  std::string errors() const { return read_file(directory_.file("stranger.err")); }

  Process process_;
};

TEST_F(Stranger, PullingWithPyzmqGetsExactlyWhatWentIn) {
  const std::string endpoint = free_tcp_endpoint();
  start_python({"PULL", "bind", endpoint, numbered_line(9999)});
  Rsyslogd daemon(directory_, configuration().omzmq(
                                  fmt::format(R"(endpoints="{}" sockType="PUSH")", endpoint)));
  daemon.start();
  Injector(daemon.input()).numbered(0, 10000);
  const auto ended = process_.wait();
  ASSERT_TRUE(ended) << errors();
  EXPECT_EQ(ended->exit_code, 0) << errors();
  std::string wanted = "ready\n";
  for (unsigned i = 0; i < 10000; ++i) wanted += hex(numbered_line(i)) + "\n";
  EXPECT_TRUE(received() == wanted);
}

TEST_F(Stranger, SubscribedWithPyzmqGetsItsTopicOnly) {
  const std::string endpoint = free_tcp_endpoint();
  Rsyslogd daemon(directory_,
                  configuration()
                      .top("template(name=\"topic\" type=\"string\" string=\"%rawmsg:F,124:1%\")")
                      .omzmq(fmt::format(R"(endpoints="{}" sockType="PUB" dynaTopic="on" )"
                                         R"(topics="topic" topicFrame="on" template="payload")",
                                         endpoint)));
  daemon.start();
  start_python({"SUB", "connect", endpoint, "last", "even"});
  Injector injector(daemon.input());
  ASSERT_TRUE(wait_until([&] {
    injector.message("even|probe");
    return received().find(hex("probe")) != std::string::npos;
  }));
  std::string wanted;
  for (unsigned i = 0; i < 1000; ++i) {
    const std::string topic = i % 2 == 0 ? "even" : "odd";
    injector.message(topic + "|" + numbered_line(i));
    if (i % 2 == 0) wanted += hex("even") + " " + hex(numbered_line(i)) + "\n";
  }
  injector.message("even|last");
  ASSERT_TRUE(process_.wait()) << errors();
  std::string numbered;
  std::istringstream in(received());
  for (std::string line; std::getline(in, line);) {
    if (line.find(hex("msgnum:")) != std::string::npos) numbered += line + "\n";
  }
  EXPECT_TRUE(numbered == wanted);
}

TEST_F(Stranger, ImczmqWritesWhatOmzmqPushed) {
  const std::string endpoint = free_tcp_endpoint();
  const std::string file = directory_.file("from-imczmq");
  Rsyslogd sink(
      directory_,
      configuration("sink").without_omzmq().top(fmt::format(
          "module(load=\"imczmq\")\n"
          "template(name=\"line\" type=\"string\" string=\"%rawmsg%\\n\")\n"
          "ruleset(name=\"received\") {{ {} }}\n"
          "input(type=\"imczmq\" endpoints=\"@{}\" sockType=\"PULL\" ruleset=\"received\")",
          omfile(file, "line"), endpoint)));
  sink.start();
  Rsyslogd daemon(directory_, configuration().omzmq(
                                  fmt::format(R"(endpoints="{}" sockType="PUSH")", endpoint)));
  daemon.start();
  constexpr unsigned kCount = 10000;
  Injector(daemon.input()).numbered(0, kCount, 100);
  EXPECT_TRUE(wait_until([&] { return read_file(file).size() >= std::size_t{kCount} * 101; }));
  auto lines = split_lines({read_file(file)});
  lines.pop_back();
  EXPECT_TRUE(are_numbered_in_order(lines, kCount, 100));
}

TEST_F(Stranger, ZmqtapPrintsOneMessageALineAndEndsAfterTheCount) {
  const std::string endpoint = free_tcp_endpoint();
  process_.start({OMZMQ_TEST_ZMQTAP, "--pull", "--bind", endpoint, "-c", "1000"},
                 directory_.file("stranger.out"), directory_.file("stranger.err"));
  Rsyslogd daemon(directory_, configuration().omzmq(
                                  fmt::format(R"(endpoints="{}" sockType="PUSH")", endpoint)));
  daemon.start();
  Injector(daemon.input()).numbered(0, 1000);
  const auto ended = process_.wait();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->exit_code, 0) << errors();
  auto lines = split_lines({received()});
  lines.pop_back();
  EXPECT_TRUE(are_numbered_in_order(lines, 1000));
}

TEST_F(Stranger, ZmqtapTellsByItsExitCodeThatNothingCame) {
  process_.start({OMZMQ_TEST_ZMQTAP, "--sub", "--connect", free_tcp_endpoint(), "-t", "1"},
                 directory_.file("stranger.out"), directory_.file("stranger.err"));
  const auto ended = process_.wait();
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->exit_code, 3) << errors();
}

}  // namespace
}  // namespace omzmq::test
