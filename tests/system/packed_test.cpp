// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// The packed format with receivers that keep up: what comes, how it is numbered, cut and
// compressed.

#include <map>
#include <memory>
#include <random>
#include <set>
#include <utility>

#include "packed_system.hpp"

namespace omzmq::test {
namespace {

using wire::Codec;

class Packed : public PackedTest {};

// ---- Over each kind of socket

TEST_F(Packed, GoesThroughAPush) {
  constexpr unsigned kCount = 10000;
  PackedReceiver receiver = puller();
  receiver.start();
  start("PUSH", "");
  inject(0, kCount, 100);
  EXPECT_TRUE(receiver.wait_for_records(kCount));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(receiver.flow().next, kCount);
  EXPECT_TRUE(is_complete(receiver));
  EXPECT_TRUE(has_numbers_as_sent(receiver, 100));
  EXPECT_EQ(receiver.messages().back().size(), 1U);
}

TEST_F(Packed, GoesThroughADealerToARouter) {
  constexpr unsigned kCount = 10000;
  PackedReceiver receiver(directory_, "router", {.type = "ROUTER", .endpoint = endpoint_});
  receiver.start();
  start("DEALER", R"(identity="log-host-7" compression.driver="zstd")");
  inject(0, kCount, 100);
  EXPECT_TRUE(receiver.wait_for_records(kCount));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(receiver.flow().next, kCount);
  EXPECT_TRUE(is_complete(receiver));
  EXPECT_TRUE(has_numbers_as_sent(receiver, 100));
  EXPECT_EQ(receiver.payloads().front(), "log-host-7");
}

TEST_F(Packed, HasAStreamForEachTopicOfAPub) {
  constexpr unsigned kCount = 10000;
  start("PUB", R"(topics=["red", "blue"] waitForPeers="2" compression.driver="lz4" sendHWM="0")");
  PackedReceiver both = subscriber("both");
  PackedReceiver blue = subscriber("blue", {"blue"});
  both.start();
  blue.start();
  inject(0, kCount, 100);
  EXPECT_TRUE(both.wait_for_records(2UL * kCount));
  EXPECT_TRUE(blue.wait_for_records(kCount));
  const Statistics counters = statistics("packed");
  EXPECT_TRUE(counters.wait_for("sent.messages", kCount));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(counters.value("sent.messages"), kCount);

  EXPECT_TRUE(is_complete(both));
  EXPECT_TRUE(is_complete(blue));
  EXPECT_TRUE(has_numbers_as_sent(both, 100));
  ASSERT_EQ(both.flows().size(), 2U);
  EXPECT_EQ(both.flow("red").next, kCount);
  EXPECT_EQ(both.flow("blue").next, kCount);
  EXPECT_NE(both.flow("red").stream, both.flow("blue").stream);
  EXPECT_EQ(both.flow("red").epoch, both.flow("blue").epoch);
  ASSERT_EQ(blue.flows().size(), 1U);
  EXPECT_EQ(blue.flow("blue").stream, both.flow("blue").stream);
  EXPECT_TRUE(are_numbered_in_order(blue.records(), kCount, 100));
}

TEST_F(Packed, HasAStreamForEachRenderedTopic) {
  constexpr unsigned kCount = 20000;
  constexpr unsigned kTopics = 500;
  start(configuration()
            .top(R"(template(name="topic" type="string" string="%rawmsg:F,124:1%"))")
            .omzmq(fmt::format(R"(endpoints="{}" sockType="PUB" format="packed" dynaTopic="on" )"
                               R"(topics="topic" template="payload" waitForPeers="2" )"
                               R"(batch.maxMessages="7" compression.driver="zstd")",
                               endpoint_)));
  PackedReceiver all = subscriber("all");
  PackedReceiver one = subscriber("one", {"t007"});
  all.start();
  one.start();
  {
    Injector injector(daemon_->input());
    for (unsigned i = 0; i < kCount; ++i) {
      injector.message(fmt::format("t{:03}|{}", i % kTopics, numbered_line(i)));
    }
  }
  EXPECT_TRUE(all.wait_for_records(kCount));
  EXPECT_TRUE(one.wait_for_records(kCount / kTopics));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_TRUE(is_complete(all));
  EXPECT_TRUE(is_complete(one));
  EXPECT_EQ(all.flows().size(), kTopics);
  EXPECT_EQ(one.flows().size(), 1U);
  std::set<std::uint64_t> streams;
  for (unsigned topic = 0; topic < kTopics; ++topic) {
    const std::string name = fmt::format("t{:03}", topic);
    streams.insert(all.flow(name).stream);
    const auto records = all.records(name);
    ASSERT_EQ(records.size(), kCount / kTopics) << name;
    for (unsigned i = 0; i < records.size(); ++i) {
      ASSERT_EQ(records[i], numbered_line(i * kTopics + topic)) << name;
    }
  }
  EXPECT_EQ(streams.size(), kTopics);
  EXPECT_EQ(one.records(), all.records("t007"));
}

TEST_F(Packed, DeliversAMillionMessagesWithoutAGapInOrder) {
  constexpr unsigned kCount = 1000000;
  constexpr unsigned kStep = 100000;
  PackedReceiver receiver = puller();
  receiver.start();
  start(with_action("PUSH", R"(compression.driver="lz4")").queue_size(400000));
  for (unsigned first = 0; first < kCount; first += kStep) {
    inject(first, kStep);
    EXPECT_TRUE(receiver.wait_for_records(first));
  }
  EXPECT_TRUE(receiver.wait_for_records(kCount));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  const Flow flow = receiver.flow();
  EXPECT_EQ(flow.first, 0U);
  EXPECT_EQ(flow.next, kCount);
  EXPECT_EQ(flow.received, kCount);
  EXPECT_EQ(flow.missed, 0U);
  EXPECT_EQ(flow.duplicated, 0U);
  EXPECT_TRUE(has_numbers_as_sent(receiver));
}

TEST_F(Packed, NumbersInOneRowWhatFourWorkersGive) {
  constexpr unsigned kCount = 50000;
  PackedReceiver receiver = puller();
  receiver.start();
  start(with_action("PUSH", R"(compression.driver="zstd")").workers(4));
  inject(0, kCount, 100);
  EXPECT_TRUE(receiver.wait_for_records(kCount));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_TRUE(is_complete(receiver));
  EXPECT_EQ(receiver.flow().next, kCount);
  EXPECT_TRUE(are_numbered(receiver.records(), kCount, 100));
}

// ---- What is in a record

// What comes is any bytes; rsyslog's own input turns a NUL byte into #000, but a template may hold
// one.
constexpr const char* kAnyBytes =
    R"(maxMessageSize="4m" parser.escapeControlCharactersOnReceive="off" )"
    R"(parser.dropTrailingLFOnReception="off")";
constexpr const char* kNulTemplate = R"($template nul,"\000A\000%rawmsg%\255\000")";

TEST_F(Packed, RecordsAreByteIdentical) {
  std::string most_bytes;
  for (int byte = 1; byte < 256; ++byte) {
    if (byte != '|') most_bytes += static_cast<char>(byte);
  }
  const std::vector<std::string> payloads = {"plain",
                                             "",
                                             "a\nb",
                                             "c\n",
                                             "\n\n",
                                             "\n",
                                             "\xff\xfe\x80\xc3\x28",
                                             most_bytes,
                                             "",
                                             std::string(std::size_t{1} << 20U, 'm'),
                                             "#012",
                                             "last"};
  struct Variant {
    const char* template_name;
    const char* driver;
  };
  const std::vector<Variant> variants = {{"raw", "zstd"}, {"payload", "lz4"}, {"nul", "none"}};

  Configuration all = configuration().global(kAnyBytes).top(kNulTemplate);
  std::vector<std::unique_ptr<PackedReceiver>> receivers;
  for (const auto& [name, driver] : variants) {
    const std::string endpoint = ipc_endpoint(name);
    receivers.push_back(std::make_unique<PackedReceiver>(directory_, fmt::format("from-{}", name),
                                                         Receiver::Options{.endpoint = endpoint}));
    receivers.back()->start();
    all.omzmq(fmt::format(R"(endpoints=">{}" sockType="PUSH" format="packed" template="{}" )"
                          R"(compression.driver="{}")",
                          endpoint, name, driver));
    all.action(omfile(directory_.file(name + std::string(".reference")), name));
  }
  start(all);
  {
    Injector injector(daemon_->input());
    for (const auto& payload : payloads) injector.message("n|" + payload);
  }
  for (auto& receiver : receivers) EXPECT_TRUE(receiver->wait_for_records(payloads.size()));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  for (std::size_t i = 0; i < payloads.size(); ++i) {
    EXPECT_TRUE(receivers[0]->records().at(i) == "n|" + payloads[i]) << i;
    EXPECT_TRUE(receivers[1]->records().at(i) == payloads[i]) << i;
    EXPECT_TRUE(receivers[2]->records().at(i) ==
                std::string("\0A\0n|", 5) + payloads[i] + std::string("\xff\0", 2))
        << i;
  }
  for (std::size_t i = 0; i < variants.size(); ++i) {
    EXPECT_TRUE(is_complete(*receivers[i]));
    EXPECT_TRUE(fmt::format("{}", fmt::join(receivers[i]->records(), "")) ==
                read_file(directory_.file(variants[i].template_name + std::string(".reference"))))
        << variants[i].template_name;
  }
}

// ---- Compression

// Bytes of the frames that one daemon makes of the same messages with each of these parameters, as
// the receiver saw them. All frames have this codec.
class Compression : public PackedTest {
 protected:
  std::size_t bytes_with(const std::string& parameters, Codec codec) {
    const std::string name = fmt::format("r{}", runs_++);
    const std::string endpoint = ipc_endpoint(name);
    PackedReceiver receiver(directory_, name, {.endpoint = endpoint});
    receiver.start();
    start(configuration(name).omzmq(
        fmt::format(R"(endpoints=">{}" sockType="PUSH" format="packed" batch.maxMessages="1000" )"
                    R"(batch.linger="60000" batch.maxBytes="1m" beat.interval="0" {})",
                    endpoint, parameters)));
    Injector injector(daemon_->input());
    for (const auto& line : log_lines_) injector.message(line);
    EXPECT_TRUE(receiver.wait_for_records(log_lines_.size()));
    EXPECT_TRUE(receiver.records() == log_lines_);
    std::size_t bytes = 0;
    for (const PackedFrame& frame : receiver.frames()) {
      EXPECT_EQ(frame.header.codec, codec) << parameters;
      bytes += frame.wire_bytes;
    }
    EXPECT_EQ(receiver.frames().size(), log_lines_.size() / 1000) << parameters;
    return bytes;
  }

