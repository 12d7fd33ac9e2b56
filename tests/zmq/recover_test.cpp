// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What comes back from libzmq when a sink stops, on real sockets.
#include <sys/socket.h>
#include <unistd.h>
#include <omzmq/wire.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "late_receivers.hpp"
#include "sink_fixture.hpp"

namespace omzmq {
namespace {

using test::frame_of;
using test::number_of;
using test::numbered;
using test::RawReceiver;
using test::Receiver;
using test::run_of;

/// Of libzmq's encoder: what a connection has of small messages that is not written yet.
constexpr std::size_t kEncoderBytes = 8192;
constexpr std::size_t kLarge = std::size_t{64} << 10;

/// What the kernel takes for a peer of an ipc connection, which has no option for it.
std::size_t kernel_buffer_of_ipc() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int bytes = 0;
  socklen_t size = sizeof bytes;
  EXPECT_EQ(::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size), 0);
  ::close(fd);
  return static_cast<std::size_t>(bytes);
}

class RecoverTest : public test::SinkTest {
 protected:
  RecoverTest() {
    settings_.send_hwm = 50;
    settings_.send_buffer = 4096;
  }

  // Sends frames of a size, or runs of them, until the socket takes no more, for long enough to be
  // sure.
  void fill(std::size_t bytes, std::size_t messages = 1) {
    for (int refused = 0; refused < 100;) {
      if (!offered_) {
        std::vector<std::string> texts;
        for (std::size_t n = 0; n < messages; ++n) texts.push_back(numbered(sent_ + n, bytes));
        offered_ = messages == 1 ? frame_of(texts.front()) : run_of(texts);
        offered_messages_ = messages;
      }
      const std::size_t before = sink_.unsent();
      if (sink_.send(*offered_) == SendResult::kSent) {
        sent_ += messages;
        offered_.reset();
        refused = 0;
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        refused = sink_.unsent() == before ? refused + 1 : 0;
      }
    }
  }
  // All that came back, the offered frame included. In order.
  std::vector<std::size_t> recover() {
    std::vector<Frame> frames = sink_.recover(offered_ ? &*offered_ : nullptr);
    EXPECT_EQ(sink_.unsent(), 0U);
    if (offered_) {
      EXPECT_EQ(offered_->copies_sent, 0U);
      frames.push_back(std::move(*offered_));
      sent_ += offered_messages_;
    }
    std::vector<std::size_t> numbers;
    for (const Frame& frame : frames) {
      if (frame.is_run) {
        const std::size_t before = numbers.size();
        wire::Records records(frame.body.view());
        while (const auto payload = records.next()) numbers.push_back(number_of(*payload));
        EXPECT_EQ(records.rest(), "");
        EXPECT_EQ(frame.messages, numbers.size() - before);
        EXPECT_EQ(frame.held, frame.messages);
        EXPECT_EQ(frame.wire_bytes, frame.body.size() - 4 * frame.held);
        continue;
      }
      EXPECT_EQ(frame.messages, 1U);
      EXPECT_EQ(frame.held, 1U);
      EXPECT_EQ(frame.wire_bytes, frame.body.size());
      numbers.push_back(number_of(frame.body.view()));
    }
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
    return numbers;
  }
  // How many of all that were sent are in neither, and how many are in both.
  std::pair<std::size_t, std::size_t> lost_and_twice(std::vector<std::size_t> received,
                                                     const std::vector<std::size_t>& recovered) {
    const std::size_t total = received.size() + recovered.size();
    std::set<std::size_t> all(received.begin(), received.end());
    EXPECT_EQ(all.size(), received.size());
    all.insert(recovered.begin(), recovered.end());
    return {sent_ - all.size(), total - all.size()};
  }

  std::optional<Frame> offered_;
  std::size_t offered_messages_ = 1;
  std::size_t sent_ = 0;
};

struct Case {
  const char* name;
  std::size_t bytes;
  std::size_t most_lost;  ///< messages
  std::size_t run = 1;    ///< messages of a frame
};

class Sizes : public RecoverTest, public testing::WithParamInterface<Case> {
 protected:
  // More than the encoder's buffer takes.
  Sizes() {
    settings_.send_hwm =
        static_cast<int>(std::max<std::size_t>(50, 10 * kEncoderBytes / GetParam().bytes));
  }
};

