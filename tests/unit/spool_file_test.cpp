// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/spool_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "support/file_size_limit.hpp"
#include "support/files.hpp"
#include "support/spool_frames.hpp"
#include "support/wire_frames.hpp"

namespace omzmq {
namespace {

using test::frame_with;
using test::read_file;
using test::spooled;
using test::SpooledFrame;
using test::write_file;

constexpr SpoolPurpose kRawPush{};
constexpr SpoolPurpose kRawPub{.format = Format::kRaw, .sock_type = SocketType::kPub};
constexpr SpoolPurpose kPackedDealer{
    .format = Format::kPacked, .sock_type = SocketType::kDealer, .generation = 7};
constexpr std::size_t kHeader = spool_format::kHeaderBytes;
constexpr std::size_t kHead = spool_format::kHeadBytes;

class SpoolFileTest : public testing::Test {
 protected:
  void write(const std::vector<Frame>& frames, const SpoolPurpose& purpose = kRawPush) const {
    SpoolWriter writer(path_, purpose);
    for (const Frame& frame : frames) writer.append(frame);
    writer.finish();
    writer.commit();
  }

  [[nodiscard]] static std::vector<SpooledFrame> read_all(SpoolReader& reader) {
    std::vector<SpooledFrame> frames;
    while (auto frame = reader.next()) frames.push_back(spooled(*frame));
    return frames;
  }

  /// What was written is what comes back, and the file is sound.
  void expect_round_trip(const std::vector<Frame>& frames,
                         const SpoolPurpose& purpose = kRawPush) const {
    write(frames, purpose);
    std::vector<SpooledFrame> expected;
    expected.reserve(frames.size());
    for (const Frame& frame : frames) expected.push_back(spooled(frame));
    SpoolReader reader(path_);
    ASSERT_EQ(reader.header(), SpoolReader::Header::kSound);
    EXPECT_TRUE(reader.purpose().suits(purpose.format, purpose.sock_type));
    EXPECT_EQ(reader.purpose().generation, purpose.generation);
    EXPECT_TRUE(read_all(reader) == expected);
    EXPECT_EQ(reader.frames(), frames.size());
    EXPECT_FALSE(reader.damage().any());
  }

