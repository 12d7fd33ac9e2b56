// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// Every row of docs/configuration.md, "What is refused", in a real rsyslogd: by the check, and at a
// start beside an action that is right.

#include "support/refused_rows.hpp"

#include <set>

#include "system_test.hpp"

namespace omzmq::test {
namespace {

std::vector<RefusedRow> all_rows() {
  return refused_rows(read_file(OMZMQ_TEST_DOCS "/configuration.md"));
}

std::set<std::string> files_of(const TestDirectory& directory) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory.path()))
    names.insert(entry.path().filename().string());
  return names;
}

// As rsyslogd writes it.
bool says(const std::string& log, const std::string& text) {
  return log.find(": " + text + " [") != std::string::npos;
}

class Refused : public SystemTest, public testing::WithParamInterface<RefusedRow> {};

TEST_P(Refused, IsSaidByTheCheckWhichLeavesNothingBehind) {
  const Output output = check(directory_, configuration().omzmq(action_text_of(GetParam())).text());
  EXPECT_EQ(output.ended.exit_code, 1) << output.err;
  EXPECT_EQ(output.ended.signal, 0) << output.err;
  EXPECT_TRUE(says(output.err, GetParam().text)) << output.err;
  EXPECT_TRUE(files_of(directory_).empty());
}

INSTANTIATE_TEST_SUITE_P(Rows, Refused, testing::ValuesIn(all_rows()),
                         [](const auto& tested) { return std::to_string(tested.index + 1); });

class RefusedAtAStart : public SystemTest {
 protected:
  // Starts a daemon with these before an action that is right, which delivers.
  void start_beside(Configuration wrong) {
    const std::string endpoint = free_tcp_endpoint();
    wrong.omzmq(fmt::format(R"(endpoints="@{}" sockType="PUSH" statsName="right")", endpoint));
    daemon_ = std::make_unique<Rsyslogd>(directory_, wrong);
    daemon_->start();
    Receiver receiver(directory_, "receiver", {.bind = false, .endpoint = endpoint});
    receiver.start();
    Injector(daemon_->input()).numbered(0, 100);
    EXPECT_TRUE(wait_for_numbered(receiver, 100));
  }
  bool was_said(const std::string& text) const { return says(daemon_->standard_error(), text); }

  std::unique_ptr<Rsyslogd> daemon_;
};

