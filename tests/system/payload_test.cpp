// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// The bytes of a message: what omfile writes with the same template is what the receiver must get.

#include <numeric>
#include <optional>

#include "system_test.hpp"

namespace omzmq::test {
namespace {

constexpr const char* kAnyBytes =
    R"(maxMessageSize="4m" parser.escapeControlCharactersOnReceive="off" )"
    R"(parser.dropTrailingLFOnReception="off")";

// rsyslog's own input turns a NUL byte into #000, but a template may hold one.
constexpr const char* kNulTemplate = R"($template nul,"\000A\000%rawmsg%\255\000")";

class Payload : public SystemTest {
 protected:
  // An omzmq action with these parameters and an omfile action with the same template.
  Configuration with_reference(const std::string& endpoint, const std::string& template_name,
                               const std::string& parameters) const {
    return configuration()
        .global(kAnyBytes)
        .top(kNulTemplate)
        .omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" template="{}" statsName="push" {})",
                           endpoint, template_name, parameters))
        .action(omfile(reference_file(), template_name));
  }
  std::string reference_file() const { return directory_.file("reference"); }

  // Sends the messages and gives what the receiver got of each; reference() is then complete.
  std::vector<std::string> pass(const std::vector<std::string>& messages,
                                const std::string& template_name) {
    const std::string endpoint = free_tcp_endpoint();
    Receiver receiver(directory_, "receiver", {.endpoint = endpoint});
    receiver.start();
    Rsyslogd daemon(directory_, with_reference(endpoint, template_name, ""));
    daemon.start();
    Injector injector(daemon.input());
    for (const auto& message : messages) injector.message(message);
    EXPECT_TRUE(receiver.wait_for(messages.size()));
    EXPECT_EQ(stopped(daemon), "exit 0");
    return receiver.payloads();
  }
  std::string reference() const { return read_file(reference_file()); }
};

std::string concatenated(const std::vector<std::string>& parts) {
  return std::accumulate(parts.begin(), parts.end(), std::string());
}

TEST_F(Payload, OfAnySizeComesAsItWas) {
  std::vector<std::string> messages;
  std::vector<std::string> wanted;
  for (const std::size_t size :
       {0U, 1U, 2U, 255U, 256U, 8191U, 8192U, 8193U, 65535U, 65536U, 65537U, 1U << 20U}) {
    wanted.push_back(std::string(size, static_cast<char>('a' + messages.size())));
    messages.push_back("size|" + wanted.back());
  }
  const auto received = pass(messages, "payload");
  EXPECT_TRUE(received == wanted);
  EXPECT_TRUE(concatenated(received) == reference());
}

TEST_F(Payload, WithNulBytesIsByteIdentical) {
  const auto received = pass({"one", "two", "three"}, "nul");
  ASSERT_EQ(received.size(), 3U);
  EXPECT_EQ(received[1], std::string("\0A\0two\xff\0", 8));
  EXPECT_EQ(concatenated(received), reference());
}

TEST_F(Payload, ThatIsNoUtf8IsByteIdentical) {
  std::string all_bytes;
  for (int byte = 1; byte < 256; ++byte) all_bytes += static_cast<char>(byte);
  const std::vector<std::string> messages = {"\xff\xfe\x80", "\xc3\x28|\xed\xa0\x80", all_bytes};
  const auto received = pass(messages, "raw");
  EXPECT_EQ(received, messages);
  EXPECT_EQ(concatenated(received), reference());
}

TEST_F(Payload, WithLineFeedsIsByteIdenticalInRaw) {
  const std::vector<std::string> messages = {"a\nb", "c\n", "\n\n", "d"};
  const auto received = pass(messages, "raw");
  EXPECT_EQ(received, messages);
  EXPECT_EQ(concatenated(received), reference());
}

TEST_F(Payload, InLinesHasItsLineFeedsEscapedAndTheLastTakenOff) {
  const std::string endpoint = free_tcp_endpoint();
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint});
  receiver.start();
  Rsyslogd daemon(directory_,
                  with_reference(endpoint, "raw", R"(format="lines" batch.linger="60000")"));
  daemon.start();
  {
    Injector injector(daemon.input());
    for (const char* message : {"plain", "a\nb", "c\n", "d\n\n", "\ne\n\nf\n", "last"}) {
      injector.message(message);
    }
  }
  EXPECT_TRUE(statistics("push").wait_for("submitted", 6));
  EXPECT_EQ(stopped(daemon), "exit 0");
  ASSERT_TRUE(receiver.wait_for(1));
  EXPECT_EQ(receiver.payloads(),
            (std::vector<std::string>{"plain\na#012b\nc\nd#012\n#012e#012#012f\nlast"}));
}

