// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "omzmq/wire.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "support/wire_frames.hpp"

#if defined(OMZMQ_WIRE_CRC_TARGET) || defined(OMZMQ_WIRE_HAS_CRC_INSTRUCTION)
#error "the headers leave a macro behind"
#endif

namespace omzmq::wire {
namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::uint32_t>::max();

BatchHeader golden_header() {
  return {.epoch = 0x0123456789ABCDEF,
          .stream = 0xFEDCBA9876543210,
          .first = 7,
          .count = 3,
          .raw_bytes = 17,
          .time_ns = 123456789};
}

Fault fault_of(std::string_view frame, std::size_t max_raw_bytes = kNoLimit) {
  Batch batch;
  batch.header.time_ns = 424242;
  const Fault fault = read_batch(frame, max_raw_bytes, batch);
  // A batch that is refused must leave what the caller has.
  EXPECT_EQ(batch.header.time_ns == 424242, fault != Fault::kNone);
  return fault;
}

Fault ack_fault_of(std::string_view frame) {
  Ack ack{.status = 99};
  const Fault fault = read_ack(frame, ack);
  EXPECT_EQ(ack.status == 99, fault != Fault::kNone);
  return fault;
}

Fault records_fault_of(const std::string& raw, std::uint32_t count) {
  return check_records(raw, {.count = count, .raw_bytes = static_cast<std::uint32_t>(raw.size())});
}

void expect_same(const BatchHeader& a, const BatchHeader& b) {
  EXPECT_EQ(a.is_beat, b.is_beat);
  EXPECT_EQ(a.codec, b.codec);
  EXPECT_EQ(a.epoch, b.epoch);
  EXPECT_EQ(a.stream, b.stream);
  EXPECT_EQ(a.first, b.first);
  EXPECT_EQ(a.count, b.count);
  EXPECT_EQ(a.raw_bytes, b.raw_bytes);
  EXPECT_EQ(a.time_ns, b.time_ns);
}

std::vector<std::string> records_of(std::string_view raw) {
  std::vector<std::string> result;
  Records records(raw);
  while (const auto record = records.next()) result.emplace_back(*record);
  return result;
}

// ---- What is sound

TEST(Wire, ReadsTheGoldenBatch) {
  Batch batch;
  ASSERT_EQ(read_batch(golden_batch(), 17, batch), Fault::kNone);
  expect_same(batch.header, golden_header());
  EXPECT_EQ(batch.body.data(), golden_batch().data() + 56);
  EXPECT_EQ(batch.body.size(), 17U);
  EXPECT_EQ(check_records(batch.body, batch.header), Fault::kNone);
  EXPECT_EQ(records_of(batch.body),
            (std::vector<std::string>{"hi", "", std::string("\x0A\0\xFF", 3)}));
}

TEST(Wire, WritesTheGoldenBatch) {
  EXPECT_EQ(frame_of(golden_header(), golden_batch().substr(56)), golden_batch());
}

TEST(Wire, ReadsAndWritesTheGoldenBeat) {
  BatchHeader header = golden_header();
  header.is_beat = true;
  header.first = 10;
  header.count = 0;
  header.raw_bytes = 0;
  EXPECT_EQ(frame_of(header, ""), golden_beat());
  Batch batch;
  ASSERT_EQ(read_batch(golden_beat(), 0, batch), Fault::kNone);
  expect_same(batch.header, header);
  EXPECT_TRUE(batch.body.empty());
  EXPECT_EQ(check_records(batch.body, batch.header), Fault::kNone);
}

TEST(Wire, ReadsWhatItWrote) {
  std::mt19937_64 random(1);
  const auto below = [&random](std::size_t bound) {
    return static_cast<std::size_t>(random() % bound);
  };
  for (int i = 0; i < 2000; ++i) {
    std::vector<std::string> records(below(20));
    for (std::string& record : records) record.assign(below(40), static_cast<char>(random()));
    const std::string body = body_of(records);
    const BatchHeader header{.codec = Codec::kNone,
                             .epoch = random(),
                             .stream = random(),
                             .first = random(),
                             .count = static_cast<std::uint32_t>(records.size()),
                             .raw_bytes = static_cast<std::uint32_t>(body.size()),
                             .time_ns = random()};
    const std::string frame = frame_of(header, body);
    Batch batch;
    ASSERT_EQ(read_batch(frame, kNoLimit, batch), Fault::kNone);
    expect_same(batch.header, header);
    ASSERT_EQ(check_records(batch.body, batch.header), Fault::kNone);
    ASSERT_EQ(records_of(batch.body), records);
  }
}

TEST(Wire, TakesACompressedBodyAsItIs) {
  BatchHeader header = golden_header();
  for (const Codec codec : {Codec::kZstd, Codec::kLz4}) {
    header.codec = codec;
    const std::string frame = frame_of(header, "compressed");
    Batch batch;
    ASSERT_EQ(read_batch(frame, 17, batch), Fault::kNone);
    EXPECT_EQ(batch.header.codec, codec);
    EXPECT_EQ(batch.header.raw_bytes, 17U);
    EXPECT_EQ(batch.body, "compressed");
  }
}

TEST(Wire, SkipsToTheEndOfALongerHeader) {
  for (const std::size_t more : {1U, 8U, 199U}) {
    std::string frame = golden_batch();
    frame.insert(56, more, '\xEE');
    frame = repaired(with(frame, 7, static_cast<std::uint8_t>(56 + more)));
    Batch batch;
    ASSERT_EQ(read_batch(frame, kNoLimit, batch), Fault::kNone) << more;
    EXPECT_EQ(batch.body, std::string_view(golden_batch()).substr(56));
    expect_same(batch.header, golden_header());
  }
}

TEST(Wire, IgnoresWhatIsReserved) {
  EXPECT_EQ(fault_of(repaired(with(golden_batch(), 48, 0xFFFFFFFFU))), Fault::kNone);
}

TEST(Wire, TakesABatchOfNoRecordsAndRecordsOfNoBytes) {
  BatchHeader header = golden_header();
  header.count = header.raw_bytes = 0;
  EXPECT_EQ(fault_of(frame_of(header, "")), Fault::kNone);
  EXPECT_EQ(check_records("", header), Fault::kNone);
  header.count = 1000;
  header.raw_bytes = 4000;
  const std::string body(4000, '\0');
  EXPECT_EQ(fault_of(frame_of(header, body)), Fault::kNone);
  EXPECT_EQ(check_records(body, header), Fault::kNone);
}

TEST(Wire, TakesTheLargestNumbers) {
  BatchHeader header{.codec = Codec::kZstd,
                     .epoch = ~std::uint64_t{0},
                     .stream = ~std::uint64_t{0},
                     .first = ~std::uint64_t{0},
                     .count = 0x3FFFFFFF,
                     .raw_bytes = 0xFFFFFFFF,
                     .time_ns = ~std::uint64_t{0}};
  Batch batch;
  const std::string frame = frame_of(header, "x");
  ASSERT_EQ(read_batch(frame, kNoLimit, batch), Fault::kNone);
  expect_same(batch.header, header);
  header.count = 0x40000000;  // 4 GiB of lengths alone: a 32-bit product would be 0
  EXPECT_EQ(fault_of(frame_of(header, "x")), Fault::kCount);
  header.count = 0xFFFFFFFF;
  EXPECT_EQ(fault_of(frame_of(header, "x")), Fault::kCount);
}

// ---- What is not; each frame is the golden one with one thing changed and a CRC that is right

TEST(Wire, RefusesEachShorterFrame) {
  for (std::size_t size = 0; size < 56; ++size)
    EXPECT_EQ(fault_of(std::string_view(golden_batch()).substr(0, size)), Fault::kTooShort) << size;
  EXPECT_EQ(fault_of({}), Fault::kTooShort);
  for (std::size_t size = 56; size < golden_batch().size(); ++size)
    EXPECT_EQ(fault_of(std::string_view(golden_batch()).substr(0, size)), Fault::kRawSize) << size;
  EXPECT_EQ(fault_of(golden_batch() + '\0'), Fault::kRawSize);
}

TEST(Wire, RefusesAnotherMagicNumber) {
  for (std::size_t offset = 0; offset < 4; ++offset)
    EXPECT_EQ(fault_of(repaired(with(golden_batch(), offset, '?'))), Fault::kMagic) << offset;
  EXPECT_EQ(fault_of(golden_ack()), Fault::kMagic);
  EXPECT_EQ(fault_of("x"), Fault::kMagic);
  EXPECT_EQ(fault_of("OZB2"), Fault::kMagic);
}

TEST(Wire, RefusesEachOtherVersionFlagAndCodec) {
  for (unsigned value = 0; value < 256; ++value) {
    const auto byte = static_cast<std::uint8_t>(value);
    EXPECT_EQ(fault_of(repaired(with(golden_batch(), 4, byte))),
              value == 1 ? Fault::kNone : Fault::kVersion)
        << value;
    EXPECT_EQ(fault_of(repaired(with(golden_beat(), 5, byte))),
              value <= 1 ? Fault::kNone : Fault::kFlags)
        << value;
    EXPECT_EQ(fault_of(repaired(with(golden_batch(), 6, byte))),
              value <= 2 ? Fault::kNone : Fault::kCodec)
        << value;
  }
}

TEST(Wire, RefusesAHeaderSizeThatCannotBe) {
  for (unsigned value = 0; value < 256; ++value) {
    Fault expected = Fault::kRawSize;  // a part of the body is taken for header
    if (value < 56 || value > golden_batch().size()) expected = Fault::kHeaderSize;
    if (value == 56) expected = Fault::kNone;
    EXPECT_EQ(fault_of(with(golden_batch(), 7, static_cast<std::uint8_t>(value))), expected)
        << value;
  }
}

TEST(Wire, RefusesARawSizeThatTheBodyHasNot) {
  for (const std::uint32_t size : {0U, 16U, 18U, 0xFFFFFFFFU})
    EXPECT_EQ(fault_of(repaired(with(golden_batch(), 36, size))), Fault::kRawSize) << size;
}

TEST(Wire, RefusesMoreBytesThanAllowedOnlyWhenTheyAreMeant) {
  EXPECT_EQ(fault_of(golden_batch(), 17), Fault::kNone);
  EXPECT_EQ(fault_of(golden_batch(), 16), Fault::kTooLarge);
  BatchHeader header = golden_header();
  header.codec = Codec::kLz4;
  header.raw_bytes = 1U << 30;
  const std::string frame = frame_of(header, "small");
  EXPECT_EQ(fault_of(frame, (1U << 30) - 1), Fault::kTooLarge);
  EXPECT_EQ(fault_of(frame, 1U << 30), Fault::kNone);
  // A size that was damaged is no reason to raise a limit.
  EXPECT_EQ(fault_of(with(frame, 36, 0xFFFFFFFFU), 1U << 30), Fault::kCrc);
}

TEST(Wire, RefusesACountThatTheBodyCannotHold) {
  EXPECT_EQ(fault_of(repaired(with(golden_batch(), 32, 4U))), Fault::kNone);
  EXPECT_EQ(records_fault_of(golden_batch().substr(56), 4), Fault::kRecords);
  EXPECT_EQ(fault_of(repaired(with(golden_batch(), 32, 5U))), Fault::kCount);
}

TEST(Wire, RefusesABeatWithRecords) {
  EXPECT_EQ(fault_of(repaired(with(golden_batch(), 5, std::uint8_t{1}))), Fault::kCount);
  EXPECT_EQ(fault_of(repaired(with(golden_beat(), 32, 1U))), Fault::kCount);
  // Compressed, so that neither size contradicts the other.
  const std::string beat = with(golden_beat(), 6, std::uint8_t{1});
  EXPECT_EQ(fault_of(repaired(beat)), Fault::kNone);
  EXPECT_EQ(fault_of(repaired(beat + "x")), Fault::kCount);
  EXPECT_EQ(fault_of(repaired(with(beat, 36, 1U))), Fault::kCount);
}

TEST(Wire, RefusesEachChangedBit) {
  BatchHeader header = golden_header();
  header.codec = Codec::kZstd;  // nothing but the CRC speaks for most of its bytes
  const std::string frame = frame_of(header, "compressed body");
  for (std::size_t bit = 0; bit < 8 * frame.size(); ++bit) {
    const char mask = static_cast<char>(1U << bit % 8);
    std::string changed = frame;
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ mask);
    const Fault fault = fault_of(changed);
    const std::size_t at = bit / 8;
    if (at >= 8 && (at < 32 || at >= 40))
      EXPECT_EQ(fault, Fault::kCrc) << "bit " << bit;
    else
      EXPECT_NE(fault, Fault::kNone) << "bit " << bit;
    std::string golden = golden_batch();
    if (at >= golden.size()) continue;
    golden[at] = static_cast<char>(golden[at] ^ mask);
    EXPECT_NE(fault_of(golden), Fault::kNone) << "bit " << bit;
  }
}

