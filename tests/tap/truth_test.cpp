// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What zmqtap says of gaps, duplicates, restarts and corrupt frames, its exit codes, and what it
// acknowledges.
#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <utility>

#include "tap/records/batch_memory.hpp"
#include "tap/records/continuity.hpp"
#include "zmqtap_fixture.hpp"

namespace omzmq::tap {
namespace {

class Truth : public ZmqtapTest {
 protected:
  bool says(std::string_view text) const { return errors_.find(text) != std::string::npos; }
};

TEST_F(Truth, NothingIsSaidWhenAllIsWell) {
  EXPECT_EQ(pull({}, {numbered_batch(0, 3), numbered_batch(3, 2), packed_beat(7, 1, 5)}), 0);
  EXPECT_EQ(output_, numbered_lines(0, 5));
  EXPECT_EQ(errors_, "");
}

TEST_F(Truth, AGapIsToldAndEndsWithFour) {
  EXPECT_EQ(pull({}, {numbered_batch(0, 3), numbered_batch(7, 1)}), 4);
  EXPECT_EQ(output_, numbered_lines(0, 3) + numbered_lines(7, 1));
  EXPECT_TRUE(
      says("zmqtap: gap: 4 messages missing, numbers 3 to 6, stream 1 of sender "
           "0000000000000007\n"))
      << errors_;
  EXPECT_TRUE(says("4 messages missing in 1 gap, 0 duplicates")) << errors_;
}

TEST_F(Truth, ABeatRevealsALostTail) {
  EXPECT_EQ(pull({}, {numbered_batch(0, 3), packed_beat(7, 1, 4)}), 4);
  EXPECT_TRUE(says("gap: 1 message missing, number 3,")) << errors_;
}

TEST_F(Truth, WhatComesLateIsMissingNoMore) {
  EXPECT_EQ(pull({}, {numbered_batch(0, 1), numbered_batch(2, 1), numbered_batch(1, 1)}), 0);
  EXPECT_EQ(output_, "0\n2\n1\n");
  EXPECT_TRUE(says("late: 1 message")) << errors_;
}

TEST_F(Truth, AllowedGapsAreOnlyCounted) {
  EXPECT_EQ(pull({"--allow-gaps"}, {numbered_batch(0, 3), numbered_batch(7, 1)}), 0);
  EXPECT_FALSE(says("gap:")) << errors_;
  EXPECT_TRUE(says("4 messages missing in 1 gap")) << errors_;
}

TEST_F(Truth, DuplicatesAreWrittenAgainAndEndWithSix) {
  EXPECT_EQ(pull({}, {numbered_batch(0, 2), numbered_batch(0, 2)}), 6);
  EXPECT_EQ(output_, numbered_lines(0, 2) + numbered_lines(0, 2));
  EXPECT_TRUE(says("duplicate: 2 messages came again and are written again")) << errors_;
}

TEST_F(Truth, AllowedDuplicatesAreOnlyCounted) {
  EXPECT_EQ(pull({"--allow-duplicates"}, {numbered_batch(0, 2), numbered_batch(0, 2)}), 0);
  EXPECT_FALSE(says("duplicate:")) << errors_;
  EXPECT_TRUE(says("2 duplicates")) << errors_;
}

TEST_F(Truth, ARestartIsNoGap) {
  EXPECT_EQ(pull({}, {numbered_batch(0, 3, 7), numbered_batch(0, 2, 8)}), 0);
  EXPECT_TRUE(says("zmqtap: restart: the sender began anew, as 0000000000000008\n")) << errors_;
  EXPECT_FALSE(says("gap")) << errors_;
}

TEST_F(Truth, ASenderThatComesBackOverANewConnectionIsARestart) {
  Process tap(command({"--pull", "--bind", "-v", "-c", "2", ipc_endpoint()}));
  const auto send_from_new_socket = [&](std::uint64_t epoch) {
    zmq::socket_t push = make_socket(zmq::socket_type::push);
    push.connect(ipc_endpoint());
    ASSERT_TRUE(send(push, numbered_batch(0, 1, epoch)));
  };
  send_from_new_socket(7);
  while (tap.errors().find("disconnected: ") == std::string::npos) {
    const auto lines = std::count(tap.errors().begin(), tap.errors().end(), '\n');
    ASSERT_NE(tap.read_error_lines(static_cast<std::size_t>(lines) + 1), "");
  }
  send_from_new_socket(8);
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_NE(tap.errors().find("restart: "), std::string::npos) << tap.errors();
}

TEST_F(Truth, ACorruptFrameIsToldAndEndsWithFive) {
  std::string damaged = numbered_batch(0, 2);
  damaged.back() ^= 1;
  EXPECT_EQ(pull({}, {numbered_batch(0, 2), damaged, numbered_batch(2, 1)}), 5);
  EXPECT_EQ(output_, numbered_lines(0, 3));
  EXPECT_TRUE(says("zmqtap: corrupt frame of ")) << errors_;
  EXPECT_TRUE(says("wrong CRC")) << errors_;
}

TEST_F(Truth, AForeignFrameIsCorruptWherePackedIsAskedFor) {
  EXPECT_EQ(pull({"--format", "packed"}, {"raw"}), 5);
  EXPECT_EQ(pull({"--format", "raw"}, {"OZB1 is no batch"}), 0);
  EXPECT_EQ(output_, "OZB1 is no batch\n");
}

TEST_F(Truth, TheWorstDecidesTheExitCode) {
  const std::string gap = numbered_batch(5, 1);
  const std::string first = numbered_batch(0, 1);
  EXPECT_EQ(pull({}, {first, first, gap}), 4);
  EXPECT_EQ(pull({}, {first, first, gap, "no batch"}), 5);
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-t", "1", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, first));
  ASSERT_TRUE(send(push, first));
  EXPECT_EQ(tap.wait(), 6);
}

TEST_F(Truth, QuietSaysNothingButCodesStay) {
  EXPECT_EQ(pull({"-q"}, {numbered_batch(0, 1), numbered_batch(5, 1)}), 4);
  EXPECT_EQ(errors_, "");
}

TEST_F(Truth, VerboseTellsConnectionsSendersAndStreams) {
  EXPECT_EQ(pull({"-v"}, {numbered_batch(4, 1)}), 0);
  EXPECT_TRUE(says("zmqtap: connected: tcp://127.0.0.1:")) << errors_;
  EXPECT_TRUE(says("zmqtap: new sender 0000000000000007\n")) << errors_;
  EXPECT_TRUE(says("zmqtap: new stream 1 of sender 0000000000000007, from number 4\n")) << errors_;
  EXPECT_TRUE(says("zmqtap: received 1 message")) << errors_;
}

TEST_F(Truth, AFloodOfTroubleIsToldInAFewLines) {
  std::vector<std::string> frames;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    frames.push_back(numbered_batch(2 * i, 1));
  }
  constexpr int kLinesPerSecond = 10;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(pull({}, frames), 4);
  const auto elapsed = std::chrono::steady_clock::now() - begin;
  // Of each second that had begun, and how many were left out; then the summary.
  const auto seconds = std::chrono::floor<std::chrono::seconds>(elapsed).count() + 1;
  EXPECT_LE(std::count(errors_.begin(), errors_.end(), '\n'), (kLinesPerSecond + 1) * seconds + 2)
      << errors_;
  EXPECT_TRUE(says("more lines like these")) << errors_;
  EXPECT_TRUE(says("1999 messages missing in 1999 gaps")) << errors_;
}

TEST_F(Truth, WhatIsMissingNeverCountsBeyondTheLargestNumber) {
  constexpr std::uint64_t kHalf = std::uint64_t{1} << 63;
  std::vector<std::string> frames{packed_beat(7, 1, 0), packed_beat(7, 1, kHalf),
                                  packed_beat(7, 2, 0), packed_beat(7, 2, kHalf)};
  for (const std::string late : {"", " (1 more came late)"}) {
    EXPECT_EQ(pull({}, frames), 4);
    EXPECT_TRUE(says("18446744073709551615 messages missing in 2 gaps" + late + ",")) << errors_;
    frames.push_back(numbered_batch(3, 1));
  }
}

TEST_F(Truth, StreamsThatWereForgottenAreToldAtTheEnd) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  // Ends with a message and not when idle: beats do not count as messages, however long they take.
  Process tap(command({"--pull", "-c", "1", bind_to_free_port(push)}));
  for (std::uint64_t stream = 0; stream <= Continuity::kMaxStreams; ++stream) {
    ASSERT_TRUE(send(push, packed_beat(7, stream, 5)));
  }
  ASSERT_TRUE(send(push, numbered_batch(5, 1, 7, Continuity::kMaxStreams)));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_NE(tap.errors().find(", 1 stream forgotten, whose gaps are not known\n"),
            std::string::npos)
      << tap.errors();
}