TEST_F(Payload, InLinesKeepsEmptyMessages) {
  const std::string endpoint = free_tcp_endpoint();
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint});
  receiver.start();
  Rsyslogd daemon(directory_,
                  with_reference(endpoint, "payload", R"(format="lines" batch.linger="60000")"));
  daemon.start();
  {
    Injector injector(daemon.input());
    for (const char* message : {"|", "|a", "|", "|", "|b", "|"}) injector.message(message);
  }
  EXPECT_TRUE(statistics("push").wait_for("submitted", 6));
  EXPECT_EQ(stopped(daemon), "exit 0");
  ASSERT_TRUE(receiver.wait_for(1));
  EXPECT_EQ(receiver.payloads(), (std::vector<std::string>{"\na\n\n\nb\n"}));
}

TEST_F(Payload, AroundTheSizeOfAFrameIsNeverLostOrCut) {
  constexpr std::size_t kFrame = 4096;
  const std::string endpoint = free_tcp_endpoint();
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint});
  receiver.start();
  Rsyslogd daemon(directory_,
                  with_reference(endpoint, "payload", R"(format="lines" batch.maxBytes="4096")"));
  daemon.start();
  std::vector<std::string> wanted;
  {
    Injector injector(daemon.input());
    for (const std::size_t size :
         {kFrame - 1, kFrame, kFrame + 1, std::size_t{1}, kFrame + 1, kFrame - 1, std::size_t{0},
          kFrame, std::size_t{1} << 20U, std::size_t{1}}) {
      wanted.push_back(std::string(size, static_cast<char>('a' + wanted.size())));
      injector.message("size|" + wanted.back());
    }
  }
  EXPECT_TRUE(wait_until([&] { return split_lines(receiver.payloads()).size() >= wanted.size(); }));
  EXPECT_EQ(stopped(daemon), "exit 0");
  EXPECT_TRUE(split_lines(receiver.payloads()) == wanted);
  for (const auto& frame : receiver.payloads()) {
    // What is longer than a frame may be goes alone in its frame.
    if (frame.size() > kFrame) {
      EXPECT_EQ(frame.find('\n'), std::string::npos);
    }
  }
}

// Messages of one frame each, when only one condition can cut it.
class Frames : public SystemTest {
 protected:
  void start(const std::string& parameters) {
    const std::string endpoint = free_tcp_endpoint();
    receiver_.emplace(directory_, "receiver", Receiver::Options{.endpoint = endpoint});
    receiver_->start();
    daemon_.emplace(directory_,
                    configuration().omzmq(fmt::format(
                        R"(endpoints="{}" sockType="PUSH" format="lines" statsName="push" {})",
                        endpoint, parameters)));
    daemon_->start();
  }
  void inject(unsigned count, std::size_t size) {
    Injector(daemon_->input()).numbered(0, count, size);
    EXPECT_TRUE(statistics("push").wait_for("submitted", count));
  }

  std::optional<Receiver> receiver_;
  std::optional<Rsyslogd> daemon_;
};

TEST_F(Frames, AreCutAtBatchMaxMessages) {
  start(R"(batch.linger="60000" batch.maxMessages="10")");
  inject(100, 50);
  EXPECT_TRUE(receiver_->wait_for(10));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  for (const auto& frame : receiver_->payloads()) EXPECT_EQ(split_lines({frame}).size(), 10U);
  EXPECT_TRUE(are_numbered_in_order(split_lines(receiver_->payloads()), 100, 50));
}

TEST_F(Frames, AreCutAtBatchMaxBytes) {
  start(R"(batch.linger="60000" batch.maxBytes="1k")");
  inject(100, 100);
  EXPECT_TRUE(receiver_->wait_for(9));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_TRUE(are_numbered_in_order(split_lines(receiver_->payloads()), 100, 100));
  for (const auto& frame : receiver_->payloads()) EXPECT_LE(frame.size(), 1024U);
  EXPECT_LE(receiver_->count(), 12U);
}

TEST_F(Frames, WaitForBatchLingerAndGoOutWhenTheDaemonStops) {
  start(R"(batch.linger="60000")");
  inject(5, 50);
  EXPECT_EQ(receiver_->count(), 0U);
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  ASSERT_TRUE(receiver_->wait_for(1));
  EXPECT_EQ(receiver_->count(), 1U);
  EXPECT_TRUE(are_numbered_in_order(split_lines(receiver_->payloads()), 5, 50));
}

TEST_F(Frames, GoOutAtOnceWithoutLinger) {
  start(R"(batch.linger="0")");
  inject(5, 50);
  EXPECT_TRUE(wait_until([&] { return split_lines(receiver_->payloads()).size() >= 5; }));
}

TEST_F(Frames, GoOutWhenTheirOldestMessageIsOldEnough) {
  start(R"(batch.linger="300")");
  inject(5, 50);
  EXPECT_TRUE(wait_until([&] { return split_lines(receiver_->payloads()).size() >= 5; }));
}

}  // namespace
}  // namespace omzmq::test
