// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/curve_clients.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <string_view>

#include "common/certificate.hpp"
#include "support/files.hpp"
#include "support/keys.hpp"
#include "support/recording_host.hpp"

namespace omzmq {
namespace {

using namespace std::chrono_literals;
using test::kAnnasKey;
using test::kBensKey;

class CurveClientsTest : public testing::Test {
 protected:
  void write_list(const std::string& text) const { test::write_file(list_, text); }

  const CurveKey anna_ = *to_curve_key(kAnnasKey);
  const CurveKey ben_ = *to_curve_key(kBensKey);
  test::RecordingHost host_;
  test::TemporaryDirectory directory_;
  const std::string list_ = directory_.file("list");
};

TEST_F(CurveClientsTest, AdmitWhoIsOnTheListAndTellOfOthersOnce) {
  write_list(std::string(kAnnasKey));
  CurveClients clients(list_, host_.log());
  EXPECT_TRUE(clients.admit(anna_, "10.0.0.1"));
  EXPECT_TRUE(host_.lines().empty());
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(clients.admit(ben_, "10.0.0.2"));
  EXPECT_FALSE(clients.admit(ben_, "10.0.0.3"));
  EXPECT_EQ(host_.lines().size(), 2U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_WARNING,
                        "omzmq[test]: the client at 10.0.0.2 is refused: its key is not among "
                        "curve.clients '" +
                            list_ + "'"),
            1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_WARNING, "10.0.0.3"), 1U);
}

TEST_F(CurveClientsTest, AdmitEverybodyWhenToldSo) {
  CurveClients clients("*", host_.log());
  EXPECT_TRUE(clients.admit(anna_, "10.0.0.1"));
  clients.reload();
  EXPECT_TRUE(clients.admit(ben_, "10.0.0.1"));
  EXPECT_TRUE(host_.lines().empty());
}

TEST_F(CurveClientsTest, AreReadAgain) {
  write_list(std::string(kAnnasKey));
  CurveClients clients(list_, host_.log());
  clients.reload();
  EXPECT_TRUE(host_.lines().empty());
  write_list(std::string(kBensKey));
  EXPECT_FALSE(clients.admit(ben_, "a"));
  clients.reload();
  EXPECT_TRUE(clients.admit(ben_, "a"));
  EXPECT_FALSE(clients.admit(anna_, "b"));
  EXPECT_EQ(host_.count(OMZMQ_LOG_INFO, "has 1 keys now: 1 added, 1 removed"), 1U);
}

TEST_F(CurveClientsTest, StayAsTheyWereWhenTheyCannotBeRead) {
  write_list(std::string(kAnnasKey));
  CurveClients clients(list_, host_.log());
  write_list("rubbish");
  clients.reload();
  EXPECT_TRUE(clients.admit(anna_, "a"));
  EXPECT_EQ(
      host_.count(OMZMQ_LOG_ERROR, "curve.clients stay as they were: '" + list_ + "': line 1"), 1U);
  EXPECT_EQ(host_.lines().size(), 1U);
}

TEST_F(CurveClientsTest, AreRefusedWithoutAKey) {
  write_list("# nobody\n");
  EXPECT_THROW(CurveClients(list_, host_.log()), CertificateError);
}

TEST(RefusalLog, TellsOfAnAddressOnceInAnHour) {
  RefusalLog log;
  const Clock::time_point start{};
  EXPECT_EQ(log.admit("a", start), 0U);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(log.admit("a", start), std::nullopt);
  EXPECT_EQ(log.admit("b", start), 0U);
  EXPECT_EQ(log.admit("a", start + RefusalLog::kInterval), 10U);
}

TEST(RefusalLog, TellsOfEachAddressThatComesAgainAfterManyAtOnce) {
  RefusalLog log;
  std::set<std::string> told;
  std::uint64_t refusals = 0;
  std::uint64_t accounted = 0;  // in a line of its own, or in the number with one
  for (Clock::time_point now{1000s}; now < Clock::time_point{1100s}; now += 5s) {
    for (const char c : std::string_view("abcdefghij")) {
      ++refusals;
      const auto before = log.admit(std::string(1, c), now);
      if (!before) continue;
      told.insert(std::string(1, c));
      accounted += 1 + *before;
    }
  }
  EXPECT_EQ(told.size(), 10U);
  for (const char c : std::string_view("abcdefghij")) {
    accounted +=
        1 + log.admit(std::string(1, c), Clock::time_point{5000s} + (c - 'a') * 31s).value();
    ++refusals;
  }
  EXPECT_EQ(accounted, refusals) << "none is thrown away";
}

TEST(RefusalLog, KeepsTheCountsOfAddressesThatItForgets) {
  RefusalLog log;
  constexpr Clock::time_point kStart{1000s};
  EXPECT_EQ(log.admit("a", kStart), 0U);
  EXPECT_EQ(log.admit("a", kStart), std::nullopt);
  for (std::size_t i = 1; i < RefusalLog::kMostAddresses; ++i)
    static_cast<void>(log.admit(std::to_string(i), kStart));
  EXPECT_EQ(log.admit("one more", kStart + LogLimit::kInterval),
            1U + RefusalLog::kMostAddresses - LogLimit::kAtOnce);
}

TEST(RefusalLog, HoldsAFloodOfAddresses) {
  RefusalLog log;
  std::size_t told = 0;
  for (std::size_t i = 0; i < 10 * RefusalLog::kMostAddresses; ++i) {
    if (log.admit(std::to_string(i), Clock::time_point{})) ++told;
  }
  EXPECT_EQ(told, LogLimit::kAtOnce);
}

}  // namespace
}  // namespace omzmq
