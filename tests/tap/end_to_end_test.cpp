// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Runs the real zmqtap against sockets of this process.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <string>
#include <thread>

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

TEST_F(ZmqtapTest, WritesWhatHasArrivedWhenItIsToEnd) {
  constexpr std::uint32_t kBatches = 500;
  for (const char* const kind : {"--pull", "--router"}) {
    zmq::socket_t sender = make_socket(kind == std::string("--pull") ? zmq::socket_type::push
                                                                     : zmq::socket_type::dealer);
    Process tap(command({kind, bind_to_free_port(sender)}));
    ASSERT_TRUE(send(sender, numbered_batch(0, 1)));
    ASSERT_EQ(tap.read_lines(1), "0\n");
    tap.signal(SIGSTOP);
    for (std::uint32_t i = 1; i <= kBatches; ++i) {
      ASSERT_TRUE(send(sender, numbered_batch(i, 1)));
    }
    tap.signal(SIGTERM);
    tap.signal(SIGCONT);
    EXPECT_EQ(tap.wait(), 0);
    EXPECT_EQ(tap.output(), numbered_lines(0, kBatches + 1)) << kind;
  }
}

TEST_F(ZmqtapTest, ASenderWithoutAPauseDoesNotKeepItFromEnding) {
  // On a busy machine the flood itself may pause, and zmqtap then ends as usual: so it is tried
  // again until it was cut off, which it has to say.
  constexpr int kAttempts = 30;
  std::string said;
  for (int i = 0; i < kAttempts && said.empty(); ++i) {
    zmq::socket_t push = make_socket(zmq::socket_type::push);
    push.set(zmq::sockopt::linger, 0);
    Process tap(command({"--pull", "-o", "/dev/null", bind_to_free_port(push)}));
    ASSERT_TRUE(send(push, "first"));
    std::atomic<bool> is_over{false};
    std::thread flood([&] {
      push.set(zmq::sockopt::sndtimeo, 10);
      while (!is_over) {
        static_cast<void>(send(push, "more"));
      }
    });
    tap.signal(SIGTERM);
    EXPECT_EQ(tap.wait(), 0);
    is_over = true;
    flood.join();
    said = tap.errors();
  }
  EXPECT_EQ(said, "zmqtap: messages came without a pause: the last ones are lost\n");
}

TEST_F(ZmqtapTest, BatchesThatBecomeLargeDoNotKeepItFromEnding) {
  // Each of some kilobytes, and millions of empty records.
  const std::string raw(std::size_t{64} << 20, '\0');
  wire::BatchHeader header;
  header.epoch = 7;
  header.count = static_cast<std::uint32_t>(raw.size() / wire::kLengthBytes);
  header.raw_bytes = static_cast<std::uint32_t>(raw.size());
  header.codec = wire::Codec::kZstd;
  const std::string frame = packed_frame(header, compressed(wire::Codec::kZstd, raw));
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-u", "--allow-duplicates", "-f", "%s", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "ready\n"));
  ASSERT_EQ(tap.read_lines(1), "ready\n");
  tap.signal(SIGSTOP);
  ASSERT_TRUE(send(push, "go\n"));
  for (int i = 0; i < 800; ++i) {
    ASSERT_TRUE(send(push, frame));
  }
  tap.signal(SIGCONT);
  ASSERT_EQ(tap.read_lines(2), "ready\ngo\n");
  tap.signal(SIGTERM);
  EXPECT_EQ(tap.wait(), 0);
  push.set(zmq::sockopt::linger, 0);
}

TEST_F(ZmqtapTest, AStandardErrorThatNobodyReadsStopsNothing) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  // A pipe holds 64 KiB: it is full before the first word.
  Process tap({"/bin/sh", "-c", R"(head -c 65536 /dev/zero >&2; exec "$0" --pull "$1")",
               OMZMQ_ZMQTAP, bind_to_free_port(push)});
  ASSERT_TRUE(send(push, "one"));
  ASSERT_EQ(tap.read_lines(1), "one\n");
  tap.signal(SIGUSR1);
  tap.signal(SIGUSR1);
  ASSERT_TRUE(send(push, "two"));
  EXPECT_EQ(tap.read_lines(2), "one\ntwo\n");
  tap.signal(SIGTERM);
  EXPECT_EQ(tap.wait(), 0);
}

