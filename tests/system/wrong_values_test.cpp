// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// rsyslogd -N1 names every wrong value of every parameter, and does nothing else.

#include <algorithm>

#include "system_test.hpp"

namespace omzmq::test {
namespace {

// What stands in the action beside the parameter in question.
enum class Beside {
  kPush,    // endpoints and sockType="PUSH"
  kLines,   // the same, and format="lines"
  kPacked,  // the same, and format="packed"
  kPub,     // endpoints and sockType="PUB"
  kAcked,   // all that confirm="acked" needs, and that
  kNothing
};

struct Wrong {
  const char* test;  // name of the test
  Beside beside;
  const char* parameters;  // as written in the action
  const char* named;       // what the message must hold besides …
  const char* value = "";  // … the value, or a part of it

  friend std::ostream& operator<<(std::ostream& out, const Wrong& wrong) {
    return out << wrong.parameters;
  }
};

std::string action_of(Beside beside, const std::string& endpoint, const std::string& parameters) {
  std::string text;
  if (beside != Beside::kNothing) text = fmt::format("endpoints=\"@{}\" ", endpoint);
  const bool pushes =
      beside == Beside::kPush || beside == Beside::kLines || beside == Beside::kPacked;
  if (pushes) text += "sockType=\"PUSH\" ";
  if (beside == Beside::kPub) text += "sockType=\"PUB\" ";
  if (beside == Beside::kAcked) text += "sockType=\"DEALER\" format=\"packed\" confirm=\"acked\" ";
  if (beside == Beside::kLines) text += "format=\"lines\" ";
  if (beside == Beside::kPacked) text += "format=\"packed\" ";
  return text + parameters;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

class WrongValue : public SystemTest, public testing::WithParamInterface<Wrong> {
 protected:
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_.path())) {
      names.push_back(entry.path().filename().string());
    }
    return names;
  }
};

TEST_P(WrongValue, IsNamedByTheCheckWhichLeavesNothingBehind) {
  const Wrong& wrong = GetParam();
  // The ipc path lies in the directory of the test: a socket would be seen there.
  const std::string action = action_of(wrong.beside, ipc_endpoint(), wrong.parameters);
  const Output output = check(directory_, configuration().omzmq(action).text());
  EXPECT_EQ(output.ended.exit_code, 1) << output.err;
  EXPECT_EQ(output.ended.signal, 0) << output.err;
  EXPECT_NE(lower(output.err).find(lower(wrong.named)), std::string::npos) << output.err;
  EXPECT_NE(output.err.find(wrong.value), std::string::npos) << output.err;
  EXPECT_TRUE(files().empty()) << fmt::format("{}", fmt::join(files(), " "));
}

// 108 bytes, one more than the address of a unix socket takes.
constexpr const char* kLongPath =
    "sockType=\"PUSH\" "
    "endpoints=\"ipc:///12345678901234567890123456789012345678901234567890123456789"
    "012345678901234567890123456789012345678901234567\"";

