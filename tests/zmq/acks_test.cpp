// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// A DEALER hears what peers say, and notices that they go.
#include <malloc.h>

#include <chrono>
#include <string>
#include <thread>
#include <utility>

#include "sink_fixture.hpp"
#include "zmq/zmq_options.hpp"

namespace omzmq {
namespace {

using test::Remote;

class AcksTest : public test::SinkTest {
 protected:
  AcksTest() {
    settings_.sock_type = SocketType::kDealer;
    settings_.confirm = Confirm::kAcked;
  }

  // The receiver is at the other end when this returns.
  void meet(const std::string& endpoint) {
    open(endpoint);
    ASSERT_TRUE(send("hello"));
    name_ = receiver_->next();
    ASSERT_EQ(receiver_->next(), "hello");
    // What the monitor tells of its coming wakes nobody later on.
    ASSERT_TRUE(comes_to(1, 0, 0));
    static_cast<void>(sink_.writable());
  }
  void answer(std::string_view text) {
    receiver_->socket.send(zmq::buffer(name_), zmq::send_flags::sndmore);
    receiver_->socket.send(zmq::buffer(text));
  }
  std::string next() {
    std::optional<std::string_view> found;
    if (!test::eventually([&] { return (found = sink_.try_receive()).has_value(); })) return "none";
    return std::string(*found);
  }
  bool has_lost_peer() {
    watch();
    return sink_.has_lost_peer();
  }
  // Goes to sleep as the sender does.
  void sleep() {
    static_cast<void>(sink_.writable());
    ASSERT_TRUE(test::wakes(sink_.fd()));
  }

