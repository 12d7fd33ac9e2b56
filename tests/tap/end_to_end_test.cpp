// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Runs the real zmqtap against sockets of this process.
#include <gtest/gtest.h>

#include <csignal>
#include <string>

#include "zmqtap_fixture.hpp"

namespace omzmq::tap {
namespace {

TEST_F(ZmqtapTest, PullsOverTcpAndEndsAfterCount) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-c", "2", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "one"));
  ASSERT_TRUE(send(push, "two"));
  ASSERT_TRUE(send(push, "three"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "one\ntwo\n");
  EXPECT_EQ(tap.errors(), "");
}

TEST_F(ZmqtapTest, BindsOverIpcByPrefixOfTheEndpoint) {
  Process tap(command({"--pull", "-c", "1", "@" + ipc_endpoint()}));
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  push.connect(ipc_endpoint());
  ASSERT_TRUE(send(push, "over ipc"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "over ipc\n");
}

TEST_F(ZmqtapTest, SubscribesToPrefixesOnly) {
  zmq::socket_t xpub = make_socket(zmq::socket_type::xpub);
  Process tap(command({"-s", "a", "-s", "b", "-c", "2", bind_to_free_port(xpub)}));
  ASSERT_TRUE(await_subscriptions(xpub, 2));
  for (const char* const text : {"c1", "a1", "c2", "b1"}) {
    ASSERT_TRUE(send(xpub, text));
  }
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "a1\nb1\n");
}

TEST_F(ZmqtapTest, WritesTheBodyBehindATopicFrame) {
  zmq::socket_t xpub = make_socket(zmq::socket_type::xpub);
  Process tap(command({"--format", "lines", "-c", "2", bind_to_free_port(xpub)}));
  ASSERT_TRUE(await_subscriptions(xpub, 1));
  ASSERT_TRUE(send(xpub, "topic", zmq::send_flags::sndmore));
  ASSERT_TRUE(send(xpub, "one\ntwo"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "one\ntwo\n");
}

TEST_F(ZmqtapTest, CountsExactlyInsideAFrameOfLines) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(
      command({"--pull", "--format", "lines", "--stats", "-c", "4", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "1\n2\n3"));
  ASSERT_TRUE(send(push, "4\n5\n6"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "1\n2\n3\n4\n");
  EXPECT_NE(tap.errors().find("zmqtap: received 4 messages"), std::string::npos) << tap.errors();
}

TEST_F(ZmqtapTest, WritesLfAndNulBytesAsTheyAre) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-c", "2", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, std::string_view("a\0b\nc", 5)));
  ASSERT_TRUE(send(push, ""));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), std::string("a\0b\nc\n\n", 7));
}

TEST_F(ZmqtapTest, ReceivesFromSeveralEndpoints) {
  zmq::socket_t tcp = make_socket(zmq::socket_type::push);
  zmq::socket_t ipc = make_socket(zmq::socket_type::push);
  ipc.bind(ipc_endpoint());
  Process tap(command({"--pull", bind_to_free_port(tcp), ipc_endpoint(), "-c", "2"}));
  ASSERT_TRUE(send(tcp, "x"));
  ASSERT_TRUE(send(ipc, "x"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "x\nx\n");
}

TEST_F(ZmqtapTest, EndsWithThreeWhenNothingComes) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-t", "0.2", bind_to_free_port(push)}));
  EXPECT_EQ(tap.wait(), 3);
  EXPECT_EQ(tap.output(), "");
}

TEST_F(ZmqtapTest, ShowsAMessageAtOnceAndEndsCleanlyOnASignal) {
  for (const int number : {SIGTERM, SIGINT}) {
    zmq::socket_t push = make_socket(zmq::socket_type::push);
    Process tap(command({"--pull", "--stats", bind_to_free_port(push)}));
    ASSERT_TRUE(send(push, "seen"));
    ASSERT_EQ(tap.read_lines(1), "seen\n");
    tap.signal(number);
    EXPECT_EQ(tap.wait(), 0);
    EXPECT_NE(tap.errors().find("received 1 message,"), std::string::npos) << tap.errors();
  }
}

TEST_F(ZmqtapTest, EndsQuietlyWhenNobodyReadsItsOutput) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "seen"));
  ASSERT_EQ(tap.read_lines(1), "seen\n");
  tap.close_output();
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.errors(), "");
}

TEST_F(ZmqtapTest, UsageErrorsEndWithOne) {
  Process tap(command({"--format", "xml", "tcp://127.0.0.1:5555"}));
  EXPECT_EQ(tap.wait(), 1);
  EXPECT_NE(tap.errors().find("--format 'xml'"), std::string::npos) << tap.errors();
}

TEST_F(ZmqtapTest, EndsWithTwoWhenItCannotBind) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  const std::string endpoint = bind_to_free_port(push);
  Process tap(command({"--bind", endpoint}));
  EXPECT_EQ(tap.wait(), 2);
  EXPECT_NE(tap.errors().find("cannot bind " + endpoint), std::string::npos) << tap.errors();
}

TEST_F(ZmqtapTest, EndsWhenIdleOnceSomebodyWasThere) {
  EXPECT_EQ(pull({}, {"one", "two"}), 0);
  EXPECT_EQ(output_, "one\ntwo\n");
  EXPECT_EQ(errors_, "");
}

TEST_F(ZmqtapTest, EndWhenIdleWaitsForSomebodyToConnect) {
  Process tap(command({"--pull", "--bind", "-e", "-t", "2.5", ipc_endpoint()}));
  EXPECT_EQ(tap.wait(), 3);
}