// ---- Records

TEST(WireRecords, MustFillTheBody) {
  EXPECT_EQ(records_fault_of(body_of({"a", "bc"}), 2), Fault::kNone);
  EXPECT_EQ(records_fault_of(body_of({"a", "bc"}), 1), Fault::kRecords);
  EXPECT_EQ(records_fault_of(body_of({"a", "bc"}), 3), Fault::kRecords);
  const std::string body = body_of({"a"});
  for (std::size_t more = 1; more < 4; ++more)
    EXPECT_EQ(records_fault_of(body + std::string(more, '\0'), 1), Fault::kRecords) << more;
  EXPECT_EQ(records_fault_of(body.substr(0, 4), 1), Fault::kRecords);
}

TEST(WireRecords, MustBeOfTheRawSize) {
  EXPECT_EQ(check_records(std::string_view("\0\0\0\0", 4), {.count = 1, .raw_bytes = 5}),
            Fault::kRawSize);
  EXPECT_EQ(check_records("", {.count = 0, .raw_bytes = 1}), Fault::kRawSize);
}

TEST(WireRecords, EndBeforeALengthThatOverflows) {
  for (const std::uint32_t length :
       {2U, 0x7FFFFFFFU, 0x80000000U, 0xFFFFFFFBU, 0xFFFFFFFCU, 0xFFFFFFFDU, 0xFFFFFFFFU}) {
    const std::string raw = body_of({"first"}) + with(body_of({"x"}), 0, length);
    EXPECT_EQ(records_of(raw), std::vector<std::string>{"first"}) << length;
    EXPECT_EQ(records_fault_of(raw, 2), Fault::kRecords) << length;
    EXPECT_EQ(records_fault_of(raw, 1), Fault::kRecords) << length;
  }
}

