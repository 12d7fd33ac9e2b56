// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/in_flight.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "sink_fixture.hpp"

namespace omzmq {
namespace {

using test::frame_of;
using Ms = std::chrono::milliseconds;

TEST(InFlight, CountsWhatIsHeldUntilItIsGivenUp) {
  InFlight in_flight;
  Frame frame = frame_of("hello");
  frame.held = 7;
  {
    zmq::message_t message;
    EXPECT_EQ(in_flight.hand_over(frame, message), 1U);
    EXPECT_EQ(message.to_string(), "hello");
    EXPECT_EQ(in_flight.messages(), 7U);
  }
  EXPECT_EQ(in_flight.messages(), 0U);
}

TEST(InFlight, KeepsNothingUnlessAsked) {
  InFlight in_flight;
  Frame frame = frame_of("hello");
  {
    zmq::message_t message;
    in_flight.hand_over(frame, message);
  }
  EXPECT_TRUE(in_flight.take_back(Ms(0)).bodies.empty());
}

TEST(InFlight, LeavesTheMemoryOfWhatIsGivenUp) {
  InFlight in_flight;
  ASSERT_EQ(in_flight.spares().take(5).view().data(), nullptr);
  Frame frame = frame_of("hello");
  const char* const where = frame.body.view().data();
  {
    zmq::message_t message;
    in_flight.hand_over(frame, message);
  }
  EXPECT_EQ(in_flight.spares().take(5).view().data(), where);
  in_flight.keep_all();
  frame = frame_of("hello");
  {
    zmq::message_t message;
    in_flight.hand_over(frame, message);
  }
  EXPECT_EQ(in_flight.spares().take(5).view().data(), nullptr);
  EXPECT_EQ(in_flight.take_back(Ms(30000)).bodies.size(), 1U);
}

TEST(InFlight, GivesBackInTheOrderOfTheHandingOver) {
  InFlight in_flight;
  std::vector<zmq::message_t> messages(5);
  for (int n = 0; n < 5; ++n) {
    Frame frame = frame_of(std::to_string(n));
    frame.is_replayed = n == 3;
    frame.held = n == 2 ? 0 : 1;  // a beat
    in_flight.hand_over(frame, messages[static_cast<std::size_t>(n)]);
  }
  messages[0].rebuild();
  in_flight.keep_all();
  for (const std::size_t n : {std::size_t{4}, std::size_t{1}, std::size_t{3}, std::size_t{2}})
    messages[n].rebuild();
  const InFlight::Returned returned = in_flight.take_back(Ms(30000));
  ASSERT_EQ(returned.bodies.size(), 3U);
  EXPECT_EQ(returned.bodies[0].buffer.view(), "1");
  EXPECT_EQ(returned.bodies[1].buffer.view(), "3");
  EXPECT_EQ(returned.bodies[2].buffer.view(), "4");
  EXPECT_FALSE(returned.bodies[0].is_replayed);
  EXPECT_TRUE(returned.bodies[1].is_replayed);
  EXPECT_EQ(returned.bodies[2].number, 5U);
  EXPECT_EQ(returned.lost, 0U);
}

TEST(InFlight, FreesWhatIsGivenUpTooLate) {
  InFlight in_flight;
  zmq::message_t message;
  Frame frame = frame_of("hello");
  in_flight.hand_over(frame, message);
  in_flight.keep_all();
  EXPECT_TRUE(in_flight.take_back(Ms(5)).bodies.empty());
  EXPECT_EQ(in_flight.messages(), 1U);
  message.rebuild();
  EXPECT_EQ(in_flight.messages(), 0U);
  EXPECT_TRUE(in_flight.take_back(Ms(5)).bodies.empty());
}

TEST(InFlight, FreesWhatNobodyTakesBack) {  // a leak would be seen under AddressSanitizer
  InFlight in_flight;
  zmq::message_t message;
  Frame frame = frame_of("hello");
  in_flight.hand_over(frame, message);
  in_flight.keep_all();
  message.rebuild();
  EXPECT_EQ(in_flight.messages(), 0U);
}

TEST(InFlight, TakesWhatSeveralThreadsGiveUpAtATime) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 5000;
  InFlight in_flight;
  std::vector<std::vector<zmq::message_t>> messages(kThreads);
  for (auto& some : messages) {
    for (std::size_t n = 0; n < kEach; ++n) {
      Frame frame = frame_of("hello");
      in_flight.hand_over(frame, some.emplace_back());
    }
  }
  in_flight.keep_all();
  std::vector<std::jthread> threads;
  threads.reserve(kThreads);
  for (auto& some : messages) threads.emplace_back([&some] { some.clear(); });
  const InFlight::Returned returned = in_flight.take_back(Ms(30000));
  ASSERT_EQ(returned.bodies.size(), kThreads * kEach);
  for (std::size_t n = 0; n < returned.bodies.size(); ++n)
    ASSERT_EQ(returned.bodies[n].number, n + 1);
}

}  // namespace
}  // namespace omzmq
