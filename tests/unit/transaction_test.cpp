// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/transaction.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/batch_builder.hpp"

namespace omzmq {
namespace {

using test::BatchBuilder;
using test::kAnySize;
using namespace std::chrono_literals;

constexpr Clock::time_point kPublished{std::chrono::seconds(77)};

std::vector<std::byte> written(const BatchBuilder& builder, std::size_t max_message_bytes) {
  const auto plan = plan_transaction(builder.batch(), max_message_bytes);
  // One byte that must stay as it is behind the end.
  std::vector<std::byte> body(plan.bytes + 1, std::byte{0x5A});
  write_transaction(body.data(), builder.batch(), plan, max_message_bytes, kPublished);
  EXPECT_EQ(body.back(), std::byte{0x5A});
  body.pop_back();
  return body;
}

Message next_of(TransactionReader& reader) {
  Message message;
  reader.peek(message);
  reader.take(message);
  return message;
}

TEST(Transaction, GivesBackItsMessagesInOrder) {
  const BatchBuilder builder{"first", "", std::string("nul\0inside", 10), std::string(70000, 'x')};
  const auto body = written(builder, kAnySize);
  TransactionReader reader(body, 1);
  std::vector<std::string> payloads;
  while (reader.left() != 0) {
    const Message message = next_of(reader);
    payloads.emplace_back(message.payload);
    EXPECT_EQ(message.topic_count, 0U);
    EXPECT_EQ(message.published, kPublished);
  }
  EXPECT_EQ(payloads, (std::vector<std::string>{"first", "", std::string("nul\0inside", 10),
                                                std::string(70000, 'x')}));
}

TEST(Transaction, CarriesAsManyTopicsAsRsyslogRenders) {
  BatchBuilder builder;
  builder.add({"p1", "a", "", "c", "dd"}).add({"p2", "e", "f", "g", "h"});
  const auto body = written(builder, kAnySize);
  TransactionReader reader(body, 1 + kMaxDynamicTopics);
  ASSERT_EQ(reader.left(), 2U);
  const Message first = next_of(reader);
  EXPECT_EQ(first.payload, "p1");
  ASSERT_EQ(first.topic_count, kMaxDynamicTopics);
  EXPECT_EQ(first.topics[0], "a");
  EXPECT_EQ(first.topics[1], "");
  EXPECT_EQ(first.topics[3], "dd");
  EXPECT_EQ(next_of(reader).topics[3], "h");
  EXPECT_EQ(reader.left(), 0U);
}

TEST(Transaction, LeavesOutWhatIsLongerThanAllowed) {
  const BatchBuilder builder{"123", "1234", "12345", "", "1234"};
  const auto plan = plan_transaction(builder.batch(), 4);
  EXPECT_EQ(plan.messages, 4U);
  EXPECT_EQ(plan.dead, 1U);
  const auto body = written(builder, 4);
  TransactionReader reader(body, 1);
  std::vector<std::string> payloads;
  while (reader.left() != 0) payloads.emplace_back(next_of(reader).payload);
  EXPECT_EQ(payloads, (std::vector<std::string>{"123", "1234", "", "1234"}));
}

TEST(Transaction, MeasuresThePayloadAndNotTheTopics) {
  BatchBuilder builder;
  builder.add({"1234", std::string(100, 't')});
  EXPECT_EQ(plan_transaction(builder.batch(), 4).dead, 0U);
}

TEST(Transaction, ComesToNothingWhenNoMessageRemains) {
  const BatchBuilder dead{"12345", "123456"};
  const auto plan = plan_transaction(dead.batch(), 4);
  EXPECT_EQ(plan.bytes, 0U);
  EXPECT_EQ(plan.messages, 0U);
  EXPECT_EQ(plan.dead, 2U);
  EXPECT_EQ(plan_transaction(BatchBuilder().batch(), 4).bytes, 0U);
}

TEST(TransactionReader, HasNothingToGiveWithoutABody) {
  EXPECT_EQ(TransactionReader().left(), 0U);
  EXPECT_EQ(TransactionReader({}, 3).left(), 0U);
}

}  // namespace
}  // namespace omzmq