TEST_F(Truth, ASenderThatLeavesHasSentNothingThatIsTooLarge) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-X", "reconnect_ivl=-1", "-t", "1", bind_to_free_port(push)}));
  ASSERT_TRUE(send(push, "one"));
  EXPECT_EQ(tap.read_lines(1), "one\n");
  push.close();
  EXPECT_EQ(tap.wait(), 3);
  EXPECT_EQ(tap.errors().find("larger than"), std::string::npos) << tap.errors();
  EXPECT_NE(tap.errors().find("not tried again, as -X reconnect_ivl=-1 says\n"), std::string::npos)
      << tap.errors();
}

TEST_F(Truth, ASenderThatIsGivenByItsHostNameMayLeaveAndComeBack) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  const std::string endpoint = bind_to_free_port(push);
  Process tap(
      command({"--pull", "-c", "2", "tcp://localhost" + endpoint.substr(endpoint.rfind(':'))}));
  ASSERT_TRUE(send(push, "one"));
  EXPECT_EQ(tap.read_lines(1), "one\n");
  push.close();
  EXPECT_NE(tap.read_error_lines(1).find("lost the connection to "), std::string::npos)
      << tap.errors();
  zmq::socket_t next = make_socket(zmq::socket_type::push);
  ASSERT_TRUE(eventually([&] { return zmq_bind(next.handle(), endpoint.c_str()) == 0; }));
  ASSERT_TRUE(send(next, "two"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.errors().find("larger than"), std::string::npos) << tap.errors();
}

