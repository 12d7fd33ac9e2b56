// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// An action whose receiver is not there costs its neighbours nothing.
#include "fault_test.hpp"

namespace omzmq::test {
namespace {

using namespace std::string_literals;

class NoReceiver : public FaultTest {
 protected:
  static constexpr unsigned kCount = 100000;

  // A second omzmq action, which has its receiver, and the omfile action get all of it.
  void expect_that_neighbours_get_everything(const Way& way, const std::string& parameters) {
    const std::string live = free_tcp_endpoint();
    TappedReceiver healthy = receiver("healthy", kHandoff, live);
    healthy.start();
    start(with_faulty(way, parameters)
              .omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" format="packed")", live)));
    Load load(daemon_->input(), {.per_second = kCount, .count = kCount});
    EXPECT_TRUE(healthy.wait_for_all(kCount)) << count_numbers(healthy.numbers(), kCount);
    EXPECT_TRUE(wait_until_neighbour_has(kCount)) << count_numbers(neighbour_.numbers(), kCount);
    EXPECT_TRUE(is_everything_once(healthy.numbers(), kCount));
    EXPECT_TRUE(is_everything_once(neighbour_.numbers(), kCount));
    EXPECT_TRUE(statistics("faulty").wait_for("submitted", 1));
    EXPECT_EQ(counter("sent.messages"), 0);
  }
  // When its receiver comes at last it gets all of it, too.
  void expect_that_a_late_receiver_gets_everything(const Way& way) {
    TappedReceiver late = receiver(way);
    late.start();
    EXPECT_TRUE(late.wait_for_all(kCount)) << count_numbers(late.numbers(), kCount);
    EXPECT_TRUE(is_everything_once(late.numbers(), kCount));
    EXPECT_EQ(stopped(*daemon_), "exit 0");
    EXPECT_EQ(late.stop(), 0) << late.errors();
  }
};

TEST_F(NoReceiver, CostsTheNeighboursNothingWhereTheActionDropsNewest) {
  expect_that_neighbours_get_everything(
      kHandoff,
      R"(handoff.full="dropNewest" handoff.timeout="0" handoff.size="256k" closeTimeout="0")");
  EXPECT_TRUE(statistics("faulty").wait_for("submitted", kCount));
  EXPECT_GT(counter("dropped.newest"), 0);
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

TEST_F(NoReceiver, CostsTheNeighboursNothingWhereTheActionSuspendsBehindAQueue) {
  expect_that_neighbours_get_everything(kHandoff, R"(handoff.size="256k" )"s + kMemoryQueue);
  EXPECT_TRUE(statistics("faulty").wait_for("suspended", 1));
  expect_that_a_late_receiver_gets_everything(kHandoff);
}

TEST_F(NoReceiver, CostsTheNeighboursNothingWhereTheActionWaitsUntilSent) {
  expect_that_neighbours_get_everything(kSent, kMemoryQueue);
  expect_that_a_late_receiver_gets_everything(kSent);
}

TEST_F(NoReceiver, CostsTheNeighboursNothingWhereTheActionWaitsForAcknowledgements) {
  expect_that_neighbours_get_everything(kAcked, kMemoryQueue);
  expect_that_a_late_receiver_gets_everything(kAcked);
}

}  // namespace
}  // namespace omzmq::test