TEST(WireRecords, LieWhereTheyWere) {
  const std::string raw = body_of({"abc", "", "de"});
  Records records(raw);
  EXPECT_EQ(records.next()->data(), raw.data() + 4);
  EXPECT_EQ(records.next()->data(), raw.data() + 11);
  EXPECT_EQ(records.rest().size(), 6U);
  EXPECT_EQ(records.next()->data(), raw.data() + 15);
  EXPECT_FALSE(records.next());
  EXPECT_FALSE(records.next());
  EXPECT_TRUE(records.rest().empty());
  EXPECT_FALSE(Records({}).next());
}

// ---- Acknowledgements

TEST(WireAck, ReadsAndWritesTheGoldenOne) {
  Ack ack;
  ASSERT_EQ(read_ack(golden_ack(), ack), Fault::kNone);
  EXPECT_EQ(ack.status, 0);
  EXPECT_EQ(ack.epoch, 0x0123456789ABCDEFU);
  EXPECT_EQ(ack.stream, 0xFEDCBA9876543210U);
  EXPECT_EQ(ack.first, 7U);
  EXPECT_EQ(ack.count, 3U);
  std::string written(kAckBytes, '?');
  write_ack(written.data(), ack);
  EXPECT_EQ(written, golden_ack());
}

TEST(WireAck, KeepsAStatusThatItDoesNotKnow) {
  std::string written(kAckBytes, '?');
  write_ack(written.data(), {.status = 200, .first = ~std::uint64_t{0}, .count = 0xFFFFFFFF});
  Ack ack;
  ASSERT_EQ(read_ack(written, ack), Fault::kNone);
  EXPECT_EQ(ack.status, 200);
  EXPECT_EQ(ack.first, ~std::uint64_t{0});
  EXPECT_EQ(ack.count, 0xFFFFFFFFU);
}