TEST_F(Truth, APeerOfAnotherTypeIsNamedAndEndsWithTwo) {
  const std::vector<std::pair<zmq::socket_type, std::string>> mistakes{
      {zmq::socket_type::push, "--sub"},
      {zmq::socket_type::pub, "--pull"},
      {zmq::socket_type::push, "--router"}};
  for (const auto& [type, option] : mistakes) {
    zmq::socket_t socket = make_socket(type);
    Process tap(command({option, "-t", "60", bind_to_free_port(socket)}));
    EXPECT_EQ(tap.wait(), 2) << option;
    EXPECT_NE(tap.errors().find("be of another type: --sub is for PUB, --pull for PUSH"),
              std::string::npos)
        << tap.errors();
    EXPECT_EQ(tap.errors().find("larger than"), std::string::npos) << tap.errors();
  }
}

TEST_F(Truth, APeerOfAnotherTypeThatIsReplacedByTheRightOneIsFound) {
  zmq::socket_t pub = make_socket(zmq::socket_type::pub);
  const std::string endpoint = bind_to_free_port(pub);
  Process tap(command({"--pull", "-c", "1", "@" + ipc_endpoint(), endpoint}));
  EXPECT_NE(tap.read_error_lines(1).find("handshake failed: " + endpoint), std::string::npos)
      << tap.errors();
  pub.close();
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  // The port is free once libzmq has closed the other socket.
  ASSERT_TRUE(eventually([&] { return zmq_bind(push.handle(), endpoint.c_str()) == 0; }));
  ASSERT_TRUE(send(push, "one"));
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), "one\n");
}

TEST_F(Truth, TheTopicIsShownWithoutItsControlCharacters) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Process tap(command({"--pull", "-e", bind_to_free_port(push)}));
  for (const std::uint64_t first : {0U, 5U}) {
    ASSERT_TRUE(send(push, "a\x1b[2J", zmq::send_flags::sndmore));
    ASSERT_TRUE(send(push, numbered_batch(first, 1)));
  }
  EXPECT_EQ(tap.wait(), 4);
  EXPECT_NE(tap.errors().find("topic 'a\\x1b[2J'"), std::string::npos) << tap.errors();
}

TEST(BatchMemory, KnowsTheLatestBatchesByAllOfTheirName) {
  BatchMemory memory(2);
  const wire::BatchHeader batch{.epoch = 1, .stream = 2, .first = 3};
  EXPECT_TRUE(memory.insert(batch));
  EXPECT_FALSE(memory.insert(batch));
  EXPECT_TRUE(memory.insert({.epoch = 1, .stream = 2, .first = 4}));
  EXPECT_TRUE(memory.insert({.epoch = 1, .stream = 3, .first = 3}));
  EXPECT_TRUE(memory.insert(batch)) << "the oldest had to go";
  EXPECT_FALSE(memory.insert({.epoch = 1, .stream = 3, .first = 3}));
  EXPECT_TRUE(memory.insert({.epoch = 2, .stream = 3, .first = 3}));
}

class Router : public ZmqtapTest {
 protected:
  Router() : dealer_(make_socket(zmq::socket_type::dealer)) {}

  wire::Ack receive_ack() {
    zmq::message_t frame;
    wire::Ack ack;
    EXPECT_TRUE(dealer_.recv(frame).has_value());
    EXPECT_EQ(wire::read_ack(frame.to_string_view(), ack), wire::Fault::kNone);
    return ack;
  }

  zmq::socket_t dealer_;
};