TEST_F(ZmqtapTest, PullWithACountTakesLittleInAdvance) {
  constexpr int kMessages = 500;
  const std::string large(100'000, 'x');
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  push.set(zmq::sockopt::sndhwm, 10);
  // Nobody reads its output, so it stands still at the first message.
  Process tap(command({"--pull", "-c", "2", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, large));
  push.set(zmq::sockopt::sndtimeo, 1000);
  int sent = 1;
  while (sent < kMessages && send(push, large)) {
    ++sent;
  }
  // The buffers of sender and kernel have room for some, and zmqtap for one.
  EXPECT_LT(sent, kMessages / 2);
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), large + '\n' + large + '\n');
  push.set(zmq::sockopt::linger, 0);
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
  // The first of three is tried, and the others no more.
  EXPECT_EQ(pull({"-u", "--stats", "--format", "lines", "-o", "/dev/full"}, {"1\n2\n3"}), 1);
  EXPECT_NE(errors_.find("received 1 message,"), std::string::npos) << errors_;
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

TEST_F(ZmqtapTest, AFileAtItsLimitEndsWithOneAndCutsNoRecord) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap({"/bin/sh", "-c", R"(ulimit -f 8; exec "$0" --pull -e -o "$1" "$2")", OMZMQ_ZMQTAP,
               path("log"), bind_to_free_port(push)});
  ASSERT_TRUE(send(push, std::string(99, 'x')));
  ASSERT_TRUE(eventually([&] { return read_file(path("log")).size() == 100; }));
  ASSERT_TRUE(send(push, std::string(5000, 'y')));
  EXPECT_EQ(tap.wait(), 1);
  EXPECT_NE(tap.errors().find("cannot write to '" + path("log") + "': "), std::string::npos)
      << tap.errors();
  EXPECT_EQ(read_file(path("log")), std::string(99, 'x') + '\n');
}

TEST_F(ZmqtapTest, TooLittleMemoryEndsWithOneAndWhatWasThereIsWritten) {
#ifdef OMZMQ_TEST_SANITIZED
  GTEST_SKIP() << "a sanitizer needs more address space than the test leaves";
#endif
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(
      {"/bin/sh", "-c",
       R"(ulimit -v 500000; exec "$0" --pull -t 60 --max-message 200m --quote --stats "$1")",
       OMZMQ_ZMQTAP, bind_to_free_port(push)});
  ASSERT_TRUE(send(push, "one"));
  ASSERT_TRUE(send(push, "two"));
  // "\\x00" for each byte is more than there is.
  ASSERT_TRUE(send(push, std::string(120'000'000, '\0')));
  EXPECT_EQ(tap.wait(), 1);
  EXPECT_EQ(tap.output(), "one\ntwo\n");
  EXPECT_NE(tap.errors().find("zmqtap: received 2 messages"), std::string::npos) << tap.errors();
  EXPECT_NE(tap.errors().find("zmqtap: not enough memory"), std::string::npos) << tap.errors();
}

TEST_F(ZmqtapTest, TextsThatCannotBeWrittenEndWithOneAndSayWhy) {
  for (const char* const arguments : {"--help", "--version", "-X list", "keygen own"}) {
    Process tap({"/bin/sh", "-c",
                 "cd \"$1\" && exec \"$0\" " + std::string(arguments) + " >/dev/full", OMZMQ_ZMQTAP,
                 directory_.string()});
    EXPECT_EQ(tap.wait(), 1) << arguments;
    EXPECT_EQ(tap.errors(), "zmqtap: cannot write to standard output: No space left on device\n");
  }
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
