// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/in_flight.hpp"

#include <gtest/gtest.h>
#include <omzmq/wire.hpp>

#include <chrono>
#include <latch>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "sink_fixture.hpp"

namespace omzmq {
namespace {

using test::frame_of;
using test::run_of;
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

/// Of a run in messages that the test has.
std::vector<zmq::message_t> made(InFlight& in_flight, InFlight::Rest& rest, std::size_t messages) {
  std::vector<zmq::message_t> all(messages);
  for (zmq::message_t& message : all) in_flight.make_next(rest, message);
  return all;
}

TEST(InFlight, MakesTheMessagesOfARunWithoutACopy) {
  InFlight in_flight;
  Frame run = run_of({"hello", "", "world"});
  const std::string_view body = run.body.view();
  InFlight::Rest rest = in_flight.hand_over_run(run);
  EXPECT_EQ(rest.number, 1U);
  EXPECT_EQ(in_flight.messages(), 3U);
  auto messages = made(in_flight, rest, 3);
  EXPECT_EQ(rest.messages, 0U);
  EXPECT_EQ(messages[0].to_string(), "hello");
  EXPECT_EQ(messages[1].to_string(), "");
  EXPECT_EQ(messages[2].to_string(), "world");
  EXPECT_EQ(messages[2].data<char>(), body.data() + body.size() - 5);
  messages[1].rebuild();
  messages[2].rebuild();
  EXPECT_EQ(in_flight.messages(), 1U);
  ASSERT_EQ(in_flight.spares().take(body.size()).view().data(), nullptr) << "it is in use";
  messages[0].rebuild();
  EXPECT_EQ(in_flight.messages(), 0U);
  EXPECT_EQ(in_flight.spares().take(body.size()).view().data(), body.data());
}

TEST(InFlight, KeepsOfARunWhatIsGivenUpFromThenOn) {
  InFlight in_flight;
  Frame first = run_of({"a", "bc", "", "def", "g"});
  InFlight::Rest rest = in_flight.hand_over_run(first);
  auto messages = made(in_flight, rest, 4);
  Frame second = frame_of("later");
  zmq::message_t later;
  in_flight.hand_over(second, later);
  messages[1].rebuild();
  in_flight.keep_all();
  later.rebuild();
  messages[3].rebuild();
  messages[2].rebuild();
  in_flight.give_back(rest);
  EXPECT_EQ(in_flight.messages(), 4U) << "nothing is back before all of a run is";
  messages[0].rebuild();
  EXPECT_EQ(in_flight.messages(), 0U);
  const InFlight::Returned returned = in_flight.take_back(Ms(30000));
  ASSERT_EQ(returned.bodies.size(), 2U);
  EXPECT_TRUE(returned.bodies[0].is_run);
  EXPECT_EQ(returned.bodies[0].buffer.view(), run_of({"a", "", "def", "g"}).body.view());
  EXPECT_EQ(returned.bodies[0].messages, 4U);
  EXPECT_EQ(returned.bodies[1].buffer.view(), "later");
  EXPECT_FALSE(returned.bodies[1].is_run);
}

TEST(InFlight, LeavesTheMemoryOfARunThatWasGivenUpBefore) {
  InFlight in_flight;
  static_cast<void>(in_flight.spares().take(1));
  Frame run = run_of({"1", "2"});
  const std::size_t bytes = run.body.size();
  InFlight::Rest rest = in_flight.hand_over_run(run);
  made(in_flight, rest, 2).clear();
  in_flight.keep_all();
  EXPECT_TRUE(in_flight.take_back(Ms(30000)).bodies.empty());
  EXPECT_NE(in_flight.spares().take(bytes).view().data(), nullptr);
}

TEST(InFlight, CountsARunThatIsNotBackInTime) {
  InFlight in_flight;
  Frame run = run_of({"1", "2", "3"});
  InFlight::Rest rest = in_flight.hand_over_run(run);
  auto messages = made(in_flight, rest, 3);
  messages[0].rebuild();
  in_flight.keep_all();
  messages[1].rebuild();
  EXPECT_TRUE(in_flight.take_back(Ms(5)).bodies.empty());
  EXPECT_EQ(in_flight.messages(), 2U);
  messages[2].rebuild();
  EXPECT_EQ(in_flight.messages(), 1U) << "what was marked to be kept is lost";
  EXPECT_TRUE(in_flight.take_back(Ms(5)).bodies.empty());
}

TEST(InFlight, TakesARunThatSeveralThreadsGiveUpAtATime) {
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 5000;
  InFlight in_flight;
  Frame run = run_of(std::vector<std::string>(kThreads * kEach, "hello"));
  InFlight::Rest rest = in_flight.hand_over_run(run);
  std::vector<std::vector<zmq::message_t>> messages;
  for (std::size_t n = 0; n < kThreads; ++n) messages.push_back(made(in_flight, rest, kEach));
  zmq::message_t last = std::move(messages.front().back());
  messages.front().pop_back();
  std::latch begun(kThreads + 1);
  std::vector<std::jthread> threads;
  threads.reserve(kThreads);
  for (auto& some : messages) {
    threads.emplace_back([&some, &begun] {
      begun.arrive_and_wait();
      while (!some.empty()) some.pop_back();
    });
  }
  begun.arrive_and_wait();
  in_flight.keep_all();  // some before, some after
  last.rebuild();
  const InFlight::Returned returned = in_flight.take_back(Ms(30000));
  EXPECT_EQ(in_flight.messages(), 0U);
  ASSERT_EQ(returned.bodies.size(), 1U);
  const InFlight::Body& body = returned.bodies.front();
  EXPECT_EQ(body.buffer.size(), body.messages * (4 + 5));
  wire::Records records(body.buffer.view());
  std::uint32_t messages_seen = 0;
  while (const auto record = records.next()) {
    ASSERT_EQ(*record, "hello");
    ++messages_seen;
  }
  EXPECT_EQ(messages_seen, body.messages);
}

}  // namespace
}  // namespace omzmq
