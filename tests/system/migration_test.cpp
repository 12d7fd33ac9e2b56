// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// An action of omczmq and the same one with type="omzmq" beside it, in one rsyslogd: receivers of
// both get the same, unless docs/migrating-from-omczmq.md says otherwise. The examples are those of
// omczmq's README, of its page in rsyslog's manual, and of the Debian package.

#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "curve_system.hpp"

namespace omzmq::test {
namespace {

constexpr unsigned kCount = 100;

// What is said in front of each number, so that the topics have a host and a program.
std::string line_of(unsigned number) {
  return fmt::format("<165>Nov 22 10:00:00 host.example.com sshd[7]: {}", numbered_line(number));
}
constexpr const char* kProbe = "<165>Nov 22 10:00:00 host.example.com sshd[7]: probe";

constexpr const char* kTopics = R"(
template(name="host_program_topic" type="list") {
  property(name="hostname") constant(value=".") property(name="programname") }
template(name="message" type="string" string="%msg%")
template(name="program_host_topic" type="list") {
  property(name="programname") constant(value=".") property(name="hostname") }
)";

// An action of one type and the receiver of it. "{}" in the parameters is the address.
struct Example {
  const char* test;
  const char* parameters;
  const char* receiver;  // PULL, SUB or ROUTER

  friend std::ostream& operator<<(std::ostream& out, const Example& example) {
    return out << example.parameters;
  }
};

std::string filled(std::string text, const std::string& address) {
  for (auto at = text.find("{}"); at != std::string::npos; at = text.find("{}"))
    text.replace(at, 2, address);
  return text;
}

using Messages = std::vector<Receiver::Message>;

// Each message as one part. omczmq takes the low byte of a pointer for the value of topicframe, and
// so does now and then the opposite of what it mostly does: where that is seen, only the bytes can
// be compared.
Messages joined(const Messages& messages) {
  Messages whole;
  for (const Receiver::Message& message : messages)
    whole.push_back({fmt::format("{}", fmt::join(message, ""))});
  return whole;
}

class Migration : public SystemTest {
 protected:
  void start(const std::string& omczmq, const std::string& omzmq) {
    daemon_ = std::make_unique<Rsyslogd>(
        directory_, configuration()
                        .top("module(load=\"omczmq\")\n")
                        .top(kTopics)
                        .action(fmt::format(R"(action(type="omczmq" {}))", omczmq))
                        .action(fmt::format(R"(action(type="omzmq" {}))", omzmq)));
    daemon_->start();
  }

  Receiver receiver(const std::string& type, const std::string& name,
                    const std::string& address) const {
    return {directory_, name, {.type = type, .bind = type != "SUB", .endpoint = address}};
  }

  // Without probes; of a ROUTER without the routing id, which is chosen at random.
  static Messages numbered(Receiver& receiver, const std::string& type) {
    Messages found;
    for (Receiver::Message message : receiver.messages()) {
      if (type == "ROUTER") message.erase(message.begin());
      if (message.back().find("msgnum:") != std::string::npos) found.push_back(message);
    }
    return found;
  }

  // Starts both, and gives what a receiver of each gets.
  std::pair<Messages, Messages> both(const std::string& omczmq, const std::string& omzmq,
                                     const std::string& type) {
    const std::string theirs = free_tcp_endpoint();
    const std::string ours = free_tcp_endpoint();
    Receiver of_theirs = receiver(type, "theirs", theirs);
    Receiver of_ours = receiver(type, "ours", ours);
    if (type != "SUB") of_theirs.start();
    if (type != "SUB") of_ours.start();
    start(filled(omczmq, theirs), filled(omzmq, ours));
    if (type == "SUB") {
      of_theirs.start();
      of_ours.start();
      EXPECT_TRUE(wait_subscribed(*daemon_, of_theirs, kProbe));
      EXPECT_TRUE(wait_subscribed(*daemon_, of_ours, kProbe));
    }
    Injector injector(daemon_->input());
    for (unsigned i = 0; i < kCount; ++i) injector.message(line_of(i));
    const auto has_last = [&](Receiver& receiver) {
      return wait_until([&] {
        const Messages messages = numbered(receiver, type);
        return !messages.empty() && messages.back().back().ends_with(numbered_line(kCount - 1)) &&
               messages.size() % kCount == 0;
      });
    };
    EXPECT_TRUE(has_last(of_theirs));
    EXPECT_TRUE(has_last(of_ours));
    return {numbered(of_theirs, type), numbered(of_ours, type)};
  }