  std::optional<Remote> receiver_{std::in_place, zmq::socket_type::router};
  std::string name_;
};

TEST_F(AcksTest, GivesWhatAPeerSends) {
  meet(receiver_->bind_somewhere());
  EXPECT_EQ(sink_.try_receive(), std::nullopt);
  answer(std::string(wire::kAckBytes, 'a'));
  answer("");
  answer("b");
  EXPECT_EQ(next(), std::string(wire::kAckBytes, 'a'));
  EXPECT_EQ(next(), "");
  EXPECT_EQ(next(), "b");
  EXPECT_EQ(sink_.try_receive(), std::nullopt);
}

TEST_F(AcksTest, HearsAPeerThatAnswersUnasked) {
  // libzmq does not part from a peer whose messages nobody reads, even when it is gone.
  settings_.confirm = Confirm::kHandoff;
  const std::string address = receiver_->bind_somewhere();
  meet(address);
  constexpr int kMoreThanRcvhwm = 3000;
  for (int i = 0; i < kMoreThanRcvhwm; ++i) {
    answer("a");
    ASSERT_EQ(next(), "a");
  }
  receiver_.reset();
  receiver_.emplace(zmq::socket_type::router);
  receiver_->socket.bind(address);
  EXPECT_TRUE(test::eventually([&] {
    static_cast<void>(send("again"));
    zmq::message_t message;
    return receiver_->socket.recv(message, zmq::recv_flags::dontwait).has_value();
  }));
}

TEST_F(AcksTest, GivesAnEmptyOneForAMessageOfSeveralParts) {
  meet(receiver_->bind_somewhere());
  receiver_->socket.send(zmq::buffer(name_), zmq::send_flags::sndmore);
  receiver_->socket.send(zmq::str_buffer("one"), zmq::send_flags::sndmore);
  receiver_->socket.send(zmq::str_buffer("two"));
  answer("c");
  EXPECT_EQ(next(), "");
  EXPECT_EQ(next(), "c");
}

TEST_F(AcksTest, FindsTheNextMessageAfterOneOfVeryManyParts) {
  meet(receiver_->bind_somewhere());
  receiver_->socket.send(zmq::buffer(name_), zmq::send_flags::sndmore);
  for (int n = 0; n < 1000; ++n)
    receiver_->socket.send(zmq::str_buffer("part"), zmq::send_flags::sndmore);
  receiver_->socket.send(zmq::str_buffer("last"));
  answer("c");
  std::string text;
  int empty = 0;
  for (; (text = next()).empty(); ++empty) {
  }
  EXPECT_EQ(text, "c");
  EXPECT_GT(empty, 1);
  EXPECT_LT(empty, 100);
}

TEST_F(AcksTest, IsNotFilledByAPeerThatSendsWithoutEnd) {
  constexpr std::size_t kMost = std::size_t{20} << 20;
  constexpr int kMessages = 100000;
  meet(receiver_->bind_somewhere());
  const std::string something(1024, 's');
  const std::size_t before = ::mallinfo2().uordblks;
  // A ROUTER drops what the queues have no room for.
  for (int n = 0; n < kMessages; ++n) answer(something);
  EXPECT_LT(::mallinfo2().uordblks, before + kMost);
  EXPECT_TRUE(send("still"));
  receiver_->next();
  EXPECT_EQ(receiver_->next(), "still");
  EXPECT_EQ(next(), something);
}

TEST_F(AcksTest, LosesAPeerThatSendsWhatIsFarTooLong) {
  meet(receiver_->bind_somewhere());
  answer(std::string(2000, 'x'));
  EXPECT_TRUE(test::eventually([&] { return has_lost_peer(); }));
}

// The order in which a sender looks for messages and for room must not matter.
TEST_F(AcksTest, SleepsOverNoMessage) {
  constexpr int kRounds = 3000;
  meet(receiver_->bind_somewhere());
  std::jthread echo([&] {
    for (int n = 0; n < kRounds && receiver_->next() == name_; ++n) answer(receiver_->next());
  });
  const auto longest = std::chrono::seconds(10);
  for (int n = 0; n < kRounds; ++n) {
    const std::string text = std::to_string(n);
    ASSERT_TRUE(send(text));
    const auto begun = std::chrono::steady_clock::now();
    while (true) {
      const auto found = sink_.try_receive();
      if (found) {
        ASSERT_EQ(*found, text);
        break;
      }
      // Long enough for the answer to be there now and then.
      if (n % 2 == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
      sleep();
      ASSERT_LT(std::chrono::steady_clock::now() - begun, longest);
    }
  }
}

TEST_F(AcksTest, SleepsOverNoMessageThatCameWhileItLookedForRoom) {
  meet(receiver_->bind_somewhere());
  EXPECT_EQ(sink_.try_receive(), std::nullopt);
  answer("a");
  ASSERT_TRUE(test::wakes(sink_.fd()));  // it is there
  static_cast<void>(sink_.writable());
  ASSERT_TRUE(test::wakes(sink_.fd()));
  EXPECT_EQ(sink_.try_receive(), "a");
}

TEST_F(AcksTest, SleepsOverNoRoomThatCameWhileItLookedForMessages) {
  settings_.send_hwm = 4;
  settings_.send_buffer = 4096;
  receiver_->socket.set(zmq::sockopt::rcvhwm, 2);
  receiver_->socket.set(zmq::sockopt::rcvbuf, 4096);
  meet(receiver_->bind_somewhere());
  const std::string body(100000, 'b');
  Frame frame = test::frame_of(body);
  int sent = 0;
  for (int refused = 0; refused < 100;) {
    if (sink_.send(frame) == SendResult::kSent) {
      ++sent;
      frame = test::frame_of(body);
      refused = 0;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++refused;
    }
  }
  EXPECT_FALSE(sink_.writable());
  for (; sent != 0; --sent) {
    ASSERT_EQ(receiver_->next(), name_);
    receiver_->next();
  }
  ASSERT_TRUE(test::wakes(sink_.fd()));  // there is room
  EXPECT_EQ(sink_.try_receive(), std::nullopt);
  ASSERT_TRUE(test::wakes(sink_.fd()));
  EXPECT_TRUE(sink_.writable());
}

TEST_F(AcksTest, DisconnectsAPeerThatTakesNothingForTheTimeOfAnAcknowledgement) {
  settings_.ack_timeout = Settings::Ms(4321);
  const auto maxrt = [&] {
    zmq::context_t context;
    zmq::socket_t socket(context, zmq::socket_type::dealer);
    apply_options(settings_, socket);
    return socket.get(zmq::sockopt::tcp_maxrt);
  };
  EXPECT_EQ(maxrt(), 4321);
  settings_.socket_options = {{"tcp_maxrt", "123"}};
  EXPECT_EQ(maxrt(), 123);
  settings_.socket_options.clear();
  settings_.confirm = Confirm::kSent;
  EXPECT_EQ(maxrt(), 0);
}

// ---- Peers that go

class LossTest : public AcksTest {
 protected:
  // The receiver goes, and a sender that sleeps hears of it.
  void expect_told() {
    EXPECT_FALSE(has_lost_peer());
    static_cast<void>(sink_.writable());
    receiver_.reset();
    ASSERT_TRUE(test::eventually([&] {
      EXPECT_TRUE(test::wakes(sink_.fd()));
      if (has_lost_peer()) return true;
      static_cast<void>(sink_.writable());
      return has_lost_peer();
    }));
    static_cast<void>(sink_.writable());
    EXPECT_FALSE(has_lost_peer());
  }
};

TEST_F(LossTest, OfATcpReceiverWakesTheSender) {
  meet(receiver_->bind_somewhere());
  expect_told();
}

TEST_F(LossTest, OfAnIpcReceiverWakesTheSender) {
  receiver_->socket.bind(ipc_address());
  meet(ipc_address());
  expect_told();
}

TEST_F(LossTest, OfAReceiverThatConnectsWakesTheSender) {
  receiver_->socket.connect(ipc_address());
  meet("@" + ipc_address());
  expect_told();
}

// libzmq keeps the queue of such a peer, and has nothing to tell the socket.
TEST_F(LossTest, WithoutImmediateWakesTheSender) {
  settings_.immediate = false;
  meet(receiver_->bind_somewhere());
  expect_told();
}

TEST_F(LossTest, IsNotToldOfTheSinksOwnClosing) {
  meet(receiver_->bind_somewhere());
  sink_.close(std::chrono::milliseconds(0));
  EXPECT_FALSE(has_lost_peer());
  EXPECT_EQ(sink_.try_receive(), std::nullopt);
  sink_.open();
  ASSERT_TRUE(send("again"));
  receiver_->next();
  EXPECT_EQ(receiver_->next(), "again");
  EXPECT_FALSE(has_lost_peer());
}

}  // namespace
}  // namespace omzmq
