// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What an orderly stop owes to each topic and to each subscriber.
#include <csignal>

#include "packed_system.hpp"

namespace omzmq::test {
namespace {

using namespace std::chrono_literals;

class PackedStop : public PackedTest {
 protected:
  static constexpr unsigned kCount = 20000;
  static constexpr std::size_t kSize = 1000;  // more in all than the kernel's buffers hold
};

// The first topic's frames settle the messages; those of the second are owed as well.
TEST_F(PackedStop, WaitsForASubscriberOfAnyTopic) {
  start("PUB", R"(topics=["first", "second"] waitForPeers="2" sendHWM="0" closeTimeout="60000")");
  PackedReceiver first = subscriber("first", {"first"});
  PackedReceiver second = subscriber("second", {"second"});
  first.start();
  second.start();
  inject(0, 1, kSize);
  EXPECT_TRUE(first.wait_for_records(1));
  EXPECT_TRUE(second.wait_for_records(1));
  second.pause();
  inject(1, kCount - 1, kSize);
  EXPECT_TRUE(first.wait_for_records(kCount));
  daemon_->process().send_signal(SIGTERM);
  // A daemon that does not wait is gone within a second; on a slow machine this sees less.
  EXPECT_FALSE(daemon_->process().wait(2s).has_value());
  second.resume();
  EXPECT_TRUE(second.wait_for_records(kCount));
  const auto ended = daemon_->process().wait();
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->exit_code, 0);
  EXPECT_TRUE(is_complete(second));
}

TEST_F(PackedStop, TellsItsLastNumberThoughAnotherSubscriberReadsNothing) {
  start("PUB", R"(waitForPeers="2" sendHWM="0" closeTimeout="60000" beat.interval="3600000")");
  PackedReceiver healthy = subscriber("healthy");
  PackedReceiver stopped_one = narrow_subscriber("stopped");
  healthy.start();
  stopped_one.start();
  inject(0, 1, kSize);
  EXPECT_TRUE(stopped_one.wait_for_records(1));
  stopped_one.pause();
  inject(1, kCount - 1, kSize);
  EXPECT_TRUE(healthy.wait_for_records(kCount));
  EXPECT_EQ(healthy.beats(), 0U);
  daemon_->process().send_signal(SIGTERM);
  EXPECT_TRUE(healthy.wait_for_beats(1));
  EXPECT_FALSE(daemon_->process().wait(0s).has_value());  // the other one is still waited for
  stopped_one.resume();
  const auto ended = daemon_->process().wait();
  ASSERT_TRUE(ended.has_value());
  EXPECT_EQ(ended->exit_code, 0);
  EXPECT_EQ(healthy.flow().next, kCount);
}

}  // namespace
}  // namespace omzmq::test