  std::unique_ptr<Rsyslogd> daemon_;
};

class Moved : public Migration, public testing::WithParamInterface<Example> {};

TEST_P(Moved, GivesReceiversTheSame) {
  const auto [theirs, ours] =
      both(GetParam().parameters, GetParam().parameters, GetParam().receiver);
  EXPECT_GE(theirs.size(), kCount);
  if (std::string_view(GetParam().parameters).find("topicframe") == std::string_view::npos) {
    EXPECT_EQ(theirs, ours);
    return;
  }
  EXPECT_EQ(joined(theirs), joined(ours));
  const std::size_t parts = GetParam().receiver == std::string_view("SUB") ? 2 : 1;
  for (const Receiver::Message& message : ours) EXPECT_EQ(message.size(), parts);
}

INSTANTIATE_TEST_SUITE_P(
    Examples, Moved,
    testing::Values(
        // The README's, and with one topic the manual's.
        Example{"TwoTopicsFromTemplates",
                R"(name="to_zeromq" socktype="PUB" endpoints="@{}"
                   topics="host_program_topic,program_host_topic" dynatopic="on" topicframe="on")",
                "SUB"},
        Example{"OneTopicFromATemplate",
                R"(socktype="PUB" endpoints="@{}" topics="host_program_topic" dynatopic="on"
                   topicframe="on")",
                "SUB"},
        // The Debian package's.
        Example{"APushThatConnects", R"(name="curve_server_socket" endpoints="{}" socktype="PUSH")",
                "PULL"},
        // What the manual tells of the parameters.
        Example{"TopicsBeforeThePayload", R"(socktype="PUB" endpoints="{}" topics="red,blue")",
                "SUB"},
        Example{"ATopicFromATemplateBeforeThePayload",
                R"(socktype="PUB" endpoints="@{}" topics="program_host_topic" dynatopic="on")",
                "SUB"},
        Example{"FixedTopicsInFrames",
                R"(socktype="PUB" endpoints="{}" topics="red,blue" topicframe="on")", "SUB"},
        Example{"APubWithoutTopics", R"(socktype="PUB" endpoints="{}")", "SUB"},
        Example{"ADealer", R"(socktype="DEALER" endpoints="{}")", "ROUTER"},
        Example{"ATemplate", R"(socktype="PUSH" endpoints=">{}" template="message")", "PULL"},
        Example{"TimesAndMarks",
                R"(socktype="PUSH" endpoints="{}" sendtimeout="1000" sendhwm="1000"
                   heartbeativl="1000" heartbeattimeout="3000" heartbeatttl="3000")",
                "PULL"},
        // What it takes and does nothing with.
        Example{"TopicsOfAPush", R"(socktype="PUSH" endpoints="{}" topics="red,blue")", "PULL"},
        Example{"TopicsFromTemplatesOfADealer",
                R"(socktype="DEALER" endpoints="{}" topics="program_host_topic" dynatopic="on"
                   topicframe="on")",
                "ROUTER"},
        Example{"HeartbeatDetailsWithoutHeartbeats",
                R"(socktype="PUSH" endpoints="{}" heartbeattimeout="3000" heartbeatttl="50")",
                "PULL"},
        Example{"ATimeToLiveBelowTheInterval",
                R"(socktype="PUSH" endpoints="{}" heartbeativl="1000" heartbeatttl="500")",
                "PULL"}),
    [](const auto& tested) { return tested.param.test; });

// ---- Where omczmq does not do what its documentation says

TEST_F(Migration, TopicFrameOffIsWhatItSays) {
  const char* const parameters = R"(socktype="PUB" endpoints="{}" topics="red" topicframe="off")";
  const auto [theirs, ours] = both(parameters, parameters, "SUB");
  ASSERT_EQ(ours.size(), kCount);
  EXPECT_EQ(ours.front().size(), 1U);
  EXPECT_TRUE(ours.front().front().starts_with("red<165>"));
  EXPECT_EQ(joined(theirs), ours);
}

