// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What a sink does when libzmq has no memory for a message.
#include <dlfcn.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <vector>

#include "sink_fixture.hpp"

namespace {

/// Messages that zmq_msg_init_data() still makes; then it has no memory. Below 0: as many as asked.
std::atomic<int> messages_left = -1;

}  // namespace

/// In the place of libzmq's, which it calls.
extern "C" int zmq_msg_init_data(zmq_msg_t* message, void* data, size_t size, zmq_free_fn* free_it,
                                 void* hint) {
  using Real = decltype(&zmq_msg_init_data);
  static const auto real = reinterpret_cast<Real>(::dlsym(RTLD_NEXT, "zmq_msg_init_data"));
  if (messages_left == 0) {
    errno = ENOMEM;
    return -1;
  }
  if (messages_left > 0) --messages_left;
  return real(message, data, size, free_it, hint);
}

namespace omzmq {
namespace {

using test::frame_of;
using test::run_of;

class ShortOfMemory : public test::SinkTest {
 protected:
  ShortOfMemory() {
    open(receiver_.bind_somewhere());
    EXPECT_TRUE(send("first"));  // the connection stands
    EXPECT_EQ(receiver_.next(), "first");
    EXPECT_TRUE(test::eventually([this] { return sink_.unsent() == 0; }));
  }
  ~ShortOfMemory() override { messages_left = -1; }

  test::Remote receiver_{zmq::socket_type::pull};
};

TEST_F(ShortOfMemory, AFrameGoesOutOnceThereIsSome) {
  Frame frame = frame_of("whole");
  messages_left = 0;
  EXPECT_EQ(sink_.send(frame), SendResult::kWouldBlock);
  EXPECT_EQ(sink_.unsent(), 0U);
  messages_left = -1;
  EXPECT_TRUE(send(frame));
  EXPECT_EQ(receiver_.next(), "whole");
}

TEST_F(ShortOfMemory, ARunGoesOnWhereItStood) {
  Frame run = run_of({"a", "b", "c"});
  messages_left = 1;
  EXPECT_EQ(sink_.send(run), SendResult::kWouldBlock);
  EXPECT_EQ(run.held, 2U);
  EXPECT_EQ(receiver_.next(), "a");
  EXPECT_EQ(sink_.send(run), SendResult::kWouldBlock);
  EXPECT_EQ(run.held, 2U);
  messages_left = -1;
  EXPECT_TRUE(send(run));
  EXPECT_EQ(receiver_.next(), "b");
  EXPECT_EQ(receiver_.next(), "c");
  EXPECT_TRUE(test::eventually([this] { return sink_.unsent() == 0; }));
}

TEST_F(ShortOfMemory, WhatWasNotMadeOfARunComesBackAtTheStop) {
  Frame run = run_of({"a", "b", "c"});
  messages_left = 1;
  EXPECT_EQ(sink_.send(run), SendResult::kWouldBlock);
  EXPECT_EQ(receiver_.next(), "a");
  // Else libzmq has it still, and it may come back although it arrived.
  EXPECT_TRUE(test::eventually([this, &run] { return sink_.unsent() == 0 && run.held == 2; }));
  EXPECT_TRUE(sink_.recover(&run).empty());
  EXPECT_EQ(sink_.unsent(), 0U);
  EXPECT_TRUE(run.is_run);
  EXPECT_EQ(run.held, 2U);
  EXPECT_EQ(run.body.view(), run_of({"b", "c"}).body.view());
}

TEST_F(ShortOfMemory, ARunOfWhichNothingWasMadeComesBackWhole) {
  Frame run = run_of({"a", "b"});
  messages_left = 0;
  EXPECT_EQ(sink_.send(run), SendResult::kWouldBlock);
  EXPECT_TRUE(sink_.recover(&run).empty());
  EXPECT_EQ(run.held, 2U);
  EXPECT_EQ(run.body.view(), run_of({"a", "b"}).body.view());
}

}  // namespace
}  // namespace omzmq