  // Alike, but not the same: the harder one tries, the smaller they get.
  static std::vector<std::string> make_log_lines() {
    std::mt19937 random(7);
    std::vector<std::string> lines(2000);
    for (std::string& line : lines) {
      line = fmt::format(
          "host{} sshd[{}]: Accepted publickey for user{} from 10.{}.{}.{} port {} ssh2",
          random() % 20, random() % 30000, random() % 100, random() % 256, random() % 256,
          random() % 256, random() % 65536);
    }
    return lines;
  }

  const std::vector<std::string> log_lines_ = make_log_lines();

 private:
  int runs_ = 0;
};

TEST_F(Compression, LevelDecidesHowSmallAFrameGets) {
  const auto plain = bytes_with("", Codec::kNone);
  EXPECT_EQ(bytes_with(R"(compression.driver="none")", Codec::kNone), plain);
  const auto zstd = bytes_with(R"(compression.driver="zstd")", Codec::kZstd);
  const auto zstd_fast =
      bytes_with(R"(compression.driver="zstd" compression.level="-7")", Codec::kZstd);
  const auto zstd_hard =
      bytes_with(R"(compression.driver="zstd" compression.level="19")", Codec::kZstd);
  EXPECT_LT(zstd_fast, plain);
  EXPECT_LT(zstd, zstd_fast);
  EXPECT_LT(zstd_hard, zstd);
  const auto lz4 = bytes_with(R"(compression.driver="lz4")", Codec::kLz4);
  const auto lz4_hard =
      bytes_with(R"(compression.driver="lz4" compression.level="12")", Codec::kLz4);
  EXPECT_LT(lz4, plain);
  EXPECT_LT(lz4_hard, lz4);
}

TEST_F(Compression, IsLeftOutForAFrameThatWouldNotShrink) {
  std::mt19937 random(7);
  std::string noise;
  while (noise.size() < 5000) noise += static_cast<char>(random() % 255 + 1);
  const std::vector<std::string> messages = {noise, std::string(5000, 'a'), "b", noise};
  for (const std::string driver : {"zstd", "lz4"}) {
    const std::string endpoint = ipc_endpoint(driver);
    PackedReceiver receiver(directory_, "to-" + driver, {.endpoint = endpoint});
    receiver.start();
    start(configuration(driver).global(kAnyBytes).omzmq(
        fmt::format(R"(endpoints=">{}" sockType="PUSH" format="packed" )"
                    R"(batch.maxMessages="1" beat.interval="0" )"
                    R"(compression.driver="{}")",
                    endpoint, driver)));
    Injector injector(daemon_->input());
    for (const auto& message : messages) injector.message(message);
    ASSERT_TRUE(receiver.wait_for_records(messages.size()));
    EXPECT_TRUE(receiver.records() == messages);
    std::vector<Codec> codecs;
    for (const PackedFrame& frame : receiver.frames()) codecs.push_back(frame.header.codec);
    const Codec used = driver == "zstd" ? Codec::kZstd : Codec::kLz4;
    EXPECT_EQ(codecs, (std::vector<Codec>{Codec::kNone, used, Codec::kNone, Codec::kNone}))
        << driver;
  }
}

// ---- Where a frame is cut

class PackedFrames : public PackedTest {
 protected:
  void run(const std::string& parameters, unsigned count, std::size_t size) {
    receiver_.start();
    start("PUSH", parameters);
    inject(0, count, size);
  }
  // The batches, without the beats.
  std::vector<PackedFrame> batches() {
    std::vector<PackedFrame> some;
    for (const PackedFrame& frame : receiver_.frames()) {
      if (!frame.header.is_beat) some.push_back(frame);
    }
    return some;
  }

