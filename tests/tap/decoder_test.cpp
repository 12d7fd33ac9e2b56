// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/decoder.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "packed_frame.hpp"

namespace omzmq::tap {
namespace {

using Payloads = std::vector<std::string>;
using wire::Codec;

Message message(std::string_view body, int connection = -1) {
  Message made;
  made.body = body;
  made.connection = connection;
  return made;
}

wire::BatchHeader header(Codec codec = Codec::kNone) {
  wire::BatchHeader made;
  made.codec = codec;
  made.epoch = 0xFEDCBA9876543210;
  made.stream = 7;
  made.first = 1000;
  made.time_ns = 123456789;
  return made;
}

Payloads payloads_of(Decoder& decoder) {
  Payloads payloads;
  while (const auto record = decoder.next()) payloads.emplace_back(record->payload);
  return payloads;
}

Payloads decode(Format format, std::string_view frame) {
  Decoder decoder(DecoderOptions{.format = format});
  EXPECT_EQ(decoder.load(message(frame)), Loaded::kRecords);
  const std::uint64_t count = decoder.count();
  const std::uint64_t bytes = decoder.payload_bytes();
  Payloads payloads = payloads_of(decoder);
  EXPECT_EQ(count, payloads.size());
  std::uint64_t sum = 0;
  for (const std::string& payload : payloads) sum += payload.size();
  EXPECT_EQ(bytes, sum);
  return payloads;
}

std::string fault_of(std::string_view frame, Format format = Format::kPacked) {
  Decoder decoder(DecoderOptions{.format = format});
  if (decoder.load(message(frame)) != Loaded::kCorrupt) return "not corrupt";
  EXPECT_EQ(decoder.count(), 0U);
  EXPECT_EQ(decoder.payload_bytes(), 0U);
  EXPECT_EQ(decoder.header(), nullptr);
  EXPECT_FALSE(decoder.next().has_value());
  return decoder.fault();
}

TEST(Decoder, HasNothingBeforeAFrameIsLoaded) {
  Decoder decoder;
  EXPECT_FALSE(decoder.next().has_value());
  EXPECT_EQ(decoder.count(), 0U);
  EXPECT_EQ(decoder.payload_bytes(), 0U);
  EXPECT_EQ(decoder.header(), nullptr);
}

TEST(Decoder, RawTakesTheFrameAsItIs) {
  const std::string frame("a\nb\0c\n", 6);
  EXPECT_EQ(decode(Format::kRaw, frame), Payloads{frame});
  EXPECT_EQ(decode(Format::kRaw, ""), Payloads{""});
  EXPECT_EQ(decode(Format::kRaw, packed_beat(1, 2, 3)), Payloads{packed_beat(1, 2, 3)});
}

TEST(Decoder, LinesAreSeparatedByLf) {
  EXPECT_EQ(decode(Format::kLines, "one"), Payloads{"one"});
  EXPECT_EQ(decode(Format::kLines, "one\ntwo\nthree"), (Payloads{"one", "two", "three"}));
}

TEST(Decoder, LinesKeepEmptyRecordsAndNulBytes) {
  EXPECT_EQ(decode(Format::kLines, ""), Payloads{""});
  EXPECT_EQ(decode(Format::kLines, "\n"), (Payloads{"", ""}));
  EXPECT_EQ(decode(Format::kLines, "a\n\nb\n"), (Payloads{"a", "", "b", ""}));
  EXPECT_EQ(decode(Format::kLines, std::string_view("a\0b\nc", 5)),
            (Payloads{std::string("a\0b", 3), "c"}));
}

TEST(Decoder, PackedGivesTheRecordsOfEachCodec) {
  const Payloads payloads{"one", "", std::string("t\0\nwo", 5), std::string(100'000, 'x')};
  for (const Codec codec : {Codec::kNone, Codec::kZstd, Codec::kLz4}) {
    EXPECT_EQ(decode(Format::kPacked, packed_batch(header(codec), payloads)), payloads);
    EXPECT_EQ(decode(Format::kAuto, packed_batch(header(codec), payloads)), payloads);
  }
}

TEST(Decoder, PackedRecordsKnowWhereTheyComeFrom) {
  const std::string frame = packed_batch(header(), {"one", "two"});
  Decoder decoder;
  ASSERT_EQ(decoder.load(Message{"topic", frame, 3, 42}), Loaded::kRecords);
  for (const std::uint64_t sequence : {1000U, 1001U}) {
    const std::optional<Record> record = decoder.next();
    ASSERT_TRUE(record.has_value());
    EXPECT_TRUE(record->is_numbered);
    EXPECT_EQ(record->topic, "topic");
    EXPECT_EQ(record->epoch, 0xFEDCBA9876543210);
    EXPECT_EQ(record->stream, 7U);
    EXPECT_EQ(record->sequence, sequence);
    EXPECT_EQ(record->sent_ns, 123456789U);
    EXPECT_EQ(record->received_ns, 42U);
  }
  ASSERT_NE(decoder.header(), nullptr);
  EXPECT_EQ(decoder.header()->first, 1000U);
}

TEST(Decoder, RawRecordsHaveNoNumber) {
  Decoder decoder;
  // What the last frame was must not show.
  ASSERT_EQ(decoder.load(message(packed_batch(header(), {"x"}))), Loaded::kRecords);
  ASSERT_EQ(decoder.load(Message{"t", "raw", -1, 42}), Loaded::kRecords);
  const std::optional<Record> record = decoder.next();
  ASSERT_TRUE(record.has_value());
  EXPECT_FALSE(record->is_numbered);
  EXPECT_EQ(record->epoch + record->stream + record->sequence + record->sent_ns, 0U);
  EXPECT_EQ(record->topic, "t");
  EXPECT_EQ(record->received_ns, 42U);
  EXPECT_EQ(decoder.header(), nullptr);
}

TEST(Decoder, UncompressedRecordsAreNotCopied) {
  const std::string packed = packed_batch(header(), {"payload"});
  for (const std::string& frame : {packed, std::string("raw")}) {
    Decoder decoder;
    ASSERT_EQ(decoder.load(message(frame)), Loaded::kRecords);
    const char* const at = decoder.next()->payload.data();
    EXPECT_TRUE(at >= frame.data() && at < frame.data() + frame.size());
  }
}

TEST(Decoder, LoadForgetsTheRestOfTheLastFrame) {
  Decoder decoder(DecoderOptions{.format = Format::kLines});
  ASSERT_EQ(decoder.load(message("a\nb")), Loaded::kRecords);
  EXPECT_EQ(decoder.next()->payload, "a");
  ASSERT_EQ(decoder.load(message("c")), Loaded::kRecords);
  EXPECT_EQ(decoder.next()->payload, "c");
  EXPECT_FALSE(decoder.next().has_value());
}

TEST(Decoder, ABeatHasAHeaderAndNoRecords) {
  Decoder decoder;
  const std::string beat = packed_beat(5, 6, 77);
  ASSERT_EQ(decoder.load(message(beat)), Loaded::kBeat);
  ASSERT_NE(decoder.header(), nullptr);
  EXPECT_EQ(decoder.header()->first, 77U);
  EXPECT_EQ(decoder.count(), 0U);
  EXPECT_FALSE(decoder.next().has_value());
}

TEST(Decoder, AnEmptyBatchIsNoBeat) {
  for (const Codec codec : {Codec::kNone, Codec::kZstd, Codec::kLz4}) {
    EXPECT_EQ(decode(Format::kPacked, packed_batch(header(codec), {})), Payloads{});
    EXPECT_EQ(decode(Format::kPacked, packed_frame(header(codec), "")), Payloads{});
  }
}

TEST(Decoder, PackedTakesNothingElse) {
  EXPECT_EQ(fault_of("plain text"), "wrong magic number");
  EXPECT_EQ(fault_of(""), "too short");
}

TEST(Decoder, AutoTakesWhatHasNoMagicForRaw) {
  for (const std::string frame : {"", "O", "OZB", "OZB2 is no batch", "plain"})
    EXPECT_EQ(decode(Format::kAuto, frame), Payloads{frame});
  EXPECT_EQ(fault_of("OZB1 but nothing more", Format::kAuto), "too short");
}

TEST(Decoder, AutoTakesRawForCorruptWhereThePeerSentPacked) {
  const std::string packed = packed_batch(header(), {"x"});
  Decoder decoder;
  ASSERT_EQ(decoder.load(message("raw", 4)), Loaded::kRecords);
  ASSERT_EQ(decoder.load(message(packed, 4)), Loaded::kRecords);
  EXPECT_EQ(decoder.load(message("raw", 4)), Loaded::kCorrupt);
  EXPECT_EQ(decoder.fault(),
            "no packed batch, over a connection that has brought some; if a forwarder mixes both, "
            "--format raw takes every frame as it is");
  EXPECT_EQ(decoder.load(message("raw", 5)), Loaded::kRecords);
  decoder.forget(4);
  EXPECT_EQ(decoder.load(message("raw", 4)), Loaded::kRecords);
}

TEST(Decoder, AutoRemembersNothingOfUnknownPeersNorOfCorruptFrames) {
  const std::string packed = packed_batch(header(), {"x"});
  Decoder decoder;
  ASSERT_EQ(decoder.load(message(packed, -1)), Loaded::kRecords);
  EXPECT_EQ(decoder.load(message("raw", -1)), Loaded::kRecords);
  ASSERT_EQ(decoder.load(message("OZB1", 4)), Loaded::kCorrupt);
  EXPECT_EQ(decoder.load(message("raw", 4)), Loaded::kRecords);
}

TEST(Decoder, FindsEveryFlippedBit) {
  for (const Codec codec : {Codec::kNone, Codec::kZstd, Codec::kLz4}) {
    std::string frame = packed_batch(header(codec), {"one", "two", "three"});
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
      const char mask = static_cast<char>(1U << bit % 8);
      frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ mask);
      EXPECT_NE(fault_of(frame), "not corrupt") << "bit " << bit;
      frame[bit / 8] = static_cast<char>(frame[bit / 8] ^ mask);
    }
  }
}

TEST(Decoder, FindsEveryTruncation) {
  for (const Codec codec : {Codec::kNone, Codec::kZstd, Codec::kLz4}) {
    const std::string frame = packed_batch(header(codec), {"one", "two", "three"});
    for (std::size_t size = 0; size < frame.size(); ++size) {
      // Memory of exactly this size, so that a read behind it is found by AddressSanitizer.
      const std::vector<char> cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_NE(fault_of(std::string_view(cut.data(), cut.size())), "not corrupt") << size;
    }
  }
}

TEST(Decoder, RefusesABodyThatDecompressesToAnotherSize) {
  const std::string raw = packed_records({"one", "two two two"});
  for (const Codec codec : {Codec::kZstd, Codec::kLz4}) {
    wire::BatchHeader wrong = header(codec);
    wrong.count = 2;
    for (const int difference : {-8, -1, 1, 8, 60'000'000}) {
      wrong.raw_bytes = static_cast<std::uint32_t>(static_cast<int>(raw.size()) + difference);
      const std::string fault = fault_of(packed_frame(wrong, compressed(codec, raw)));
      EXPECT_TRUE(fault.starts_with(codec == Codec::kZstd ? "zstd: " : "lz4: ")) << fault;
    }
    wrong.raw_bytes = static_cast<std::uint32_t>(raw.size());
    EXPECT_NE(fault_of(packed_frame(wrong, compressed(codec, raw) + "behind")), "not corrupt");
    EXPECT_NE(fault_of(packed_frame(wrong, "")), "not corrupt");
    std::string cut = compressed(codec, raw);
    cut.pop_back();
    EXPECT_NE(fault_of(packed_frame(wrong, cut)), "not corrupt");
  }
}

TEST(Decoder, ACutBodyLeavesNothingForTheNextOne) {
  const std::string raw = packed_records({"one"});
  for (const Codec codec : {Codec::kZstd, Codec::kLz4}) {
    wire::BatchHeader one = header(codec);
    one.count = 1;
    one.raw_bytes = static_cast<std::uint32_t>(raw.size());
    const std::string body = compressed(codec, raw);
    Decoder decoder;
    const std::string begin = packed_frame(one, body.substr(0, body.size() / 2));
    const std::string end = packed_frame(one, body.substr(body.size() / 2));
    const std::string whole = packed_frame(one, body);
    EXPECT_EQ(decoder.load(message(begin)), Loaded::kCorrupt);
    EXPECT_EQ(decoder.load(message(end)), Loaded::kCorrupt);
    EXPECT_EQ(decoder.load(message(whole)), Loaded::kRecords);
    EXPECT_EQ(payloads_of(decoder), Payloads{"one"});
  }
}

TEST(Decoder, RefusesABombBeforeItDecompresses) {
  const std::string raw(std::size_t{3} << 20, '\0');  // as many empty records
  for (const Codec codec : {Codec::kNone, Codec::kZstd, Codec::kLz4}) {
    wire::BatchHeader bomb = header(codec);
    bomb.raw_bytes = static_cast<std::uint32_t>(raw.size());
    bomb.count = bomb.raw_bytes / 4;
    const std::string frame = packed_frame(bomb, compressed(codec, raw));
    Decoder decoder(DecoderOptions{.max_raw_bytes = raw.size() - 1});
    EXPECT_EQ(decoder.load(message(frame)), Loaded::kCorrupt);
    EXPECT_EQ(decoder.fault(), "larger than allowed: a batch may have 3145727 bytes, decompressed");
    Decoder wider(DecoderOptions{.max_raw_bytes = raw.size()});
    EXPECT_EQ(wider.load(message(frame)), Loaded::kRecords);
    EXPECT_EQ(wider.count(), bomb.count);
    // A header that says less than there is stops it too.
    bomb.raw_bytes = 1024;
    bomb.count = 256;
    EXPECT_NE(fault_of(packed_frame(bomb, compressed(codec, raw))), "not corrupt");
  }
}

#ifndef OMZMQ_TEST_SANITIZED  // a sanitizer reserves all addresses, or ends where memory does

/// The process gets no more than `more` bytes of addresses beside those that it has.
class AddressLimit {
 public:
  explicit AddressLimit(rlim_t more) {
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    getrlimit(RLIMIT_AS, &before_);
    const rlimit limit{pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + more, before_.rlim_max};
    setrlimit(RLIMIT_AS, &limit);
  }
  ~AddressLimit() { setrlimit(RLIMIT_AS, &before_); }
  AddressLimit(const AddressLimit&) = delete;
  AddressLimit& operator=(const AddressLimit&) = delete;