// A frame of 16 KiB or more is written out of its own memory and so comes back unless the kernel
// has all of it. Of smaller ones those are lost that end in the encoder's buffer: 8 KiB, and what
// the first of them had written before.
INSTANTIATE_TEST_SUITE_P(Recover, Sizes,
                         testing::Values(Case{"Large", kLarge, 0},
                                         Case{"AsSmallAsIsSafe", 2 * kEncoderBytes, 0},
                                         Case{"Medium", 12000, 1},
                                         Case{"LargeInRuns", kLarge, 0, 7},
                                         Case{"SmallInRuns", 100, kEncoderBytes / 100 + 1, 100},
                                         Case{"Small", 100, kEncoderBytes / 100 + 1}),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_P(Sizes, ComeBackFromATcpPeerThatReadsNothing) {
  Receiver receiver;
  open(receiver.bind_somewhere());
  fill(GetParam().bytes, GetParam().run);
  const auto recovered = recover();
  EXPECT_GE(recovered.size(), 20U);
  const auto received = receiver.read_to_the_end();
  EXPECT_TRUE(std::is_sorted(received.begin(), received.end()));
  const auto [lost, twice] = lost_and_twice(received, recovered);
  EXPECT_LE(lost, GetParam().most_lost);
  EXPECT_LE(twice, 1U);
  RecordProperty("lost", static_cast<int>(lost));
  RecordProperty("twice", static_cast<int>(twice));
}

// The way to have messages in the encoder's buffer: one at a time, so that the one for which the
// kernel has no room any more finds the buffer empty.
TEST_F(RecoverTest, LosesAtMostABufferOfSmallFramesThatComeOneByOne) {
  constexpr std::size_t kSmall = 100;
  Receiver receiver;
  open(receiver.bind_somewhere());
  const auto left = [&] {
    for (int n = 0; n < 500; ++n) {
      if (sink_.unsent() == 0) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  };
  do {
    ASSERT_TRUE(send(numbered(sent_++, kSmall)));
    ASSERT_LT(sent_, 1000000U);
  } while (left());
  const auto recovered = recover();
  EXPECT_EQ(recovered, std::vector<std::size_t>{sent_ - 1});
  const auto [lost, twice] = lost_and_twice(receiver.read_to_the_end(), recovered);
  EXPECT_LE(lost, kEncoderBytes / kSmall + 1);
  EXPECT_EQ(twice, 0U);
  RecordProperty("lost", static_cast<int>(lost));
}

// Over ipc a receiver of libzmq loses more: one whose queue is full hears at once that the sender
// has closed, and looks no more at what the kernel still has for it.
TEST_P(Sizes, ComeBackFromAnIpcPeerThatReadsNothing) {
  const std::size_t bytes = GetParam().bytes;
  Receiver receiver;
  receiver.bind(ipc_address());
  open(ipc_address());
  fill(bytes, GetParam().run);
  const auto recovered = recover();
  EXPECT_GE(recovered.size(), 20U);
  const auto [lost, twice] = lost_and_twice(receiver.read_to_the_end(), recovered);
  EXPECT_LE(lost, GetParam().most_lost + kernel_buffer_of_ipc() / bytes);
  EXPECT_LE(twice, 1U);
  RecordProperty("lost_ipc", static_cast<int>(lost));
  RecordProperty("twice", static_cast<int>(twice));
}

// Not the sink's doing: a peer that looks finds all of it.
TEST_P(Sizes, ComeBackUnlessTheKernelHasThem) {
  const std::size_t bytes = GetParam().bytes;
  RawReceiver receiver(directory_ / "socket");
  open(ipc_address());
  receiver.shake_hands();
  fill(bytes, GetParam().run);
  const auto recovered = recover();
  const auto [lost, twice] = lost_and_twice(receiver.read_to_the_end(), recovered);
  EXPECT_LE(lost, GetParam().most_lost);
  EXPECT_LE(twice, 1U);
}

TEST_F(RecoverTest, BringsBackWhatSeveralPeersHaveNotRead) {
  std::vector<std::unique_ptr<Receiver>> receivers;
  settings_.send_hwm = 20;
  for (int n = 0; n < 3; ++n) {
    receivers.push_back(std::make_unique<Receiver>());
    settings_.endpoints.push_back(parse_endpoint(receivers.back()->bind_somewhere()));
  }
  sink_.open();
  fill(kLarge);
  const auto recovered = recover();
  EXPECT_GE(recovered.size(), 40U);
  std::vector<std::size_t> received;
  for (const auto& receiver : receivers) {
    const auto some = receiver->read_to_the_end();
    received.insert(received.end(), some.begin(), some.end());
  }
  const auto [lost, twice] = lost_and_twice(received, recovered);
  EXPECT_EQ(lost, 0U);
  EXPECT_LE(twice, 3U);
}

TEST_F(RecoverTest, LosesNothingOfLargeFramesToAPeerThatReadsOn) {
  int twice_at_most = 0;
  for (int round = 0; round < 20; ++round) {
    sent_ = 0;
    offered_.reset();
    Receiver receiver;
    settings_.endpoints = {parse_endpoint(receiver.bind_somewhere())};
    sink_.open();
    std::vector<std::size_t> received;
    {
      std::jthread reader([&] { received = receiver.read_to_the_end(); });
      while (sent_ < 200 + static_cast<std::size_t>(round)) {
        if (!offered_) offered_ = frame_of(numbered(sent_, kLarge));
        if (sink_.send(*offered_) != SendResult::kSent) continue;
        ++sent_;
        offered_.reset();
      }
      offered_ = frame_of(numbered(sent_, kLarge));
      if (sink_.send(*offered_) == SendResult::kSent) {
        ++sent_;
        offered_.reset();
      }
      const auto recovered = recover();
      reader.join();
      const auto [lost, twice] = lost_and_twice(received, recovered);
      ASSERT_EQ(lost, 0U);
      twice_at_most = std::max(twice_at_most, static_cast<int>(twice));
    }
  }
  RecordProperty("twice", twice_at_most);
}

TEST_F(RecoverTest, BringsBackAllOfASocketWithoutAPeer) {
  settings_.immediate = false;  // ZeroMQ takes it though nobody is there
  open("ipc:///nonexistent/omzmq");
  Frame beat;
  beat.body.append("beat");
  ASSERT_TRUE(send(beat));
  fill(100);
  EXPECT_EQ(sink_.unsent(), sent_);
  const auto recovered = recover();
  ASSERT_EQ(recovered.size(), sent_);
  EXPECT_EQ(recovered.front(), 0U);
  EXPECT_EQ(recovered.back(), sent_ - 1);
}

TEST_F(RecoverTest, BringsBackWhatADealerHolds) {
  settings_.sock_type = SocketType::kDealer;
  settings_.confirm = Confirm::kAcked;
  Receiver receiver(zmq::socket_type::dealer);
  open(receiver.bind_somewhere());
  fill(kLarge);
  const auto recovered = recover();
  const auto [lost, twice] = lost_and_twice(receiver.read_to_the_end(), recovered);
  EXPECT_EQ(lost, 0U);
  EXPECT_LE(twice, 1U);
}

TEST_F(RecoverTest, KnowsHowManyMessagesABatchHoldsAndWhoseTheyAre) {
  settings_.sock_type = SocketType::kDealer;
  settings_.format = Format::kPacked;
  settings_.immediate = false;
  open("ipc:///nonexistent/omzmq");
  std::string batch(wire::kHeaderBytes, '\0');
  batch += std::string("\3\0\0\0abc\0\0\0\0", 11);
  wire::write_header(batch.data(), batch.size(),
                     {.epoch = 5, .stream = 6, .first = 7, .count = 2, .raw_bytes = 11});
  Frame frame = frame_of(batch);
  frame.messages = frame.held = 2;
  frame.is_replayed = true;
  ASSERT_TRUE(send(frame));
  const std::vector<Frame> frames = sink_.recover(nullptr);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].body.view(), batch);
  EXPECT_EQ(frames[0].held, 2U);
  EXPECT_TRUE(frames[0].is_replayed);
}