TEST_F(Migration, ConnectTimeoutAndBlanksBetweenEndpointsAreTaken) {
  const std::string other = free_tcp_endpoint();
  const auto [theirs, ours] = both(
      R"(socktype="PUSH" endpoints="{}")",
      fmt::format(R"(socktype="PUSH" endpoints=">{{}} @{}" connecttimeout="1000")", other), "PULL");
  EXPECT_EQ(theirs, ours);
  Configuration refused = configuration("refused").without_omzmq();
  refused.top("module(load=\"omczmq\")\n");
  const Output output = check(
      directory_,
      refused
          .action(
              R"(action(type="omczmq" socktype="PUSH" endpoints="tcp://a:1" connecttimeout="9"))")
          .text());
  EXPECT_NE(output.err.find("'connecttimeout' is not a valid option"), std::string::npos)
      << "omczmq does as documented: the page is to be corrected\n"
      << output.err;
}

// ---- The examples' certificates

using MigrationWithCurve = CurveSystemTest;

TEST_F(MigrationWithCurve, AServerWithADirectoryOfClientsLetsInTheSame) {
  const std::string theirs = free_tcp_endpoint();
  const char* const action =
      R"(socktype="PUB" endpoints="@{}" topics="host_program_topic,program_host_topic"
         dynatopic="on" topicframe="on")";
  start(configuration()
            .top(fmt::format(R"(module(load="omczmq" servercertpath="{}" clientcertpath="{}" )"
                             R"(authtype="CURVESERVER" authenticator="on"))",
                             certificate("server"), clients()))
            .top(kTopics)
            .action(fmt::format(R"(action(type="omczmq" {}))", filled(action, theirs)))
            .action(fmt::format(R"(action(type="omzmq" {} curve.mode="server" )"
                                R"(curve.certFile="{}" curve.clients="{}"))",
                                filled(action, endpoint_), certificate("server"), clients())));
  const auto peer = [&](const std::string& name, const std::string& who,
                        const std::string& address) {
    return std::make_unique<CurvePeer>(
        directory_, name,
        std::vector<std::string>{"SUB", "connect", address, "--own", secret_of(who), "--server-key",
                                 certificate("server")});
  };
  const auto anna_of_theirs = peer("anna-theirs", "anna", theirs);
  const auto anna_of_ours = peer("anna-ours", "anna", endpoint_);
  Injector injector(daemon_->input());
  ASSERT_TRUE(wait_until([&] {
    injector.message(kProbe);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return !anna_of_theirs->received().empty() && !anna_of_ours->received().empty();
  }));
  // Later: before its authenticator works, omczmq lets in whom it does not know (seen when all is
  // slow).
  const auto ben_of_theirs = peer("ben-theirs", "ben", theirs);
  const auto ben_of_ours = peer("ben-ours", "ben", endpoint_);
  for (int probes = 0; probes < 10; ++probes) {
    injector.message(kProbe);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  for (unsigned i = 0; i < kCount; ++i) injector.message(line_of(i));
  // From the payload on: omczmq may have the topic in front of it (see joined).
  const auto numbered = [](const CurvePeer& anna) {
    std::vector<std::string> found;
    for (const std::string& line : anna.received()) {
      const std::size_t payload = std::min(line.find('<'), line.size());
      if (line.find("msgnum:") != std::string::npos) found.push_back(line.substr(payload));
    }
    return found;
  };
  EXPECT_TRUE(wait_until([&] { return numbered(*anna_of_theirs).size() == 2 * kCount; }));
  EXPECT_TRUE(wait_until([&] { return numbered(*anna_of_ours).size() == 2 * kCount; }));
  EXPECT_EQ(numbered(*anna_of_theirs), numbered(*anna_of_ours));
  EXPECT_TRUE(ben_of_theirs->received().empty());
  EXPECT_TRUE(ben_of_ours->received().empty());
  // With authenticator="on" omczmq leaves rsyslogd deaf for SIGTERM.
  daemon_->kill();
}

}  // namespace
}  // namespace omzmq::test