INSTANTIATE_TEST_SUITE_P(
    WhereTo, WrongValue,
    testing::Values(
        Wrong{"EndpointsMissing", Beside::kNothing, R"(sockType="PUSH")", "endpoints"},
        Wrong{"EndpointsEmpty", Beside::kNothing, R"(sockType="PUSH" endpoints="")", "endpoints"},
        Wrong{"EndpointsEmptyElement", Beside::kNothing,
              R"(sockType="PUSH" endpoints="tcp://127.0.0.1:5555,,tcp://127.0.0.1:5556")",
              "endpoints"},
        Wrong{"EndpointsNoTransport", Beside::kNothing,
              R"(sockType="PUSH" endpoints="127.0.0.1:5555")", "endpoints", "127.0.0.1:5555"},
        Wrong{"EndpointsUnknownTransport", Beside::kNothing,
              R"(sockType="PUSH" endpoints="udp://127.0.0.1:5555")", "endpoints", "udp://"},
        Wrong{"EndpointsInproc", Beside::kNothing, R"(sockType="PUSH" endpoints="inproc://x")",
              "endpoints", "inproc://x"},
        Wrong{"EndpointsNoPort", Beside::kNothing, R"(sockType="PUSH" endpoints="tcp://127.0.0.1")",
              "endpoints", "tcp://127.0.0.1"},
        Wrong{"EndpointsPortTooLarge", Beside::kNothing,
              R"(sockType="PUSH" endpoints="tcp://127.0.0.1:65536")", "endpoints", "65536"},
        Wrong{"EndpointsPortNoNumber", Beside::kNothing,
              R"(sockType="PUSH" endpoints="tcp://127.0.0.1:http")", "endpoints", "http"},
        Wrong{"EndpointsStarConnects", Beside::kNothing,
              R"(sockType="PUSH" endpoints=">tcp://*:5555")", "endpoints", "*"},
        Wrong{"EndpointsIpcTooLong", Beside::kNothing, kLongPath, "endpoints", "107"},
        Wrong{"EndpointsIpcNoPath", Beside::kNothing, R"(sockType="PUSH" endpoints="ipc://")",
              "endpoints"},
        Wrong{"SockTypeMissing", Beside::kNothing, R"(endpoints="tcp://127.0.0.1:5555")",
              "sockType"},
        Wrong{"SockTypeUnknown", Beside::kNothing,
              R"(endpoints="tcp://127.0.0.1:5555" sockType="PULL")", "sockType", "PULL"},
        Wrong{"SockTypeDraft", Beside::kNothing,
              R"(endpoints="tcp://127.0.0.1:5555" sockType="RADIO")", "draft", "RADIO"},
        Wrong{"SockTypeDraftScatter", Beside::kNothing,
              R"(endpoints="tcp://127.0.0.1:5555" sockType="SCATTER")", "draft", "SCATTER"},
        Wrong{"IdentityOfAPush", Beside::kPush, R"(identity="me")", "identity", "me"},
        Wrong{"TemplateUnknown", Beside::kPush, R"(template="nowhere")", "template", "nowhere"},
        Wrong{"DynaTopicNoBinary", Beside::kPub, R"(topics="raw" dynaTopic="perhaps")",
              "dynaTopic"},
        Wrong{"DynaTopicWithoutTopics", Beside::kPub, R"(dynaTopic="on")", "dynaTopic"},
        Wrong{"DynaTopicUnknownTemplate", Beside::kPub, R"(dynaTopic="on" topics="nowhere")",
              "nowhere"},
        Wrong{"DynaTopicFive", Beside::kPub, R"(dynaTopic="on" topics="raw,raw,raw,raw,number")",
              "topics"},
        Wrong{"TopicFrameNoBinary", Beside::kPub, R"(topics="a" topicFrame="2")", "topicFrame"},
        Wrong{"TopicFrameOffInLines", Beside::kPub, R"(topics="a" topicFrame="off" format="lines")",
              "topicFrame"},
        Wrong{"TopicFrameOffInPacked", Beside::kPub,
              R"(topics="a" topicFrame="off" format="packed")", "topicFrame"}),
    [](const auto& tested) { return tested.param.test; });

INSTANTIATE_TEST_SUITE_P(
    OverTheWire, WrongValue,
    testing::Values(
        Wrong{"FormatUnknown", Beside::kPush, R"(format="json")", "format", "json"},
        Wrong{"BatchMaxMessagesZero", Beside::kLines, R"(batch.maxMessages="0")",
              "batch.maxMessages", "0"},
        Wrong{"BatchMaxMessagesTooLarge", Beside::kLines, R"(batch.maxMessages="1000001")",
              "batch.maxMessages", "1000001"},
        Wrong{"BatchMaxMessagesNoNumber", Beside::kLines, R"(batch.maxMessages="many")",
              "batch.maxMessages"},
        Wrong{"BatchMaxBytesTooSmall", Beside::kLines, R"(batch.maxBytes="1023")", "batch.maxBytes",
              "1023"},
        Wrong{"BatchMaxBytesTooLarge", Beside::kLines, R"(batch.maxBytes="65m")", "batch.maxBytes",
              "65m"},
        Wrong{"BatchMaxBytesNoSize", Beside::kLines, R"(batch.maxBytes="big")", "batch.maxBytes"},
        Wrong{"BatchLingerNegative", Beside::kLines, R"(batch.linger="-1")", "batch.linger", "-1"},
        Wrong{"BatchLingerTooLarge", Beside::kLines, R"(batch.linger="60001")", "batch.linger",
              "60001"},
        Wrong{"BatchMaxMessagesZeroInPacked", Beside::kPacked, R"(batch.maxMessages="0")",
              "batch.maxMessages", "0"},
        Wrong{"CompressionDriverUnknown", Beside::kPacked, R"(compression.driver="gzip")",
              "compression.driver", "gzip"},
        Wrong{"CompressionDriverInRaw", Beside::kPush, R"(compression.driver="zstd")",
              "compression.driver", "packed"},
        Wrong{"CompressionDriverInLines", Beside::kLines, R"(compression.driver="lz4")",
              "compression.driver", "packed"},
        Wrong{"CompressionLevelWithoutDriver", Beside::kPacked, R"(compression.level="3")",
              "compression.level", "compression.driver"},
        Wrong{"CompressionLevelOfNone", Beside::kPacked,
              R"(compression.driver="none" compression.level="1")", "compression.level"},
        Wrong{"CompressionLevelTooHighForZstd", Beside::kPacked,
              R"(compression.driver="zstd" compression.level="23")", "compression.level", "23"},
        Wrong{"CompressionLevelTooLowForZstd", Beside::kPacked,
              R"(compression.driver="zstd" compression.level="-8")", "compression.level", "-8"},
        Wrong{"CompressionLevelTooHighForLz4", Beside::kPacked,
              R"(compression.driver="lz4" compression.level="13")", "compression.level", "13"},
        Wrong{"CompressionLevelTooLowForLz4", Beside::kPacked,
              R"(compression.driver="lz4" compression.level="-1")", "compression.level", "-1"},
        Wrong{"CompressionLevelNoNumber", Beside::kPacked,
              R"(compression.driver="zstd" compression.level="best")", "compression.level", "best"},
        Wrong{"CompressionLevelInRaw", Beside::kPush, R"(compression.level="3")",
              "compression.level", "packed"},
        Wrong{"BeatIntervalInRaw", Beside::kPush, R"(beat.interval="1000")", "beat.interval",
              "packed"},
        Wrong{"BeatIntervalInLines", Beside::kLines, R"(beat.interval="10")", "beat.interval",
              "packed"},
        Wrong{"BeatIntervalNegative", Beside::kPacked, R"(beat.interval="-1")", "beat.interval",
              "-1"},
        Wrong{"BeatIntervalTooLarge", Beside::kPacked, R"(beat.interval="3600001")",
              "beat.interval", "3600001"},
        Wrong{"BeatIntervalNoNumber", Beside::kPacked, R"(beat.interval="often")", "beat.interval",
              "often"}),
    [](const auto& tested) { return tested.param.test; });

INSTANTIATE_TEST_SUITE_P(
    BetweenWorkerAndSocket, WrongValue,
    testing::Values(
        Wrong{"HandoffSizeTooSmall", Beside::kPush, R"(handoff.size="63k")", "handoff.size", "63k"},
        Wrong{"HandoffSizeTooLarge", Beside::kPush, R"(handoff.size="1025m")", "handoff.size",
              "1025m"},
        Wrong{"HandoffTimeoutNegative", Beside::kPush, R"(handoff.timeout="-1")", "handoff.timeout",
              "-1"},
        Wrong{"HandoffTimeoutTooLarge", Beside::kPush, R"(handoff.timeout="60001")",
              "handoff.timeout", "60001"},
        Wrong{"HandoffFullUnknown", Beside::kPush, R"(handoff.full="explode")", "handoff.full",
              "explode"},
        Wrong{"ConfirmUnknown", Beside::kPush, R"(confirm="hoped")", "confirm", "'hoped'"},
        Wrong{"AckedOfAPush", Beside::kPacked, R"(confirm="acked")", "confirm", "DEALER"},
        Wrong{"AckedOfAPub", Beside::kPub, R"(format="packed" confirm="acked")", "confirm",
              "DEALER"},
        Wrong{
            "AckedInLines", Beside::kNothing,
            R"(endpoints="tcp://127.0.0.1:5555" sockType="DEALER" format="lines" confirm="acked")",
            "confirm", "packed"},
        Wrong{"AckedInRaw", Beside::kNothing,
              R"(endpoints="tcp://127.0.0.1:5555" sockType="DEALER" confirm="acked")", "confirm",
              "packed"},
        Wrong{"HandoffFullDropsNewestThatIsSent", Beside::kPush,
              R"(confirm="sent" handoff.full="dropNewest")", "handoff.full", "suspend"},
        Wrong{"HandoffFullDropsOldestThatIsSent", Beside::kPush,
              R"(confirm="sent" handoff.full="dropOldest")", "handoff.full", "suspend"},
        Wrong{"HandoffFullDropsNewestThatIsAcked", Beside::kAcked, R"(handoff.full="dropNewest")",
              "handoff.full", "suspend"},
        Wrong{"HandoffFullDropsOldestThatIsAcked", Beside::kAcked, R"(handoff.full="dropOldest")",
              "handoff.full", "suspend"},
        Wrong{"AckTimeoutTooSmall", Beside::kAcked, R"(ack.timeout="99")", "ack.timeout", "99"},
        Wrong{"AckTimeoutTooLarge", Beside::kAcked, R"(ack.timeout="3600001")", "ack.timeout",
              "3600001"},
        Wrong{"AckTimeoutWithoutAcked", Beside::kPacked, R"(confirm="sent" ack.timeout="1000")",
              "ack.timeout", "acked"},
        Wrong{"AckWindowTooSmall", Beside::kAcked, R"(ack.window="0")", "ack.window", "0"},
        Wrong{"AckWindowTooLarge", Beside::kAcked, R"(ack.window="65537")", "ack.window", "65537"},
        Wrong{"AckWindowWithoutAcked", Beside::kPacked, R"(ack.window="8")", "ack.window", "acked"},
        Wrong{"SpoolFileRelative", Beside::kPush, R"(spoolFile="spool")", "spoolFile", "'spool'"},
        Wrong{"SpoolFileEmpty", Beside::kPush, R"(spoolFile="")", "spoolFile", "''"},
        Wrong{"SpoolFileOfTheDead", Beside::kPush,
              R"(spoolFile="/nowhere/x" deadLetterFile="/nowhere/x")", "spoolFile", "'/nowhere/x'"},
        Wrong{"MaxMessageSizeTooSmall", Beside::kPush, R"(maxMessageSize="1023")", "maxMessageSize",
              "1023"},
        Wrong{"MaxMessageSizeTooLarge", Beside::kPush, R"(maxMessageSize="2g")", "maxMessageSize",
              "2g"},
        Wrong{"CloseTimeoutNegative", Beside::kPush, R"(closeTimeout="-1")", "closeTimeout", "-1"},
        Wrong{"CloseTimeoutTooLarge", Beside::kPush, R"(closeTimeout="600001")", "closeTimeout",
              "600001"},
        Wrong{"SendTimeoutTooLarge", Beside::kPush, R"(sendTimeout="60001")", "sendTimeout",
              "60001"}),
    [](const auto& tested) { return tested.param.test; });

INSTANTIATE_TEST_SUITE_P(
    TheSocket, WrongValue,
    testing::Values(
        Wrong{"SendHwmNegative", Beside::kPush, R"(sendHWM="-1")", "sendHWM", "-1"},
        Wrong{"SendHwmTooLarge", Beside::kPush, R"(sendHWM="10000001")", "sendHWM", "10000001"},
        Wrong{"SendBufferTooLarge", Beside::kPush, R"(sendBuffer="4g")", "sendBuffer"},
        Wrong{"SendBufferNoSize", Beside::kPush, R"(sendBuffer="wide")", "sendBuffer"},
        Wrong{"ReconnectIntervalNegative", Beside::kPush, R"(reconnect.interval="-5")",
              "reconnect.interval", "-5"},
        Wrong{"ReconnectMaxIntervalBelow", Beside::kPush,
              R"(reconnect.interval="500" reconnect.maxInterval="400")", "reconnect.maxInterval",
              "400"},
        Wrong{"ConnectTimeoutNegative", Beside::kPush, R"(connectTimeout="-1")", "connectTimeout",
              "-1"},
        Wrong{"HandshakeTimeoutNegative", Beside::kPush, R"(handshakeTimeout="-1")",
              "handshakeTimeout", "-1"},
        Wrong{"HeartbeatIntervalNegative", Beside::kPush, R"(heartbeat.interval="-1")",
              "heartbeat.interval", "-1"},
        Wrong{"HeartbeatTimeoutAlone", Beside::kPush, R"(heartbeat.timeout="100")",
              "heartbeat.timeout"},
        Wrong{"HeartbeatTtlTooLarge", Beside::kPush,
              R"(heartbeat.interval="100" heartbeat.ttl="99999999")", "heartbeat.ttl", "99999999"},
        Wrong{"KeepAliveNoBinary", Beside::kPush, R"(keepAlive="yes")", "keepAlive"},
        Wrong{"KeepAliveTimeNegative", Beside::kPush, R"(keepAlive.time="-1")", "keepAlive.time",
              "-1"},
        Wrong{"KeepAliveIntervalNegative", Beside::kPush, R"(keepAlive.interval="-1")",
              "keepAlive.interval", "-1"},
        Wrong{"KeepAliveProbesNegative", Beside::kPush, R"(keepAlive.probes="-1")",
              "keepAlive.probes", "-1"},
        Wrong{"WaitForPeersNegative", Beside::kPub, R"(waitForPeers="-1")", "waitForPeers", "-1"},
        Wrong{"WaitForPeersTooLarge", Beside::kPub, R"(waitForPeers="1001")", "waitForPeers",
              "1001"},
        Wrong{"ImmediateNoBinary", Beside::kPush, R"(immediate="maybe")", "immediate"},
        Wrong{"IpcModeNoMode", Beside::kPush, R"(ipcMode="rw")", "ipcMode"},
        Wrong{"IpcModeDigit", Beside::kPush, R"(ipcMode="0888")", "ipcMode"},
        Wrong{"Ipv6NoBinary", Beside::kPush, R"(ipv6="6")", "ipv6"},
        Wrong{"SocketOptionUnknown", Beside::kPush, R"(socketOptions=["warp=9"])", "socketOptions",
              "warp"},
        Wrong{"SocketOptionNoValue", Beside::kPush, R"(socketOptions=["tos"])", "socketOptions",
              "tos"},
        Wrong{"SocketOptionNoNumber", Beside::kPush, R"(socketOptions=["backlog=long"])",
              "socketOptions", "long"},
        Wrong{"ParameterUnknown", Beside::kPush, R"(compressionLevel="3")", "compressionLevel"}),
    [](const auto& tested) { return tested.param.test; });

class Check : public SystemTest {};

TEST_F(Check, OpensNoTcpSocketAndWritesNoFile) {
  // The port is taken, so that a bind would fail and be reported.
  const std::string endpoint = free_tcp_endpoint();
  Receiver holder(directory_, "holder", {.endpoint = endpoint});
  holder.start();
  const std::string dead_letters = directory_.file("dead-letters");
  const Output output = check(
      directory_, configuration()
                      .omzmq(fmt::format(R"(endpoints="@{}" sockType="PUSH" deadLetterFile="{}")",
                                         endpoint, dead_letters))
                      .text());
  EXPECT_EQ(output.ended.exit_code, 0) << output.err;
  EXPECT_FALSE(std::filesystem::exists(dead_letters));
  EXPECT_FALSE(std::filesystem::exists(configuration().statistics()));
}

TEST_F(Check, NamesAWrongNumberOfIoThreads) {
  for (const char* value : {"0", "65", "-1", "two"}) {
    const Output output =
        check(directory_, configuration()
                              .module_parameters(fmt::format("ioThreads=\"{}\"", value))
                              .omzmq(R"(endpoints="tcp://127.0.0.1:5555" sockType="PUSH")")
                              .text());
    EXPECT_EQ(output.ended.exit_code, 1) << value << output.err;
    EXPECT_NE(lower(output.err).find("iothreads"), std::string::npos) << value << output.err;
  }
}

TEST_F(Check, NamesASpoolFileOfTwoActionsAndOneOfThem) {
  const std::string file = directory_.file("spool");
  const auto action = [&](const char* name) {
    return fmt::format(R"(name="{}" endpoints="tcp://127.0.0.1:5555" sockType="PUSH" )"
                       R"(spoolFile="{}")",
                       name, file);
  };
  const Output output =
      check(directory_, configuration().omzmq(action("one")).omzmq(action("two")).text());
  EXPECT_EQ(output.ended.exit_code, 1) << output.err;
  EXPECT_NE(output.err.find("spoolFile: '" + file + "'"), std::string::npos) << output.err;
  EXPECT_NE(output.err.find("'one'"), std::string::npos) << output.err;
  EXPECT_FALSE(std::filesystem::exists(file));
}

TEST_F(Check, NamesATooLongIdentity) {
  const Output output = check(
      directory_,
      configuration()
          .omzmq(fmt::format(R"(endpoints="tcp://127.0.0.1:5555" sockType="DEALER" identity="{}")",
                             std::string(256, 'i')))
          .text());
  EXPECT_EQ(output.ended.exit_code, 1) << output.err;
  EXPECT_NE(output.err.find("identity"), std::string::npos) << output.err;
}

}  // namespace
}  // namespace omzmq::test