TEST_F(RecoverTest, GivesBackTheFrameThatWasOffered) {
  open("ipc:///nonexistent/omzmq");
  Frame frame = frame_of("hello");
  ASSERT_EQ(sink_.send(frame), SendResult::kWouldBlock);
  EXPECT_EQ(frame.body.size(), 0U);
  EXPECT_TRUE(sink_.recover(&frame).empty());
  EXPECT_EQ(frame.body.view(), "hello");
  EXPECT_EQ(frame.messages, 1U);
  EXPECT_EQ(sink_.unsent(), 0U);
}

TEST_F(RecoverTest, GivesBackTheRunThatWasOffered) {
  open("ipc:///nonexistent/omzmq");
  Frame run = run_of({"hello", "", "world"});
  ASSERT_EQ(sink_.send(run), SendResult::kWouldBlock);
  EXPECT_EQ(run.messages, 3U);
  EXPECT_EQ(sink_.unsent(), 0U);
  sink_.close(std::chrono::milliseconds(0));
  EXPECT_TRUE(sink_.recover(&run).empty());
  EXPECT_EQ(run.body.view(), run_of({"hello", "", "world"}).body.view());
  EXPECT_EQ(run.messages, 3U);
}

TEST_F(RecoverTest, GivesBackARunOfWhichAPartWasTaken) {
  settings_.immediate = false;
  settings_.send_hwm = 2;
  open("ipc:///nonexistent/omzmq");
  Frame run = run_of({"1", "two", "3", "four"});
  ASSERT_EQ(sink_.send(run), SendResult::kWouldBlock);
  EXPECT_EQ(run.messages, 2U);
  EXPECT_EQ(run.held, 2U);
  EXPECT_EQ(run.wire_bytes, 5U);
  EXPECT_EQ(sink_.unsent(), 2U);
  EXPECT_TRUE(sink_.recover(&run).empty());
  EXPECT_EQ(run.body.view(), run_of({"1", "two", "3", "four"}).body.view());
  EXPECT_EQ(run.messages, 4U);
  EXPECT_EQ(sink_.unsent(), 0U);
}

