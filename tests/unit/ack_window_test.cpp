// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/ack_window.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "support/batches.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::ack_of;
using test::batch_of;

constexpr Clock::time_point kStart{1h};
constexpr Clock::duration kTimeout = 10s;
constexpr std::size_t kMost = 4;

class Window : public testing::Test {
 protected:
  // A batch goes out, as the one with this number.
  void add(std::uint64_t first, Clock::duration after = {}, std::uint32_t count = 1) {
    Frame frame = batch_of(first, count);
    frame.serial = next_serial_++;
    ASSERT_TRUE(window_.add(frame, kStart + after));
    EXPECT_TRUE(frame.body.view().empty()) << "not taken";
  }

  // The first message of the batch that is due, or nothing.
  std::optional<std::uint64_t> due(Clock::duration after) {
    const auto frame = window_.take_due(kStart + after);
    if (!frame) return std::nullopt;
    return frame->awaited.first;
  }

  AckWindow window_{kMost, kTimeout};
  std::uint64_t next_serial_ = 0;
};

TEST_F(Window, IsEmptyAtFirst) {
  EXPECT_TRUE(window_.is_empty());
  EXPECT_FALSE(window_.is_full());
  EXPECT_EQ(window_.next_due(), Clock::time_point::max());
  EXPECT_EQ(due(1h), std::nullopt);
  EXPECT_TRUE(window_.take_all().empty());
}

TEST_F(Window, GivesTheBatchThatIsAcknowledgedWhole) {
  Frame sent = batch_of(3, 2);
  const std::string body(sent.body.view());
  sent.shares.push_back({nullptr, 2});
  ASSERT_TRUE(window_.add(sent, kStart));
  const auto taken = window_.take(ack_of(3, 2));
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->body.view(), body);
  EXPECT_EQ(taken->messages, 2U);
  EXPECT_EQ(taken->shares.size(), 1U);
  EXPECT_TRUE(window_.is_empty());
}

TEST_F(Window, TakesAcknowledgementsInAnyOrderAndEachOnce) {
  for (const std::uint64_t first : {0U, 1U, 2U}) add(first);
  for (const std::uint64_t first : {2U, 0U, 1U}) {
    const auto taken = window_.take(ack_of(first));
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->awaited.first, first);
    EXPECT_FALSE(window_.take(ack_of(first))) << "twice";
  }
  EXPECT_TRUE(window_.is_empty());
}

TEST_F(Window, TakesNoAcknowledgementOfAnythingElse) {
  add(5, {}, 3);
  EXPECT_FALSE(window_.take(ack_of(6, 3)));
  EXPECT_FALSE(window_.take(ack_of(5, 2))) << "of a part";
  EXPECT_FALSE(window_.take(ack_of(5, 4)));
  EXPECT_FALSE(window_.take(ack_of(5, 0)));
  EXPECT_FALSE(window_.take(ack_of(5, 3, test::kEpoch + 1)));
  wire::Ack of_another_stream = ack_of(5, 3);
  ++of_another_stream.stream;
  EXPECT_FALSE(window_.take(of_another_stream));
  EXPECT_TRUE(window_.take(ack_of(5, 3)));
}

TEST_F(Window, IsFullWithAsManyBatchesAsItMayHold) {
  for (std::uint64_t first = 0; first < kMost; ++first) {
    EXPECT_FALSE(window_.is_full());
    add(first);
  }
  EXPECT_TRUE(window_.is_full());
  EXPECT_TRUE(window_.take(ack_of(1)));
  EXPECT_FALSE(window_.is_full());
}

TEST_F(Window, HoldsNoTwoBatchesOfOneName) {
  add(0);
  Frame twin = batch_of(0);
  EXPECT_FALSE(window_.add(twin, kStart + 1s));
  EXPECT_FALSE(twin.body.view().empty()) << "it belongs to the caller still";
  EXPECT_EQ(window_.messages(), 1U);
  EXPECT_EQ(window_.next_due(), kStart + kTimeout) << "the first one's";
  EXPECT_TRUE(window_.take(ack_of(0)));
  EXPECT_TRUE(window_.is_empty());
}

