// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// That what measures can be believed: what was lost, came twice or is damaged is seen as that.
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>
#include <zmq.hpp>

#include "latency_log.hpp"
#include "ledger.hpp"
#include "line.hpp"
#include "payloads.hpp"
#include "receive.hpp"

namespace omzmq::bench {
namespace {

constexpr std::size_t kLineBytes = 100;

std::string payload_of(std::uint64_t number, std::uint64_t time_ns = 0) {
  LineBlock block(1, kLineBytes);
  std::string line(block.stamp(number, 1, time_ns));
  line.pop_back();
  return line.substr(kHead.size());
}

std::string frame_of(const std::vector<std::string>& payloads) {
  std::string frame(wire::kHeaderBytes, '\0');
  for (const std::string& payload : payloads) {
    char length[wire::kLengthBytes];
    wire::store<std::uint32_t>(length, static_cast<std::uint32_t>(payload.size()));
    frame.append(length, sizeof length).append(payload);
  }
  wire::BatchHeader header;
  header.count = static_cast<std::uint32_t>(payloads.size());
  header.raw_bytes = static_cast<std::uint32_t>(frame.size() - wire::kHeaderBytes);
  write_header(frame.data(), frame.size(), header);
  return frame;
}

std::vector<std::string> payloads_in(Framing framing, const std::string& message) {
  std::vector<std::string> found;
  Payloads payloads(framing);
  EXPECT_TRUE(payloads.for_each(message, [&](std::string_view one) { found.emplace_back(one); }));
  return found;
}

TEST(LineBlock, NumbersItsLinesAndGivesThemTheTime) {
  LineBlock block(3, kLineBytes);
  const std::string text(block.stamp(41, 3, 123456789));
  ASSERT_EQ(text.size(), 3 * (kLineBytes + 1));
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string_view line = std::string_view(text).substr(i * (kLineBytes + 1), kLineBytes);
    EXPECT_TRUE(line.starts_with(kHead));
    EXPECT_EQ(text[i * (kLineBytes + 1) + kLineBytes], '\n');
    EXPECT_EQ(number_of(line.substr(kHead.size())), 41 + i);
    EXPECT_EQ(time_of(line.substr(kHead.size())), 123456789U);
  }
}

TEST(LineBlock, StampsOnlyAsManyAsAreAskedFor) {
  LineBlock block(3, kShortestLine);
  EXPECT_EQ(block.stamp(0, 2, 0).size(), 2 * (kShortestLine + 1));
}

TEST(LineBlock, IsNotWhatOthersWrite) {
  EXPECT_EQ(number_of("too short"), std::nullopt);
  EXPECT_EQ(number_of(std::string(kLineBytes, 'x')), std::nullopt);
  EXPECT_EQ(time_of(std::string(kLineBytes, 'x')), std::nullopt);
}

TEST(Ledger, TellsWhatIsLostWhatCameTwiceAndWhatIsForeign) {
  Ledger ledger(5);
  for (const std::uint64_t number : {4U, 0U, 1U, 1U, 5U}) ledger.note(number);
  EXPECT_EQ(ledger.distinct(), 3U);
  EXPECT_EQ(ledger.lost(), 2U);
  EXPECT_EQ(ledger.duplicates(), 1U);
  EXPECT_EQ(ledger.foreign(), 1U);
  EXPECT_FALSE(ledger.complete());
  ledger.note(2);
  ledger.note(3);
  EXPECT_TRUE(ledger.complete());
}

TEST(LatencyLog, TellsQuantilesInMicroseconds) {
  LatencyLog log;
  EXPECT_EQ(log.json_members(), "");
  for (int i = 0; i < 998; ++i) log.record(100);  // below 128 every number has a bucket of its own
  log.record(120);
  log.record(5'000'000);
  EXPECT_EQ(log.json_members(),
            R"("p50_us": 0.10, "p99_us": 0.10, "p999_us": 0.12, "max_us": 5000.00)");
}

TEST(Payloads, AreFoundInEachFormat) {
  EXPECT_EQ(payloads_in(Framing::kRaw, "a\nb"), std::vector<std::string>{"a\nb"});
  EXPECT_EQ(payloads_in(Framing::kLines, "a\nb"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(payloads_in(Framing::kPacked, frame_of({"a\nb", "c"})),
            (std::vector<std::string>{"a\nb", "c"}));
}

TEST(Payloads, AreNotTakenFromADamagedBatch) {
  std::string frame = frame_of({"a", "b"});
  frame.back() = 'c';
  Payloads payloads(Framing::kPacked);
  EXPECT_FALSE(payloads.for_each(frame, [](std::string_view) { FAIL(); }));
}

class ReceiverTest : public testing::Test {
 protected:
  void open(Framing framing, std::uint64_t messages, std::uint64_t idle_ms) {
    ReceiveSettings settings;
    settings.framing = framing;
    settings.messages = messages;
    settings.idle_ms = idle_ms;
    settings.measures_latency = true;
    receiver_ = std::make_unique<Receiver>(settings);
    const std::string description = receiver_->description();
    const auto from = description.find("tcp://");
    sender_.connect(description.substr(from, description.find('"', from) - from));
  }

  void send(const std::string& message) { sender_.send(zmq::buffer(message)); }

  std::string report() {
    const volatile std::sig_atomic_t never = 0;
    receiver_->wait_for_probes(never);
    receiver_->receive(never);
    return receiver_->report();
  }

  static std::uint64_t value(const std::string& json, const std::string& name) {
    const auto at = json.find("\"" + name + "\": ");
    EXPECT_NE(at, std::string::npos) << name << " is not in " << json;
    return at == std::string::npos ? ~0ULL : std::stoull(json.substr(at + name.size() + 4));
  }

  zmq::context_t context_;
  zmq::socket_t sender_{context_, zmq::socket_type::push};
  std::unique_ptr<Receiver> receiver_;
};

TEST_F(ReceiverTest, EndsWhenEverythingIsThere) {
  open(Framing::kRaw, 40, 0);
  send(payload_of(kProbe));
  const std::uint64_t before = now_ns();
  for (std::uint64_t i = 0; i < 40; ++i) send(payload_of(i, now_ns()));
  const std::string json = report();
  EXPECT_EQ(value(json, "received"), 40U);
  EXPECT_EQ(value(json, "lost"), 0U);
  EXPECT_EQ(value(json, "frames"), 40U);
  EXPECT_GE(value(json, "first_ns"), before);
  EXPECT_GE(value(json, "last_ns"), value(json, "first_ns"));
  EXPECT_LE(value(json, "last_ns"), now_ns());
  EXPECT_LE(value(json, "max_us"), (now_ns() - before) / 1000 + 1);
}

TEST_F(ReceiverTest, TellsWhatIsMissingDoubleForeignAndDamaged) {
  open(Framing::kPacked, 10, 1000);
  send(frame_of({payload_of(kProbe)}));
  send(frame_of({payload_of(0), payload_of(1), payload_of(1), payload_of(7)}));
  send(frame_of({"something else"}));
  std::string damaged = frame_of({payload_of(2)});
  damaged.back() = 'y';
  send(damaged);
  const std::string json = report();
  EXPECT_EQ(value(json, "received"), 4U);
  EXPECT_EQ(value(json, "lost"), 7U);
  EXPECT_EQ(value(json, "duplicates"), 1U);
  EXPECT_EQ(value(json, "foreign"), 1U);
  EXPECT_EQ(value(json, "corrupt"), 1U);
  EXPECT_EQ(value(json, "frames"), 2U);
}

}  // namespace
}  // namespace omzmq::bench