TEST(WireAck, RefusesWhatIsNone) {
  const auto reseal = [](const std::string& frame) {
    return with(frame, 36, crc32c(std::string_view(frame).substr(0, 36)));
  };
  for (std::size_t size = 0; size < 40; ++size)
    EXPECT_EQ(ack_fault_of(std::string_view(golden_ack()).substr(0, size)), Fault::kTooShort);
  EXPECT_EQ(ack_fault_of({}), Fault::kTooShort);
  EXPECT_EQ(ack_fault_of(golden_ack() + '\0'), Fault::kTooLarge);
  EXPECT_EQ(ack_fault_of(golden_batch()), Fault::kMagic);
  EXPECT_EQ(ack_fault_of("OZB"), Fault::kMagic);
  EXPECT_EQ(ack_fault_of(reseal(with(golden_ack(), 3, '2'))), Fault::kMagic);
  EXPECT_EQ(ack_fault_of(reseal(with(golden_ack(), 4, std::uint8_t{2}))), Fault::kVersion);
  EXPECT_EQ(ack_fault_of(reseal(with(golden_ack(), 6, std::uint8_t{1}))), Fault::kNone);
  for (std::size_t bit = 0; bit < 8 * golden_ack().size(); ++bit) {
    std::string changed = golden_ack();
    changed[bit / 8] = static_cast<char>(changed[bit / 8] ^ static_cast<char>(1U << bit % 8));
    const std::size_t at = bit / 8;
    EXPECT_EQ(ack_fault_of(changed),
              at < 4 ? Fault::kMagic : (at == 4 ? Fault::kVersion : Fault::kCrc))
        << "bit " << bit;
  }
}

TEST(Wire, DescribesEachFaultInItsOwnWords) {
  std::set<std::string> texts;
  for (int i = 0; i <= static_cast<int>(Fault::kRecords); ++i)
    texts.insert(describe(static_cast<Fault>(i)));
  EXPECT_EQ(texts.size(), static_cast<std::size_t>(Fault::kRecords) + 1);
  EXPECT_FALSE(texts.contains("unknown fault"));
}

}  // namespace
}  // namespace omzmq::wire