  test::TemporaryDirectory directory_;
  std::string path_ = directory_.file("spool");
};

TEST_F(SpoolFileTest, GivesBackWhatWasWritten) {
  std::vector<Frame> frames;
  frames.push_back(frame_with("one"));
  frames.push_back(frame_with(""));
  frames.push_back(frame_with(std::string("a\0b\0", 4)));
  frames.push_back(frame_with("lines\nof\nthree", {}, 3, 3));
  frames.push_back(frame_with("none is settled by it", {}, 0, 5));
  frames.push_back(frame_with("topics", {"a", "", std::string("\0x", 2)}));
  expect_round_trip(frames);
}

TEST_F(SpoolFileTest, MayBeEmpty) {
  expect_round_trip({});
  EXPECT_EQ(std::filesystem::file_size(path_), kHeader + kHead);
}

TEST_F(SpoolFileTest, HoldsManyFrames) {
  std::vector<Frame> frames;
  frames.reserve(70'000);
  for (int i = 0; i < 70'000; ++i) frames.push_back(frame_with("message " + std::to_string(i)));
  expect_round_trip(frames);
}

TEST_F(SpoolFileTest, HoldsFramesOfEverySizeAroundItsBuffer) {
  std::vector<Frame> frames;
  for (const std::size_t size :
       {262'144U - 29U, 262'144U - 28U, 262'144U - 27U, 262'144U, 262'145U, 524'288U, 20U << 20U}) {
    frames.push_back(frame_with("small"));
    frames.push_back(frame_with(std::string(size, 'x') + std::to_string(size), {"topic"}));
  }
  expect_round_trip(frames);
}

TEST_F(SpoolFileTest, HoldsTopicsThatAreLargerThanItsBuffer) {
  std::vector<Frame> frames;
  frames.push_back(frame_with("x", {std::string(400'000, 't'), "short"}));
  frames.push_back(frame_with("y"));
  expect_round_trip(frames, kRawPub);
}

TEST_F(SpoolFileTest, KnowsTheAcknowledgementOfABatch) {
  std::vector<Frame> frames;
  frames.push_back(frame_with(wire::golden_batch(), {}, 3, 3));
  write(frames, kPackedDealer);
  SpoolReader reader(path_);
  const auto frame = reader.next();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->awaited.epoch, 0x0123456789ABCDEFU);
  EXPECT_EQ(frame->awaited.stream, 0xFEDCBA9876543210U);
  EXPECT_EQ(frame->awaited.first, 7U);
  EXPECT_EQ(frame->awaited.count, 3U);
}

TEST_F(SpoolFileTest, TakesABodyThatIsNoBatchForDamageInThePackedFormat) {
  std::vector<Frame> frames;
  frames.push_back(frame_with("no batch", {}, 4, 4));
  frames.push_back(frame_with(wire::golden_batch(), {}, 3, 3));
  write(frames, kPackedDealer);
  SpoolReader reader(path_);
  EXPECT_EQ(read_all(reader).size(), 1U);
  EXPECT_EQ(reader.damage().records, 1U);
  EXPECT_EQ(reader.damage().messages, 4U);
  EXPECT_FALSE(reader.damage().is_end_missing);
}

TEST_F(SpoolFileTest, GivesFramesThatAreReadyToBeSent) {
  std::vector<Frame> frames;
  frames.push_back(frame_with("body", {"one", "second"}));
  write(frames, kRawPub);
  SpoolReader reader(path_);
  auto read = reader.next();
  ASSERT_TRUE(read);
  const Frame frame = std::move(*read);
  read.reset();
  EXPECT_TRUE(frame.is_replayed);
  EXPECT_EQ(frame.copies(), 2U);
  EXPECT_EQ(frame.topics.data(), frame.own_topics.data());
  EXPECT_EQ(frame.topics[1], "second");
  EXPECT_EQ(frame.wire_bytes, 2 * 4 + 3 + 6U);
}

TEST_F(SpoolFileTest, LeavesOutTheCopiesThatAreSent) {
  std::vector<Frame> frames;
  frames.push_back(frame_with("body", {"sent", "not sent", "nor this"}));
  frames.back().copies_sent = 1;
  write(frames, kRawPub);
  SpoolReader reader(path_);
  const auto frame = reader.next();
  ASSERT_TRUE(frame);
  EXPECT_EQ(frame->own_topics, (std::vector<std::string>{"not sent", "nor this"}));
}

// ---- Damage

/// Three frames, their offsets in the file, and what they are.
class DamagedSpoolFileTest : public SpoolFileTest {
 protected:
  DamagedSpoolFileTest() {
    std::vector<Frame> frames;
    frames.push_back(frame_with("first", {"topic"}));
    frames.push_back(frame_with("second of them", {"a", "b"}, 2, 2));
    frames.push_back(frame_with("3", {}, 4, 4));
    write(frames, kRawPub);
    bytes_ = read_file(path_);
    std::size_t at = kHeader;
    for (const Frame& frame : frames) {
      whole_.push_back(spooled(frame));
      begin_.push_back(at);
      at += kHead + frame.body.size();
      for (const std::string& topic : frame.topics) at += 4 + topic.size();
    }
    begin_.push_back(at);  // the end
  }

  /// Which frame the byte belongs to; 3: the end.
  [[nodiscard]] std::size_t frame_at(std::size_t byte) const {
    std::size_t frame = 0;
    while (frame < 3 && byte >= begin_[frame + 1]) ++frame;
    return frame;
  }
  [[nodiscard]] std::vector<SpooledFrame> first_frames(std::size_t count) const {
    return {whole_.begin(), whole_.begin() + static_cast<std::ptrdiff_t>(count)};
  }

  std::string bytes_;
  std::vector<SpooledFrame> whole_;
  std::vector<std::size_t> begin_;
};

TEST_F(DamagedSpoolFileTest, GivesAllWholeFramesOfAFileThatWasCutAnywhere) {
  for (std::size_t size = 0; size < bytes_.size(); ++size) {
    SCOPED_TRACE(size);
    write_file(path_, bytes_.substr(0, size));
    SpoolReader reader(path_);
    const auto frames = read_all(reader);
    if (size < kHeader) {
      EXPECT_EQ(reader.header(),
                size == 0 ? SpoolReader::Header::kEmpty : SpoolReader::Header::kDamaged);
      EXPECT_TRUE(frames.empty());
      EXPECT_EQ(reader.damage().any(), size != 0);
      continue;
    }
    const std::size_t cut = frame_at(size);
    EXPECT_TRUE(frames == first_frames(cut));
    EXPECT_TRUE(reader.damage().is_end_missing);
    EXPECT_EQ(reader.damage().first, begin_[cut]);
    EXPECT_EQ(reader.damage().bytes, size - begin_[cut]);
    const bool knows_messages = cut < 3 && size >= begin_[cut] + kHead;
    EXPECT_EQ(reader.damage().messages, knows_messages ? whole_[cut].messages : 0);
  }
}

TEST_F(DamagedSpoolFileTest, LosesNoMoreThanOneFrameToADamagedContent) {
  for (std::size_t byte = kHeader; byte < begin_[3]; ++byte) {
    const std::size_t hit = frame_at(byte);
    if (byte < begin_[hit] + kHead) continue;
    for (const unsigned mask : {0x01U, 0x80U, 0xFFU}) {
      SCOPED_TRACE(byte);
      std::string damaged = bytes_;
      damaged[byte] = static_cast<char>(static_cast<unsigned char>(damaged[byte]) ^ mask);
      write_file(path_, damaged);
      SpoolReader reader(path_);
      auto expected = whole_;
      expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(hit));
      EXPECT_TRUE(read_all(reader) == expected);
      EXPECT_EQ(reader.damage().records, 1U);
      EXPECT_EQ(reader.damage().messages, whole_[hit].messages);
      EXPECT_EQ(reader.damage().bytes, begin_[hit + 1] - begin_[hit]);
      EXPECT_EQ(reader.damage().first, begin_[hit]);
      EXPECT_FALSE(reader.damage().is_end_missing);
    }
  }
}

TEST_F(DamagedSpoolFileTest, EndsAtADamagedHead) {
  for (std::size_t byte = 0; byte < bytes_.size(); ++byte) {
    const std::size_t hit = frame_at(byte);
    if (byte >= kHeader && byte >= begin_[hit] + kHead) continue;
    for (const unsigned mask : {0x01U, 0x80U, 0xFFU}) {
      SCOPED_TRACE(byte);
      std::string damaged = bytes_;
      damaged[byte] = static_cast<char>(static_cast<unsigned char>(damaged[byte]) ^ mask);
      write_file(path_, damaged);
      SpoolReader reader(path_);
      const auto frames = read_all(reader);
      EXPECT_TRUE(frames == first_frames(byte < kHeader ? 0 : hit));
      EXPECT_EQ(reader.header() == SpoolReader::Header::kSound, byte >= kHeader);
      EXPECT_EQ(reader.damage().first, byte < kHeader ? 0 : begin_[hit]);
      EXPECT_EQ(reader.damage().bytes, bytes_.size() - *reader.damage().first);
      EXPECT_TRUE(reader.damage().is_end_missing);
    }
  }
}

TEST_F(DamagedSpoolFileTest, ReportsBytesBehindItsEnd) {
  write_file(path_, bytes_ + "rubbish");
  SpoolReader reader(path_);
  EXPECT_TRUE(read_all(reader) == whole_);
  EXPECT_EQ(reader.damage().bytes, 7U);
  EXPECT_EQ(reader.damage().first, bytes_.size());
}

TEST_F(DamagedSpoolFileTest, ReportsARecordThatIsNotThere) {
  std::string missing = bytes_;
  missing.erase(begin_[1], begin_[2] - begin_[1]);
  write_file(path_, missing);
  SpoolReader reader(path_);
  EXPECT_EQ(read_all(reader).size(), 2U);
  EXPECT_TRUE(reader.damage().is_end_missing);
}

std::size_t peak_memory_kib() {
  rusage usage{};
  EXPECT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  return static_cast<std::size_t>(usage.ru_maxrss);
}

TEST_F(DamagedSpoolFileTest, AllocatesNothingForALengthBeyondTheFilesEnd) {
  std::string head(kHead, '\0');
  spool_format::write_head(head.data(), {.topic_bytes = 0xFFFFFFFF,
                                         .body_bytes = 0xFFFFFFFF,
                                         .messages = 1,
                                         .held = 1,
                                         .content_crc = 0});
  write_file(path_, bytes_.substr(0, begin_[1]) + head + "short");
  const std::size_t before = peak_memory_kib();
  SpoolReader reader(path_);
  EXPECT_TRUE(read_all(reader) == first_frames(1));
  EXPECT_LT(peak_memory_kib(), before + (1U << 20U)) << "far less than 4 GiB";
  EXPECT_EQ(reader.damage().records, 1U);
  EXPECT_TRUE(reader.damage().is_end_missing);
}

TEST_F(DamagedSpoolFileTest, RefusesTopicsThatDoNotFillTheirBytes) {
  const std::string topics = wire::bytes({1, 0, 0, 0, 'a', 200, 0, 0, 0});
  std::string head(kHead, '\0');
  spool_format::write_head(head.data(), {.topic_bytes = static_cast<std::uint32_t>(topics.size()),
                                         .body_bytes = 0,
                                         .messages = 1,
                                         .held = 1,
                                         .content_crc = wire::crc32c(topics)});
  write_file(path_, bytes_.substr(0, kHeader) + head + topics);
  SpoolReader reader(path_);
  EXPECT_TRUE(read_all(reader).empty());
  EXPECT_EQ(reader.damage().records, 1U);
}

TEST_F(DamagedSpoolFileTest, KnowsAVersionThatItCannotRead) {
  std::string newer = bytes_;
  newer[spool_format::at::kVersion] = 2;
  spool_format::seal(newer.data(), kHeader);
  write_file(path_, newer);
  SpoolReader reader(path_);
  EXPECT_EQ(reader.header(), SpoolReader::Header::kUnknownVersion);
  EXPECT_TRUE(read_all(reader).empty());
}

TEST_F(DamagedSpoolFileTest, EndsWhereTheFileIsCutWhileItIsRead) {
  std::vector<Frame> frames;
  frames.reserve(10);
  for (int i = 0; i < 10; ++i) frames.push_back(frame_with(std::string(100'000, 'x')));
  write(frames);
  SpoolReader reader(path_);
  ASSERT_TRUE(reader.next());
  std::filesystem::resize_file(path_, 350'000);
  EXPECT_LE(read_all(reader).size(), 3U);
  EXPECT_TRUE(reader.damage().is_end_missing);
}

// ---- The writer and the file system

TEST_F(SpoolFileTest, IsForItsOwnerOnly) {
  write({});
  EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms(0600));
}

TEST_F(SpoolFileTest, IsNotThereBeforeTheCommit) {
  {
    SpoolWriter writer(path_, kRawPush);
    writer.append(frame_with("x"));
    writer.finish();
    EXPECT_FALSE(std::filesystem::exists(path_));
    EXPECT_TRUE(std::filesystem::exists(path_ + ".new"));
  }
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new")) << "never committed";
  write({});
  EXPECT_TRUE(std::filesystem::exists(path_));
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(SpoolFileTest, NeverTouchesWhatIsAtItsNewName) {
  const std::string victim = directory_.file("victim");
  write_file(victim, "precious");
  std::filesystem::create_symlink(victim, path_ + ".new");
  ASSERT_EQ(::mkfifo((path_ + ".new.2").c_str(), 0600), 0);
  std::filesystem::create_directory(path_ + ".new.3");
  write_file(path_ + ".new.4", "left over");
  {
    const SpoolWriter writer(path_, kRawPush);
    EXPECT_EQ(writer.file(), path_ + ".new.5");
  }
  EXPECT_EQ(read_file(victim), "precious");
  EXPECT_EQ(read_file(path_ + ".new.4"), "left over");
  for (int n = 5; n <= 9; ++n) write_file(path_ + ".new." + std::to_string(n), "");
  EXPECT_THROW(SpoolWriter(path_, kRawPush), std::system_error);
}

TEST_F(SpoolFileTest, ReplacesTheOldFileAtTheCommit) {
  write_file(path_, "old");
  std::vector<Frame> frames;
  frames.push_back(frame_with("new"));
  expect_round_trip(frames);
}

TEST_F(SpoolFileTest, KeepsTheNewFileWhereTheCommitFails) {
  std::filesystem::create_directory(path_);
  {
    SpoolWriter writer(path_, kRawPush);
    writer.append(frame_with("x"));
    writer.finish();
    EXPECT_THROW(writer.commit(), std::system_error);
  }
  SpoolReader reader(path_ + ".new");
  EXPECT_EQ(read_all(reader).size(), 1U);
}

TEST_F(SpoolFileTest, KeepsWholeFramesWhereTheDiskIsFull) {
  for (const std::size_t limit : {kHeader, kHeader + 1, std::size_t{1000}, std::size_t{300'000},
                                  std::size_t{400'007}, std::size_t{800'000}}) {
    SCOPED_TRACE(limit);
    std::uint64_t kept = 0;
    {
      const test::FileSizeLimit full(limit);
      SpoolWriter writer(path_, kRawPush);
      std::error_code thrown;
      for (int i = 0; i < 20'000 && !thrown; ++i) {
        const std::size_t size = i % 1000 == 999 ? 300'000 : 50;
        try {
          writer.append(frame_with(std::string(size, 'x')));
        } catch (const std::system_error& error) {
          thrown = error.code();
        }
      }
      EXPECT_EQ(thrown.value(), EFBIG);
      EXPECT_EQ(writer.failure(), thrown);
      EXPECT_THROW(writer.append(frame_with("")), std::system_error);
      kept = writer.frames();
      EXPECT_EQ(writer.messages(), kept);
      writer.finish();
      writer.commit();
    }
    EXPECT_LE(std::filesystem::file_size(path_), limit);
    SpoolReader reader(path_);
    EXPECT_EQ(read_all(reader).size(), kept);
    EXPECT_EQ(reader.damage().records, 0U);
    EXPECT_EQ(reader.damage().bytes, 0U) << "cut back to what is whole";
    if (limit >= 1000) {
      EXPECT_GE(kept, limit == 1000 ? 12U : 990U);
    }
  }
}

TEST_F(SpoolFileTest, LeavesNothingWhereNotEvenAHeaderFits) {
  const test::FileSizeLimit full(kHeader - 1);
  EXPECT_THROW(SpoolWriter(path_, kRawPush), std::system_error);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".new"));
}

TEST_F(SpoolFileTest, ReadsRegularFilesOnlyAndDoesNotWait) {
  std::filesystem::create_directory(directory_.file("directory"));
  ASSERT_EQ(::mkfifo(directory_.file("pipe").c_str(), 0600), 0);
  write({});
  std::filesystem::create_symlink(path_, directory_.file("link"));
  for (const auto& [path, why] : {std::pair{directory_.file("directory"), "directory"},
                                  {directory_.file("pipe"), "named pipe"},
                                  {directory_.file("link"), "symbolic link"},
                                  {std::string("/dev/zero"), "device"},
                                  {directory_.file("missing"), "No such file"}}) {
    try {
      const SpoolReader reader(path);
      ADD_FAILURE() << path;
    } catch (const std::runtime_error& error) {
      EXPECT_NE(std::string(error.what()).find(why), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace omzmq