TEST_F(Window, HasABatchDueWhenItWasNotAcknowledgedInTime) {
  add(0);
  add(1, 3s);
  EXPECT_EQ(window_.next_due(), kStart + kTimeout);
  EXPECT_EQ(due(kTimeout - 1ns), std::nullopt);
  EXPECT_EQ(due(kTimeout), 0U);
  EXPECT_EQ(due(kTimeout), std::nullopt);
  EXPECT_EQ(window_.next_due(), kStart + 3s + kTimeout);
  EXPECT_EQ(due(1h), 1U);
  EXPECT_TRUE(window_.is_empty());
}

TEST_F(Window, WaitsAnewForABatchThatWentOutAgain) {
  add(0);
  add(1, 1s);
  auto again = window_.take_due(kStart + kTimeout);
  ASSERT_TRUE(again);
  ASSERT_TRUE(window_.add(*again, kStart + kTimeout));
  EXPECT_EQ(due(1s + kTimeout), 1U);
  EXPECT_EQ(due(1s + kTimeout), std::nullopt);
  EXPECT_EQ(due(2 * kTimeout), 0U);
}

TEST_F(Window, KnowsNoAcknowledgementOfABatchThatIsOutToBeSentAgain) {
  add(0);
  ASSERT_EQ(due(kTimeout), 0U);
  EXPECT_FALSE(window_.take(ack_of(0)));
}

TEST_F(Window, BringsForwardWhatIsDueLater) {
  add(0);
  add(1, 3s);
  window_.make_due_by(kStart + kTimeout + 1s);
  EXPECT_EQ(window_.next_due(), kStart + kTimeout) << "never puts off";
  add(2, 4s);
  EXPECT_EQ(due(kTimeout), 0U);
  EXPECT_EQ(due(kTimeout), std::nullopt);
  EXPECT_EQ(due(kTimeout + 1s), 1U);
  EXPECT_EQ(due(kTimeout + 1s), std::nullopt) << "what went out after that has its time";
  EXPECT_EQ(due(kTimeout + 4s), 2U);
}

TEST_F(Window, BringsForwardNothingWhenEmpty) {
  window_.make_due_by(kStart);
  EXPECT_EQ(window_.next_due(), Clock::time_point::max());
  add(0);
  EXPECT_EQ(window_.next_due(), kStart + kTimeout);
}

TEST_F(Window, CountsMessagesAndBytes) {
  EXPECT_EQ(window_.bytes(), 0U);
  add(0, {}, 2);
  add(2, {}, 5);
  EXPECT_EQ(window_.messages(), 7U);
  EXPECT_EQ(window_.bytes(), batch_of(0, 2).body.size() + batch_of(2, 5).body.size());
  EXPECT_TRUE(window_.take(ack_of(0, 2)));
  EXPECT_EQ(window_.messages(), 5U);
  EXPECT_EQ(due(1h), 2U);
  EXPECT_EQ(window_.messages(), 0U);
  EXPECT_EQ(window_.bytes(), 0U);
}

TEST_F(Window, GivesAllUpInTheOrderOfTheirFirstSending) {
  for (const std::uint64_t first : {0U, 1U, 2U}) add(first);
  auto again = window_.take_due(kStart + kTimeout);
  ASSERT_TRUE(again);
  ASSERT_TRUE(window_.add(*again, kStart + kTimeout));
  std::vector<std::uint64_t> order;
  for (const Frame& frame : window_.take_all()) {
    order.push_back(frame.awaited.first);
    EXPECT_EQ(frame.body.view(), batch_of(frame.awaited.first).body.view());
  }
  EXPECT_EQ(order, (std::vector<std::uint64_t>{0, 1, 2}));
  EXPECT_TRUE(window_.is_empty());
  EXPECT_EQ(window_.messages(), 0U);
  EXPECT_EQ(window_.bytes(), 0U);
  EXPECT_FALSE(window_.take(ack_of(0)));
}

}  // namespace
}  // namespace omzmq