TEST_F(ZmqtapTest, SaysThatNobodyAnswersAndThatSomebodyDoes) {
  Process tap(command({"--pull", "-c", "1", ipc_endpoint()}));
  ASSERT_EQ(tap.read_error_lines(1), "zmqtap: nobody answers at " + ipc_endpoint() +
                                         "; trying again until somebody answers\n");
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  push.bind(ipc_endpoint());
  ASSERT_TRUE(send(push, "late"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "late\n");
  EXPECT_NE(tap.errors().find("zmqtap: connected: "), std::string::npos) << tap.errors();
}

TEST_F(ZmqtapTest, TellsThePortThatTheSystemChose) {
  Process tap(command({"--pull", "-c", "1", "@tcp://127.0.0.1:*"}));
  std::string line = tap.read_error_lines(1);
  const std::string start = "zmqtap: listening at ";
  ASSERT_EQ(line.rfind(start, 0), 0U) << line;
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  push.connect(line.substr(start.size(), line.size() - start.size() - 1));
  ASSERT_TRUE(send(push, "found"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "found\n");
}

TEST_F(ZmqtapTest, SetsSocketOptionsAndSaysWhichOneLibzmqRefuses) {
  EXPECT_EQ(pull({"-X", "rcvhwm=5", "-X", "tos=16"}, {"x"}), 0);
  Process tap(command({"-X", "rcvhwm=-5", "tcp://127.0.0.1:9"}));
  EXPECT_EQ(tap.wait(), 1);
  EXPECT_NE(tap.errors().find("-X 'rcvhwm=-5'"), std::string::npos) << tap.errors();
}

TEST_F(ZmqtapTest, ALargerMessageThanAllowedIsRefusedAndWhatComesLaterIsTaken) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "--max-message", "1k", "-c", "1", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, std::string(20'000, 'x')));
  EXPECT_NE(tap.read_error_lines(1).find("larger than --max-message: connecting anew"),
            std::string::npos)
      << tap.errors();
  ASSERT_TRUE(send(push, "small"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "small\n");
}

TEST_F(ZmqtapTest, UnbufferedWritesInTheMiddleOfAFrame) {
  EXPECT_EQ(pull({"-u", "--format", "lines"}, {"1\n2\n3"}), 0);
  EXPECT_EQ(output_, "1\n2\n3\n");
}

TEST_F(ZmqtapTest, WritesInEachFormat) {
  const std::string frame = packed_batch({.epoch = 10, .stream = 3, .first = 5}, {"a\nb"});
  const auto written = [&](const Arguments& arguments) {
    EXPECT_EQ(pull(arguments, {frame}), 0);
    return output_;
  };
  EXPECT_EQ(written({}), "a\nb\n");
  EXPECT_EQ(written({"-0"}), std::string("a\nb\0", 4));
  EXPECT_EQ(written({"--quote"}), "a\\nb\n");
  EXPECT_EQ(written({"--hex"}), "610a62\n");
  EXPECT_EQ(written({"-f", "%o %p %e %S;"}), "5 3 000000000000000a 3;");
  EXPECT_EQ(written({"-J"}).rfind(R"({"epoch":"000000000000000a","stream":3,"sequence":5,)", 0), 0U)
      << output_;
}

TEST_F(ZmqtapTest, AppendsToAFileAndOpensItAgainAtHangUp) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  write_file(path("log"), "zero\n");
  Process tap(command({"--pull", "-o", path("log"), "-c", "2", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "one"));
  ASSERT_TRUE(eventually([&] { return read_file(path("log")) == "zero\none\n"; }));
  std::filesystem::rename(path("log"), path("log.old"));
  tap.signal(SIGHUP);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path("log")); }));
  ASSERT_TRUE(send(push, "two"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(read_file(path("log")), "two\n");
  EXPECT_EQ(read_file(path("log.old")), "zero\none\n");
  EXPECT_EQ(tap.output(), "");
}

TEST_F(ZmqtapTest, RotatesItsFileBySize) {
  EXPECT_EQ(pull({"-o", path("log"), "--rotate-size", "8", "--rotate-keep", "1"},
                 {"aaa", "bbb", "ccc", "ddd", "eee"}),
            0);
  EXPECT_EQ(read_file(path("log")), "eee\n");
  EXPECT_EQ(read_file(path("log.1")), "ccc\nddd\n");
  EXPECT_FALSE(std::filesystem::exists(path("log.2")));
}

TEST_F(ZmqtapTest, AFileThatCannotBeOpenedEndsWithOne) {
  Process tap(command({"--pull", "-o", path("no/such/log"), ipc_endpoint()}));
  EXPECT_EQ(tap.wait(), 1);
  EXPECT_NE(tap.errors().find(path("no/such/log")), std::string::npos) << tap.errors();
}

TEST_F(ZmqtapTest, AFullOutputEndsWithOne) {
  EXPECT_EQ(pull({"-o", "/dev/full"}, {"x"}), 1);
  EXPECT_NE(errors_.find("/dev/full"), std::string::npos) << errors_;
}

TEST_F(ZmqtapTest, LosesNothingOfAHundredThousand) {
  constexpr int kMessages = 100'000;
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command(
      {"--pull", "-c", std::to_string(kMessages), bind_to_free_port(push), "--format", "lines"}));
  std::string expected;
  std::string frame;
  for (int i = 0; i < kMessages; ++i) {
    frame += std::to_string(i);
    frame += '\n';
    if (i % 500 == 499) {
      expected += frame;
      ASSERT_TRUE(send(push, std::string_view(frame).substr(0, frame.size() - 1)));
      frame.clear();
    }
  }
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_TRUE(tap.output() == expected);
}

}  // namespace
}  // namespace omzmq::tap