TEST_F(RefusedAtAStart, IsSaidInTheSameWordsAndStopsNothingElse) {
  Configuration wrong = configuration();
  for (const RefusedRow& row : all_rows()) wrong.omzmq(action_text_of(row));
  start_beside(wrong);
  for (const RefusedRow& row : all_rows()) EXPECT_TRUE(was_said(row.text)) << row;
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

TEST_F(RefusedAtAStart, OpensNoSocketOfAnActionThatIsSwitchedOff) {
  const std::string off = fmt::format(R"(config.enabled="off" endpoints="@{}" sockType="PUSH" )"
                                      R"(statsName="off")",
                                      ipc_endpoint("off"));
  // It binds the same as one that is on, and that is no contradiction.
  start_beside(configuration().omzmq(off).omzmq(off).omzmq(
      fmt::format(R"(endpoints="@{}" sockType="PUB")", ipc_endpoint("on"))));
  EXPECT_TRUE(wait_until([&] { return std::filesystem::exists(directory_.file("on")); }));
  EXPECT_FALSE(std::filesystem::exists(directory_.file("off")));
  EXPECT_EQ(daemon_->standard_error().find("endpoints"), std::string::npos);
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

TEST_F(RefusedAtAStart, ReadsNoKeysOfAnActionThatIsSwitchedOff) {
  const Output output = check(
      directory_,
      configuration()
          .omzmq(fmt::format(R"(config.enabled="off" endpoints="@{}" sockType="PUSH" )"
                             R"(curve.mode="server" curve.certFile="/missing" curve.clients="*")",
                             ipc_endpoint("off")))
          .text());
  EXPECT_EQ(output.err.find("/missing"), std::string::npos) << output.err;
}

TEST_F(RefusedAtAStart, GoesOnWithoutTheDirectoryOfASpoolFile) {
  const std::string file = directory_.file("missing/spool");
  start_beside(configuration().omzmq(
      fmt::format(R"(endpoints="@{}" sockType="PUB" spoolFile="{}")", ipc_endpoint("on"), file)));
  EXPECT_TRUE(
      was_said(fmt::format("spoolFile: '{}': there is no directory '{}'; make it, and let "
                           "rsyslogd's user write in it",
                           file, directory_.file("missing"))))
      << daemon_->standard_error();
  EXPECT_TRUE(wait_until([&] { return std::filesystem::exists(directory_.file("on")); }));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

// ---- What is no row: between actions, of the module, of rsyslog

struct Mistake {
  const char* test;
  const char* before;  // the module's parameters, or another action
  const char* action;
  std::vector<const char*> said;

  friend std::ostream& operator<<(std::ostream& out, const Mistake& mistake) {
    return out << mistake.test;
  }
};

class Between : public SystemTest, public testing::WithParamInterface<Mistake> {};

TEST_P(Between, IsSaidByTheCheck) {
  const Mistake& mistake = GetParam();
  Configuration text = configuration();
  if (std::string_view(mistake.before).find("sockType") == std::string_view::npos) {
    text.module_parameters(mistake.before);
  } else {
    text.omzmq(std::string(R"(name="first" )") + mistake.before);
  }
  const Output output = check(directory_, text.omzmq(mistake.action).text());
  EXPECT_EQ(output.ended.exit_code, 1) << output.err;
  EXPECT_EQ(output.ended.signal, 0) << output.err;
  for (const char* part : mistake.said)
    EXPECT_NE(output.err.find(part), std::string::npos) << part << '\n' << output.err;
  EXPECT_TRUE(files_of(directory_).empty());
}

constexpr const char* kRight = R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH")";

INSTANTIATE_TEST_SUITE_P(
    Mistakes, Between,
    testing::Values(
        Mistake{"BindsForTwo",
                R"(endpoints="@tcp://*:5555" sockType="PUSH")",
                R"(endpoints="@tcp://127.0.0.1:5555" sockType="PUSH")",
                {"endpoints: 'tcp://127.0.0.1:5555' cannot be bound", "'first'", "'tcp://*:5555'",
                 "give each its own"}},
        Mistake{"APathForTwo",
                R"(endpoints="@ipc:///run/x" sockType="PUSH")",
                R"(endpoints="ipc:///run//x" sockType="PUB")",
                {"endpoints: 'ipc:///run//x'", "'first'", "'ipc:///run/x'"}},
        Mistake{"ASpoolFileThatIsADeadLetterFile",
                R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" deadLetterFile="/tmp/x")",
                R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" spoolFile="/tmp/./x")",
                {"spoolFile: '/tmp/./x' is the deadLetterFile of the action 'first'"}},
        Mistake{"AnIdentityForTwo",
                R"(endpoints="tcp://127.0.0.1:5555" sockType="DEALER" identity="me")",
                R"(endpoints="tcp://127.0.0.1:5555" sockType="DEALER" identity="me")",
                {"identity: 'me'", "'first'", "'tcp://127.0.0.1:5555'"}},
        Mistake{"IoThreadsAndAffinity",
                R"(ioThreads="2")",
                R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" socketOptions=["affinity=4"])",
                {"socketOptions: 'affinity=4'", "ioThreads of module() is 2"}},
        Mistake{"AModuleParameterThatIsNearToOne",
                R"(ioThread="2")",
                kRight,
                {"ioThread: there is no such parameter; did you mean ioThreads?"}},
        Mistake{"AParameterOfAnActionInTheModule",
                R"(sendHWM="2")",
                kRight,
                {"sendHWM: is a parameter of action("}},
        Mistake{
            "TheSecurityOfOmczmq",
            R"(authtype="CURVESERVER" servercertpath="/x" clientcertpath="*" authenticator="on")",
            kRight,
            {"authtype: is a parameter of omczmq's module", "curve.mode=\"server\"",
             "servercertpath: ", "curve.certFile", "clientcertpath: ", "curve.clients",
             "authenticator: ", "'omzmq' is unknown"}},
        Mistake{"TheSameTwice",
                "",
                R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" sendHWM="1" sendhwm="2")",
                {": is there twice, and one of the two is not looked at; leave one out"}},
        Mistake{"AnArrayForOneValue",
                "",
                R"(endpoints="tcp://127.0.0.1:5555" sockType=["PUSH"])",
                {"parameter 'socktype' is not a string"}},
        Mistake{"ASlipInASecurityParameter",
                "",
                R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" curve.mdoe="server")",
                {"curve.mdoe: there is no such parameter", "errors occurred"}},
        Mistake{
            "SeveralAtOnce",
            "",
            R"(endpoints="tcp://127.0.0.1" sockType="PUBB" sendHwmm="1" keepAlive="yes")",
            {"endpoints: 'tcp://127.0.0.1'", "sockType: 'PUBB'", "sendHwmm: ", "keepAlive: 'yes'"}},
        Mistake{"ADirectoryForAFile",
                "",
                R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" spoolFile="/tmp")",
                {"spoolFile: '/tmp' is a directory; write the path of a file"}},
        Mistake{"ADirectoryThatIsNotThere",
                "",
                R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" deadLetterFile="/nowhere/x")",
                {"deadLetterFile: '/nowhere/x': there is no directory '/nowhere'; make it"}},
        Mistake{"ATemplateThatIsNotThere",
                "",
                R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH" template="nowhere")",
                {"Could not find template 0 'nowhere'"}},
        Mistake{"ATopicTemplateThatIsNotThere",
                "",
                R"(endpoints="tcp://*:5555" sockType="PUB" dynaTopic="on" topics="raw,nowhere")",
                {"Could not find template 2 'nowhere'"}}),
    [](const auto& tested) { return tested.param.test; });

class TheCheck : public SystemTest {};

TEST_F(TheCheck, NeverComplainsOfRsyslogsOwnParameters) {
  const Output output =
      check(directory_,
            configuration()
                .omzmq(std::string(kRight) +
                       R"( name="own" queue.type="LinkedList" queue.size="1000" queue.filename="own"
                     queue.maxDiskSpace="1m" queue.timeoutEnqueue="0" queue.workerThreads="2"
                     queue.dequeueBatchSize="64" queue.saveOnShutdown="on" config.enabled="on"
                     queue.spoolDirectory="/tmp" action.resumeRetryCount="-1"
                     action.resumeInterval="1" action.reportSuspension="on"
                     action.execOnlyWhenPreviousIsSuspended="off" action.copyMsg="on")")
                .text());
  EXPECT_EQ(output.ended.exit_code, 0) << output.err;
  EXPECT_EQ(output.err.find("omzmq:"), std::string::npos) << output.err;
}

TEST_F(TheCheck, LeavesUnknownNamesThatAreLikeNoneOfOursToRsyslog) {
  const Output output =
      check(directory_, configuration().omzmq(std::string(kRight) + R"( colour="red")").text());
  EXPECT_EQ(output.ended.exit_code, 1) << output.err;
  EXPECT_NE(output.err.find("parameter 'colour' not known"), std::string::npos) << output.err;
  EXPECT_EQ(output.err.find("omzmq: colour"), std::string::npos) << output.err;
}

TEST_F(TheCheck, WritesAValueInOneLineWhateverIsInIt) {
  const std::string value = "PU\x1b[31m\xff" + std::string(3000, 'x') + "B";
  const Output output =
      check(directory_,
            configuration()
                .omzmq(fmt::format(R"(endpoints="tcp://127.0.0.1:5555" sockType="{}")", value))
                .text());
  EXPECT_EQ(output.ended.exit_code, 1);
  EXPECT_NE(output.err.find(R"(sockType: 'PU\x1b[31m\xffxxx)"), std::string::npos) << output.err;
  EXPECT_NE(output.err.find("xB' is none of PUB, PUSH, DEALER"), std::string::npos) << output.err;
}

TEST_F(TheCheck, PassesEveryTypeOfTemplate) {
  const Output output =
      check(directory_,
            configuration()
                .top(R"(template(name="a-string" type="string" string="%msg%"))"
                     "\n"
                     R"(template(name="a-list" type="list") { property(name="msg") })"
                     "\n"
                     R"(template(name="a-subtree" type="subtree" subtree="$!"))"
                     "\n"
                     R"(template(name="a-plugin" type="plugin" plugin="RSYSLOG_FileFormat"))")
                .omzmq(R"(endpoints="tcp://*:5555" sockType="PUB" template="a-plugin" dynaTopic="on"
                    topics="a-string,a-list,a-subtree")")
                .text());
  EXPECT_EQ(output.ended.exit_code, 0) << output.err;
}

}  // namespace
}  // namespace omzmq::test