 private:
  rlimit before_{};
};

TEST(Decoder, AFrameThatAnnouncesMoreThanTheMemoryIsCorruptAndTheNextIsTaken) {
  Decoder decoder(DecoderOptions{.max_raw_bytes = std::size_t{2} << 30});
  for (const Codec codec : {Codec::kZstd, Codec::kLz4}) {
    wire::BatchHeader greedy = header(codec);
    greedy.count = 1;
    greedy.raw_bytes = std::uint32_t{1} << 31;
    const std::string frame = packed_frame(greedy, "x");
    const std::string good = packed_batch(header(codec), {"one"});
    {
      const AddressLimit limit(std::size_t{256} << 20);
      ASSERT_EQ(decoder.load(message(frame)), Loaded::kCorrupt);
    }
    EXPECT_EQ(decoder.fault(), "not enough memory for 2147483648 bytes");
    EXPECT_FALSE(decoder.next().has_value());
    ASSERT_EQ(decoder.load(message(good)), Loaded::kRecords);
    EXPECT_EQ(payloads_of(decoder), Payloads{"one"});
  }
}

#endif

TEST(Decoder, RefusesRecordsThatDoNotFillTheBody) {
  wire::BatchHeader wrong = header();
  const std::string raw = packed_records({"one", "two"});
  wrong.raw_bytes = static_cast<std::uint32_t>(raw.size());
  for (const std::uint32_t count : {0U, 1U, 3U}) {
    wrong.count = count;
    EXPECT_NE(fault_of(packed_frame(wrong, raw)), "not corrupt") << count;
  }
  std::string too_long = raw;
  too_long[0] = '\xFF';
  wrong.count = 2;
  EXPECT_EQ(fault_of(packed_frame(wrong, too_long)), "records do not fill the body");
}

/// Random bytes behind a header whose CRC is right: everything behind the CRC is exercised.
TEST(Decoder, SurvivesAnyBodyBehindARightCrc) {
  std::mt19937 random(20260301);  // NOLINT(cert-msc51-cpp,cert-msc32-c): the same bytes each time
  const std::string raw = packed_records({"one", "two", std::string(300, 'z'), "four"});
  Decoder decoder;
  int taken = 0;
  for (int round = 0; round < 20'000; ++round) {
    wire::BatchHeader any = header(static_cast<Codec>(round % 3));
    any.count = static_cast<std::uint32_t>(random() % 6);
    any.raw_bytes = static_cast<std::uint32_t>(raw.size() + (random() % 3 == 0 ? random() % 9 : 0));
    std::string body = compressed(any.codec, raw);
    const std::size_t changes = random() % 4;
    for (std::size_t i = 0; i < changes; ++i)
      body[random() % body.size()] = static_cast<char>(random());
    if (random() % 4 == 0) body.resize(random() % (body.size() + 1));
    const std::string frame = packed_frame(any, body);
    const std::vector<char> exact(frame.begin(), frame.end());
    if (decoder.load(message(std::string_view(exact.data(), exact.size()))) == Loaded::kRecords) {
      EXPECT_EQ(payloads_of(decoder).size(), decoder.count());
      ++taken;
    }
  }
  EXPECT_GT(taken, 100);
}

}  // namespace
}  // namespace omzmq::tap
