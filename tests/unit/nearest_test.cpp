// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/nearest.hpp"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>

#include "core/parameters.hpp"
#include "core/unknown_name.hpp"

namespace omzmq {
namespace {

constexpr std::array<std::string_view, 5> kWords{"PUB", "PUSH", "DEALER", "batch.maxBytes",
                                                 "batch.linger"};

TEST(Nearest, KnowsAWordWithALetterTooManyTooFewOrWrong) {
  for (const char* word : {"PUBB", "PB", "PUV", "UPB", "pub"}) {
    EXPECT_EQ(nearest(word, kWords), "PUB") << word;
  }
  EXPECT_EQ(nearest("DELAER", kWords), "DEALER");
  EXPECT_EQ(nearest("dealler", kWords), "DEALER");
}

TEST(Nearest, LooksAtLettersAndDigitsAlone) {
  for (const char* word : {"batchMaxBytes", "batch_max_bytes", "Batch.MaxByte", "batch-maxbytes"})
    EXPECT_EQ(nearest(word, kWords), "batch.maxBytes") << word;
}

TEST(Nearest, KnowsAWordByItsPartOrItsBeginning) {
  EXPECT_EQ(nearest("linger", kWords), "batch.linger");
  EXPECT_EQ(nearest("dea", kWords), "DEALER");
  EXPECT_EQ(nearest("batch", kWords), "") << "two begin so";
  EXPECT_EQ(nearest("de", kWords), "") << "too little to tell";
}

TEST(Nearest, DoesNotGuess) {
  for (const char* word : {"", ".", "SOMETHING", "ROUTER", "x", "PULL", "queue.size"})
    EXPECT_EQ(nearest(word, kWords), "") << word;
  EXPECT_EQ(nearest(std::string(10000, 'P'), kWords), "");
  EXPECT_EQ(nearest("PUB", {}), "");
}

TEST(Nearest, TakesTheNearer) {
  constexpr std::array<std::string_view, 2> kTwo{"handoff.size", "handoff.sizes"};
  EXPECT_EQ(nearest("handofsize", kTwo), "handoff.size");
  EXPECT_EQ(nearest("handofsizes", kTwo), "handoff.sizes");
}

TEST(Nearest, IsAskedForInASentence) {
  EXPECT_EQ(did_you_mean("PUBB", kWords), "; did you mean PUB?");
  EXPECT_EQ(did_you_mean("RADIO", kWords), "");
}

// ---- Names that nobody has taken

std::optional<UnknownName> in_action(std::string_view name) {
  return explain_unknown(name, Place::kAction);
}

TEST(UnknownName, IsExplainedWhereItIsLikeOneOfOurs) {
  EXPECT_EQ(in_action("batchMaxBytes")->why,
            "there is no such parameter; did you mean batch.maxBytes?");
  EXPECT_FALSE(in_action("batchMaxBytes")->is_fatal);
  EXPECT_EQ(explain_unknown("ioThread", Place::kModule)->why,
            "there is no such parameter; did you mean ioThreads?");
}

TEST(UnknownName, IsLeftToRsyslogWhereItIsRsyslogsOrLikeNoneOfOurs) {
  for (const char* name :
       {"queue.size", "queue.handoffsize", "QUEUE.Type", "action.resumeRetryCount",
        "action.resumeRetryCounts", "config.enabled", "name", "nmae", "type", "load", "target",
        "port", "ratelimit.interval", "ruleset", "tag", "file", ""}) {
    EXPECT_FALSE(in_action(name)) << name;
    EXPECT_FALSE(explain_unknown(name, Place::kModule)) << name;
  }
}

TEST(UnknownName, IsOfTheOtherPlace) {
  EXPECT_NE(in_action("IOTHREADS")->why.find("module("), std::string::npos);
  EXPECT_NE(explain_unknown("endpoints", Place::kModule)->why.find("action("), std::string::npos);
}

TEST(UnknownName, IsOneThatIsThereTwice) {
  for (const auto& row : action_parameters()) {
    const auto known = in_action(row.name);
    if (!known) continue;  // rsyslog's
    EXPECT_NE(known->why.find("twice"), std::string::npos) << row.name;
  }
}

TEST(UnknownName, IsFatalWhereTheSocketWouldBeOpenToEverybody) {
  for (const char* name :
       {"curve.mdoe", "crve.mode", "kurve.clients", "curveMode", "curve.nothing", "authtype",
        "AuthType", "servercertpath", "clientcertpath", "authenticator"}) {
    for (const Place place : {Place::kAction, Place::kModule}) {
      const auto known = explain_unknown(name, place);
      ASSERT_TRUE(known) << name;
      EXPECT_TRUE(known->is_fatal) << name;
    }
  }
  for (const char* name : {"authtype", "servercertpath", "clientcertpath", "authenticator"})
    EXPECT_NE(in_action(name)->why.find("curve."), std::string::npos) << name;
}

}  // namespace
}  // namespace omzmq