TEST_F(Router, AcknowledgesABatchOnceItIsWritten) {
  Process tap(command({"--router", "-o", path("log"), bind_to_free_port(dealer_)}));
  ASSERT_TRUE(send(dealer_, numbered_batch(0, 3)));
  const wire::Ack ack = receive_ack();
  EXPECT_EQ(read_file(path("log")), numbered_lines(0, 3));
  EXPECT_EQ(ack.status, 0);
  EXPECT_EQ(ack.epoch, 7U);
  EXPECT_EQ(ack.stream, 1U);
  EXPECT_EQ(ack.first, 0U);
  EXPECT_EQ(ack.count, 3U);
  tap.signal(SIGTERM);
  EXPECT_EQ(tap.wait(), 0);
}

TEST_F(Router, AcknowledgesNothingThatIsInARemovedFileOnly) {
  Process tap(command({"--router", "-o", path("log"), bind_to_free_port(dealer_)}));
  ASSERT_TRUE(send(dealer_, numbered_batch(0, 3)));
  EXPECT_EQ(receive_ack().first, 0U);
  std::filesystem::remove(path("log"));
  ASSERT_TRUE(send(dealer_, numbered_batch(3, 2)));
  EXPECT_EQ(receive_ack().first, 3U);
  EXPECT_EQ(read_file(path("log")), numbered_lines(3, 2));
  tap.signal(SIGTERM);
  EXPECT_EQ(tap.wait(), 0);
}

TEST_F(Router, AcknowledgesADuplicateAgainAndWritesItOnce) {
  Process tap(command({"--router", "-c", "3", bind_to_free_port(dealer_)}));
  ASSERT_TRUE(send(dealer_, numbered_batch(0, 2)));
  ASSERT_TRUE(send(dealer_, numbered_batch(0, 2)));
  EXPECT_EQ(receive_ack().first, 0U);
  EXPECT_EQ(receive_ack().first, 0U);
  ASSERT_TRUE(send(dealer_, numbered_batch(2, 1)));
  EXPECT_EQ(receive_ack().first, 2U);
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_EQ(tap.output(), numbered_lines(0, 3));
  EXPECT_NE(tap.errors().find("are not written again"), std::string::npos) << tap.errors();
}

TEST_F(Router, TakesWhatFillsAnyGapHoweverManyThereAre) {
  // One of two receivers sees every other batch; then the other one's first batch is sent again.
  constexpr int kBatches = 100;
  Process tap(command({"--router", "--allow-gaps", "-q", "-c", std::to_string(kBatches + 1),
                       bind_to_free_port(dealer_)}));
  for (std::uint64_t i = 0; i < kBatches; ++i) {
    ASSERT_TRUE(send(dealer_, numbered_batch(2 * i, 1)));
  }
  ASSERT_TRUE(send(dealer_, numbered_batch(1, 1)));
  for (int i = 0; i < kBatches; ++i) {
    receive_ack();
  }
  EXPECT_EQ(receive_ack().first, 1U);
  EXPECT_EQ(tap.wait(), 0);
  EXPECT_NE(tap.output().find("\n1\n"), std::string::npos);
}

TEST_F(Router, AcknowledgesNoBeatNoCorruptFrameAndNoBatchThatTheEndCut) {
  Process tap(command({"--router", "-c", "4", bind_to_free_port(dealer_)}));
  std::string damaged = numbered_batch(0, 2);
  damaged.back() ^= 1;
  ASSERT_TRUE(send(dealer_, damaged));
  ASSERT_TRUE(send(dealer_, packed_beat(7, 1, 0)));
  ASSERT_TRUE(send(dealer_, "", zmq::send_flags::sndmore));
  ASSERT_TRUE(send(dealer_, numbered_batch(0, 3)));
  ASSERT_TRUE(send(dealer_, numbered_batch(3, 2)));
  EXPECT_EQ(receive_ack().count, 3U);
  EXPECT_EQ(tap.wait(), 5);
  EXPECT_EQ(tap.output(), numbered_lines(0, 4));
  dealer_.set(zmq::sockopt::rcvtimeo, 100);
  zmq::message_t nothing;
  EXPECT_FALSE(dealer_.recv(nothing).has_value());
}

TEST_F(Router, AcknowledgesNothingThatCannotBeWritten) {
  Process tap(command({"--router", "-o", "/dev/full", bind_to_free_port(dealer_)}));
  ASSERT_TRUE(send(dealer_, numbered_batch(0, 3)));
  EXPECT_EQ(tap.wait(), 1);
  dealer_.set(zmq::sockopt::rcvtimeo, 100);
  zmq::message_t nothing;
  EXPECT_FALSE(dealer_.recv(nothing).has_value());
}

}  // namespace
}  // namespace omzmq::tap