TEST_F(RecoverTest, GivesBackNothingOfARunThatSomebodyHasStill) {
  constexpr const char* kAddress = "inproc://peer";
  zmq::socket_t peer(context_->get(), zmq::socket_type::pull);
  peer.set(zmq::sockopt::linger, 0);
  peer.set(zmq::sockopt::rcvhwm, 1);
  peer.bind(kAddress);
  settings_.send_hwm = 1;
  // No user can write this address: it is what has a peer that takes the memory itself.
  settings_.endpoints = {{kAddress, Endpoint::Transport::kIpc, false}};
  sink_.open();
  Frame run = run_of({"1", "2", "3", "4", "5"});
  ASSERT_EQ(sink_.send(run), SendResult::kWouldBlock);
  zmq::message_t message;
  ASSERT_TRUE(peer.recv(message));
  EXPECT_EQ(message.to_string(), "1");
  EXPECT_TRUE(sink_.recover(&run).empty());
  EXPECT_EQ(run.held, 0U);
  EXPECT_EQ(run.messages, 0U);
  EXPECT_EQ(sink_.unsent(), 5U);
  message.rebuild();
  EXPECT_EQ(sink_.unsent(), 4U) << "those that nobody got are lost";
}

TEST_F(RecoverTest, GoesOnWithARunOnAnotherSocket) {
  open("ipc:///nonexistent/omzmq");
  Frame run = run_of({"1", "2"});
  ASSERT_EQ(sink_.send(run), SendResult::kWouldBlock);
  sink_.close(std::chrono::milliseconds(0));
  Receiver receiver;
  open(receiver.bind_somewhere());
  ASSERT_TRUE(send(run));
  ASSERT_TRUE(test::eventually([&] { return sink_.unsent() == 0; }));
  sink_.close(std::chrono::milliseconds(1000));
  EXPECT_EQ(receiver.read_to_the_end(), (std::vector<std::size_t>{1, 2}));
}

TEST_F(RecoverTest, GivesBackTheOfferedFrameOfAClosedSocket) {
  open("ipc:///nonexistent/omzmq");
  Frame frame = frame_of("hello");
  ASSERT_EQ(sink_.send(frame), SendResult::kWouldBlock);
  sink_.close(std::chrono::milliseconds(0));
  EXPECT_TRUE(sink_.recover(&frame).empty());
  EXPECT_EQ(frame.body.view(), "hello");
}

TEST_F(RecoverTest, LeavesAFrameAloneThatItNeverSaw) {
  Frame frame = frame_of("hello");
  EXPECT_TRUE(sink_.recover(&frame).empty());
  open("ipc:///nonexistent/omzmq");
  EXPECT_TRUE(sink_.recover(&frame).empty());
  EXPECT_EQ(frame.body.view(), "hello");
}

TEST_F(RecoverTest, CanBeOpenedAgain) {
  settings_.immediate = false;
  open("ipc:///nonexistent/omzmq");
  ASSERT_TRUE(send("one"));
  EXPECT_EQ(sink_.recover(nullptr).size(), 1U);
  Receiver receiver;
  open(receiver.bind_somewhere());
  ASSERT_TRUE(send("2"));
  ASSERT_TRUE(test::eventually([&] { return sink_.unsent() == 0; }));
  EXPECT_TRUE(sink_.recover(nullptr).empty());
}

// Two topics, and a subscriber that is full: the first copy of a body may be under way already.
TEST_F(RecoverTest, GivesBackOfAPubOnlyWhatWasOffered) {
  settings_.sock_type = SocketType::kPub;
  settings_.send_hwm = 4;
  settings_.socket_options = {{"xpub_nodrop", "1"}};
  Receiver receiver(zmq::socket_type::sub);
  settings_.wait_for_peers = 1;
  receiver.bind(ipc_address());
  open(">" + ipc_address());
  ASSERT_TRUE(test::eventually([&] {
    receiver.subscribe();
    return sink_.writable();
  }));
  const std::vector<std::string> topics = {"one", "two"};
  Frame frame;
  std::size_t sent = 0;
  for (int refused = 0; refused < 100;) {
    if (refused == 0) {
      frame = frame_of(numbered(sent, kLarge));
      frame.topics = topics;
    }
    if (sink_.send(frame) == SendResult::kSent) {
      ++sent;
      refused = 0;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ++refused;
    }
    ASSERT_LT(sent, 10000U);
  }
  EXPECT_TRUE(sink_.recover(&frame).empty());
  EXPECT_EQ(frame.body.view(), numbered(sent, kLarge));
  EXPECT_EQ(frame.copies_sent, 0U);
  EXPECT_EQ(sink_.unsent(), 0U);
}

}  // namespace
}  // namespace omzmq
