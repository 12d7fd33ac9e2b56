// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// Topics of a PUB socket: fixed and rendered, in front of the payload and in a frame of their own.

#include <algorithm>
#include <map>

#include "system_test.hpp"

namespace omzmq::test {
namespace {

class Topics : public SystemTest {
 protected:
  Receiver subscriber(const std::string& name, const std::string& endpoint,
                      std::vector<std::string> prefixes) const {
    return Receiver(
        directory_, name,
        {.type = "SUB", .bind = false, .endpoint = endpoint, .subscriptions = std::move(prefixes)});
  }
};

// The messages that are no probe, each as its parts joined by "|".
std::vector<std::string> joined(Receiver& receiver) {
  std::vector<std::string> all;
  for (const auto& message : receiver.messages()) {
    const std::string text = fmt::format("{}", fmt::join(message, "|"));
    if (text.find("probe") == std::string::npos) all.push_back(text);
  }
  return all;
}

bool wait_for_joined(Receiver& receiver, std::size_t count) {
  return wait_until([&] { return joined(receiver).size() >= count; });
}

TEST_F(Topics, StandInFrontOfThePayload) {
  const std::string endpoint = free_tcp_endpoint();
  Rsyslogd daemon(directory_,
                  configuration().omzmq(fmt::format(
                      R"(endpoints="{}" sockType="PUB" topics=["red", "blue"])", endpoint)));
  daemon.start();
  Receiver both = subscriber("both", endpoint, {""});
  Receiver blue = subscriber("blue", endpoint, {"blue"});
  both.start();
  blue.start();
  ASSERT_TRUE(wait_subscribed(daemon, both));
  ASSERT_TRUE(wait_subscribed(daemon, blue));
  Injector(daemon.input()).numbered(0, 2);
  EXPECT_TRUE(wait_for_joined(both, 4));
  EXPECT_TRUE(wait_for_joined(blue, 2));
  EXPECT_EQ(joined(both),
            (std::vector<std::string>{"redmsgnum:00000000:", "bluemsgnum:00000000:",
                                      "redmsgnum:00000001:", "bluemsgnum:00000001:"}));
  EXPECT_EQ(joined(blue),
            (std::vector<std::string>{"bluemsgnum:00000000:", "bluemsgnum:00000001:"}));
}

TEST_F(Topics, AreAFrameOfTheirOwnWithTopicFrame) {
  const std::string endpoint = free_tcp_endpoint();
  Rsyslogd daemon(
      directory_,
      configuration().omzmq(fmt::format(
          R"(endpoints="{}" sockType="PUB" topics="red,blue" topicFrame="on" statsName="pub")",
          endpoint)));
  daemon.start();
  Receiver red = subscriber("red", endpoint, {"red"});
  red.start();
  ASSERT_TRUE(wait_subscribed(daemon, red));
  Injector(daemon.input()).numbered(0, 2);
  EXPECT_TRUE(wait_for_joined(red, 2));
  EXPECT_EQ(joined(red),
            (std::vector<std::string>{"red|msgnum:00000000:", "red|msgnum:00000001:"}));
}

TEST_F(Topics, CountAMessageOnceHoweverManyThereAre) {
  Rsyslogd daemon(directory_, configuration().omzmq(fmt::format(
                                  R"(endpoints="{}" sockType="PUB" topics="a,b,c" statsName="pub")",
                                  free_tcp_endpoint())));
  daemon.start();
  Injector(daemon.input()).numbered(0, 100);
  const Statistics counters = statistics("pub");
  EXPECT_TRUE(counters.wait_for("sent.messages", 100));
  EXPECT_TRUE(counters.wait_for_report());
  EXPECT_EQ(counters.value("submitted"), 100);
  EXPECT_EQ(counters.value("sent.messages"), 100);
  EXPECT_EQ(counters.value("sent.frames"), 300);
}

// The topic is the part of the line before '|', the payload what follows it.
constexpr const char* kDynamicTemplate =
    R"(template(name="topic" type="string" string="%rawmsg:F,124:1%")
template(name="kind" type="string" string="kind-%rawmsg:1:1%"))";

TEST_F(Topics, AreRenderedForEachMessageWithDynaTopic) {
  const std::string endpoint = free_tcp_endpoint();
  Rsyslogd daemon(
      directory_,
      configuration()
          .top(kDynamicTemplate)
          .omzmq(fmt::format(R"(endpoints="{}" sockType="PUB" dynaTopic="on" topics="topic,kind" )"
                             R"(topicFrame="on" template="payload")",
                             endpoint)));
  daemon.start();
  Receiver all = subscriber("all", endpoint, {""});
  Receiver some = subscriber("some", endpoint, {"beta"});
  all.start();
  some.start();
  ASSERT_TRUE(wait_subscribed(daemon, all, "probe|probe"));
  ASSERT_TRUE(wait_subscribed(daemon, some, "beta|probe"));
  Injector injector(daemon.input());
  injector.message("alpha|one");
  injector.message("beta|two");
  EXPECT_TRUE(wait_for_joined(all, 4));
  EXPECT_TRUE(wait_for_joined(some, 1));
  EXPECT_EQ(joined(all),
            (std::vector<std::string>{"alpha|one", "kind-a|one", "beta|two", "kind-b|two"}));
  EXPECT_EQ(joined(some), (std::vector<std::string>{"beta|two"}));
}

TEST_F(Topics, AreAPrefixOfTheirMessageWithDynaTopicAlone) {
  const std::string endpoint = free_tcp_endpoint();
  Rsyslogd daemon(
      directory_,
      configuration()
          .top(kDynamicTemplate)
          .omzmq(fmt::format(R"(endpoints="{}" sockType="PUB" dynaTopic="on" topics="topic" )"
                             R"(template="payload")",
                             endpoint)));
  daemon.start();
  Receiver all = subscriber("all", endpoint, {""});
  all.start();
  ASSERT_TRUE(wait_subscribed(daemon, all, "probe|probe"));
  Injector injector(daemon.input());
  injector.message("alpha|one");
  injector.message("beta|two");
  EXPECT_TRUE(wait_for_joined(all, 2));
  EXPECT_EQ(joined(all), (std::vector<std::string>{"alphaone", "betatwo"}));
}

TEST_F(Topics, AThousandOfThemInLinesLoseNothing) {
  constexpr unsigned kCount = 100000;
  constexpr unsigned kTopics = 1000;
  const std::string endpoint = free_tcp_endpoint();
  Rsyslogd daemon(
      directory_,
      configuration()
          .top(kDynamicTemplate)
          .omzmq(fmt::format(R"(endpoints="{}" sockType="PUB" dynaTopic="on" topics="topic" )"
                             R"(format="lines" template="payload" statsName="pub" sendHWM="0")",
                             endpoint)));
  daemon.start();
  Receiver all = subscriber("all", endpoint, {""});
  all.start();
  ASSERT_TRUE(wait_subscribed(daemon, all, "probe|probe"));
  {
    Injector injector(daemon.input());
    for (unsigned i = 0; i < kCount; ++i) {
      injector.message(fmt::format("t{:03}|{}", i % kTopics, numbered_line(i)));
    }
  }
  const Statistics counters = statistics("pub");
  EXPECT_TRUE(counters.wait_for("sent.messages", kCount + 1));
  EXPECT_TRUE(
      wait_until([&] { return only_numbered(split_lines(all.payloads(1))).size() >= kCount; }));
  std::map<std::string, std::vector<std::string>> by_topic;
  for (const auto& message : all.messages()) {
    ASSERT_EQ(message.size(), 2U);
    for (const auto& line : split_lines({message[1]})) by_topic[message[0]].push_back(line);
  }
  by_topic.erase("probe");
  EXPECT_EQ(by_topic.size(), kTopics);
  std::vector<std::string> lines;
  for (const auto& [topic, some] : by_topic) {
    EXPECT_TRUE(are_rising(some));
    for (const auto& line : some)
      EXPECT_EQ(fmt::format("t{:03}", number_of(line) % kTopics), topic);
    lines.insert(lines.end(), some.begin(), some.end());
  }
  EXPECT_TRUE(are_numbered(lines, kCount));
}

}  // namespace
}  // namespace omzmq::test