  PackedReceiver receiver_ = puller();
};

TEST_F(PackedFrames, AreCutAtBatchMaxMessages) {
  run(R"(batch.linger="60000" batch.maxMessages="10")", 100, 50);
  EXPECT_TRUE(receiver_.wait_for_records(100));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(batches().size(), 10U);
  for (const PackedFrame& frame : batches()) EXPECT_EQ(frame.header.count, 10U);
  EXPECT_TRUE(has_numbers_as_sent(receiver_, 50));
}

TEST_F(PackedFrames, AreCutAtBatchMaxBytes) {
  run(R"(batch.linger="60000" batch.maxBytes="1k")", 101, 100);
  EXPECT_TRUE(wait_submitted(101));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_TRUE(receiver_.wait_for_records(101));
  EXPECT_TRUE(has_numbers_as_sent(receiver_, 100));
  // Nine of 104 bytes fit, a tenth does not.
  std::vector<std::uint32_t> counts;
  for (const PackedFrame& frame : batches()) counts.push_back(frame.header.count);
  std::vector<std::uint32_t> wanted(11, 9);
  wanted.push_back(2);
  EXPECT_EQ(counts, wanted);
}

TEST_F(PackedFrames, HoldALargeMessageAlone) {
  run(R"(batch.linger="60000" batch.maxBytes="1k")", 3, 2000);
  EXPECT_TRUE(receiver_.wait_for_records(3));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(batches().size(), 3U);
  EXPECT_TRUE(has_numbers_as_sent(receiver_, 2000));
}

TEST_F(PackedFrames, WaitForBatchLingerAndGoOutWhenTheDaemonStops) {
  run(R"(batch.linger="60000")", 5, 50);
  EXPECT_TRUE(wait_submitted(5));
  EXPECT_TRUE(receiver_.wait_for_beats(1));
  EXPECT_EQ(receiver_.record_count(), 0U);
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_TRUE(receiver_.wait_for_records(5));
  EXPECT_EQ(batches().size(), 1U);
  EXPECT_TRUE(is_complete(receiver_));
}

TEST_F(PackedFrames, GoOutWhenTheirOldestMessageIsOldEnough) {
  run(R"(batch.linger="300")", 5, 50);
  EXPECT_TRUE(receiver_.wait_for_records(5));
}

TEST_F(PackedFrames, GoOutAtOnceWithoutLinger) {
  run(R"(batch.linger="0")", 5, 50);
  EXPECT_TRUE(receiver_.wait_for_records(5));
}

// An address that nobody has answered yet has a queue in libzmq that nothing leaves.
TEST_F(PackedFrames, AreQueuedUpTo256OfThemUnlessSendHwmSaysOtherwise) {
  constexpr unsigned kCount = 400;
  const std::map<std::string, int> queued = {{"", 256}, {"100", 100}, {"0", kCount}};
  Configuration all = configuration();
  for (const auto& [hwm, frames] : queued) {
    all.omzmq(fmt::format(
        R"(endpoints="{}" sockType="PUSH" format="packed" statsName="hwm{}" immediate="off" )"
        R"(batch.maxMessages="1" beat.interval="0" closeTimeout="0" {})",
        free_tcp_endpoint(), hwm, hwm.empty() ? "" : fmt::format(R"(sendHWM="{}")", hwm)));
  }
  start(all);
  inject(0, kCount);
  for (const auto& [hwm, frames] : queued) {
    const Statistics counters = statistics("hwm" + hwm);
    EXPECT_TRUE(counters.wait_for("submitted", kCount)) << hwm;
    EXPECT_TRUE(counters.wait_for("sent.frames", frames)) << hwm;
  }
  EXPECT_TRUE(statistics("hwm").wait_for_report());
  for (const auto& [hwm, frames] : queued) {
    EXPECT_EQ(statistics("hwm" + hwm).value("sent.frames"), frames) << hwm;
    EXPECT_EQ(statistics("hwm" + hwm).value("sent.messages"), frames) << hwm;
  }
}

// ---- Statistics

class PackedStatistics : public PackedTest {
 protected:
  // The first `count` frames that the receiver got had so many bytes.
  static std::int64_t bytes_of_first(PackedReceiver& receiver, std::int64_t count) {
    std::int64_t bytes = 0;
    for (const PackedFrame& frame : receiver.frames()) {
      if (count-- == 0) break;
      bytes += static_cast<std::int64_t>(frame.wire_bytes);
    }
    return bytes;
  }
  // Beats go on and on, so the counters are compared with what came up to then.
  bool agree_with(PackedReceiver& receiver) const {
    return wait_until([&] {
      const std::int64_t frames = counter("sent.frames");
      return receiver.frames().size() >= static_cast<std::size_t>(frames) &&
             counter("sent.bytes") == bytes_of_first(receiver, frames);
    });
  }
};

TEST_F(PackedStatistics, CountMessagesFramesBytesAndBeats) {
  constexpr unsigned kCount = 10000;
  PackedReceiver receiver = puller();
  receiver.start();
  start("PUSH", R"(compression.driver="zstd" beat.interval="300")");
  inject(0, kCount, 100);
  EXPECT_TRUE(receiver.wait_for_records(kCount));
  const std::size_t before = receiver.beats();
  EXPECT_TRUE(receiver.wait_for_beats(before + 3));
  EXPECT_TRUE(
      statistics("packed").wait_for("sent.frames", static_cast<std::int64_t>(receiver.count())));
  EXPECT_TRUE(agree_with(receiver));
  EXPECT_EQ(counter("submitted"), kCount);
  EXPECT_EQ(counter("sent.messages"), kCount);
  EXPECT_EQ(counter("lane.bytes"), 0);
}

TEST_F(PackedStatistics, CountTheFramesAndBytesOfEachTopicAndTheTopicsThemselves) {
  constexpr unsigned kCount = 1000;
  start("PUB", R"(topics=["a", "topic-b"] waitForPeers="1" sendHWM="0" beat.interval="300")");
  PackedReceiver receiver = subscriber("subscriber");
  receiver.start();
  inject(0, kCount, 100);
  EXPECT_TRUE(receiver.wait_for_records(2UL * kCount));
  EXPECT_TRUE(
      statistics("packed").wait_for("sent.frames", static_cast<std::int64_t>(receiver.count())));
  EXPECT_TRUE(agree_with(receiver));
  EXPECT_EQ(counter("submitted"), kCount);
  EXPECT_EQ(counter("sent.messages"), kCount);
}

}  // namespace
}  // namespace omzmq::test
