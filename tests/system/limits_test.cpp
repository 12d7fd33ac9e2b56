// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// Messages that can never be sent: counted, and written to the dead-letter file.

#include "system_test.hpp"

namespace omzmq::test {
namespace {

class DeadLetters : public SystemTest {
 protected:
  DeadLetters() : endpoint_(free_tcp_endpoint()) {}

  Configuration limited(const std::string& parameters) const {
    return configuration()
        .global(R"(parser.escapeControlCharactersOnReceive="off")")
        .omzmq(
            fmt::format(R"(endpoints="{}" sockType="PUSH" statsName="push" maxMessageSize="1k" {})",
                        endpoint_, parameters));
  }
  std::string file() const { return directory_.file("dead-letters"); }

  std::string endpoint_;
};

// Removes the blanks that a JSON writer may put outside of strings, so that tests needn't care.
std::string dense(const std::string& json) {
  std::string text;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] == '"' && (i == 0 || json[i - 1] != '\\')) in_string = !in_string;
    if (in_string || json[i] != ' ') text += json[i];
  }
  return text;
}

TEST_F(DeadLetters, HoldWhatIsLongerThanTheLimitAndTheRestIsSent) {
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint_});
  receiver.start();
  Rsyslogd daemon(directory_, limited(fmt::format(R"(deadLetterFile="{}")", file())));
  daemon.start();
  const std::string too_long = "long:" + std::string(1020, 'y');
  {
    Injector injector(daemon.input());
    injector.numbered(0, 10);
    injector.message(too_long);
    injector.message(std::string(1024, 'z'));
    injector.message(std::string(1024, 'z') + "\xff");
  }
  EXPECT_TRUE(receiver.wait_for(11));
  const Statistics counters = statistics("push");
  EXPECT_TRUE(counters.wait_for("dropped.dead", 2));
  EXPECT_TRUE(counters.wait_for_report());
  EXPECT_EQ(counters.value("submitted"), 13);
  EXPECT_EQ(counters.value("sent.messages"), 11);
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_EQ(receiver.payloads().back(), std::string(1024, 'z'));

  const auto lines = split_lines({read_file(file())});
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines.back(), "");
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string line = dense(lines[i]);
    EXPECT_TRUE(line.starts_with("{\"time\":\"")) << line;
    EXPECT_NE(line.find("\"action\":\"push\""), std::string::npos) << line;
    EXPECT_NE(line.find("\"reason\":\""), std::string::npos) << line;
    EXPECT_NE(line.find("\"length\":1025"), std::string::npos) << line;
    EXPECT_TRUE(line.ends_with("}")) << line;
  }
  EXPECT_NE(lines[0].find(too_long), std::string::npos) << lines[0];
  // Not UTF-8, therefore in base64: z z z is enp6.
  EXPECT_NE(lines[1].find("enp6enp6enp6"), std::string::npos) << lines[1];
}

TEST_F(DeadLetters, AreCountedWithoutAFileToo) {
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint_});
  receiver.start();
  Rsyslogd daemon(directory_, limited(""));
  daemon.start();
  {
    Injector injector(daemon.input());
    injector.message(std::string(1025, 'y'));
    injector.numbered(0, 10);
  }
  EXPECT_TRUE(receiver.wait_for(10));
  EXPECT_TRUE(statistics("push").wait_for("dropped.dead", 1));
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(are_numbered_in_order(receiver.payloads(), 10));
}

TEST_F(DeadLetters, ThatCannotBeWrittenAreReportedAndHoldNothingUp) {
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint_});
  receiver.start();
  Rsyslogd daemon(directory_, limited(R"(deadLetterFile="/nonexistent/dead-letters")"));
  daemon.start();
  {
    Injector injector(daemon.input());
    for (int i = 0; i < 100; ++i) injector.message(std::string(1025, 'y'));
    injector.numbered(0, 10);
  }
  EXPECT_TRUE(receiver.wait_for(10));
  EXPECT_TRUE(statistics("push").wait_for("dropped.dead", 100));
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_NE(daemon.standard_error().find("/nonexistent/dead-letters"), std::string::npos);
  // On changes of state only, and never with a payload.
  EXPECT_LT(split_lines({daemon.standard_error()}).size(), 10U) << daemon.standard_error();
  EXPECT_EQ(daemon.standard_error().find("yyyy"), std::string::npos);
}

}  // namespace
}  // namespace omzmq::test
