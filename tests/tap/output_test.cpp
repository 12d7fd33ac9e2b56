// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace omzmq::tap {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

class OutputTest : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    std::string name = (fs::temp_directory_path() / "output_test.XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }

  void TearDown() override { fs::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name = "log") const {
    return (directory_ / name).string();
  }

  [[nodiscard]] std::string content(const std::string& name = "log") const {
    std::ifstream file(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }

  [[nodiscard]] std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator(directory_), fs::directory_iterator()));
  }

  [[nodiscard]] OutputOptions options(std::uint64_t rotate_bytes = 0, unsigned keep = 3) const {
    return OutputOptions{.file = path(), .rotate_bytes = rotate_bytes, .rotate_keep = keep};
  }

  [[nodiscard]] Output::TimePoint at(int second) const { return start_ + seconds{second}; }

  void write_lines(Output& output, const std::vector<std::string>& lines) const {
    for (const std::string& line : lines) ASSERT_EQ(output.write(line, "\n"), WriteResult::kOk);
    ASSERT_EQ(output.flush(), WriteResult::kOk);
  }

  [[nodiscard]] std::string opening_error(const OutputOptions& options) const {
    try {
      const Output output(options, -1, -1, start_);
    } catch (const OutputError& error) {
      return error.what();
    }
    return "no error";
  }

  fs::path directory_;
  Output::TimePoint start_ = std::chrono::steady_clock::now();
};

TEST_F(OutputTest, WritesToADescriptorAndLeavesItOpen) {
  std::array<int, 2> pipe{-1, -1};
  ASSERT_EQ(pipe2(pipe.data(), O_CLOEXEC), 0);
  {
    Output output(OutputOptions{}, pipe[1], -1, start_);
    EXPECT_EQ(output.watched_fd(), pipe[1]);
    EXPECT_EQ(output.tick(at(100)), WriteResult::kOk);
    EXPECT_EQ(output.reopen(at(100)), WriteResult::kOk);
    EXPECT_FALSE(output.due_at().has_value());
    write_lines(output, {"one"});
  }
  std::array<char, 16> bytes{};
  EXPECT_EQ(read(pipe[0], bytes.data(), bytes.size()), 4);
  EXPECT_EQ(write(pipe[1], "x", 1), 1);
  close(pipe[0]);
  close(pipe[1]);
}

TEST_F(OutputTest, AppendsToAFile) {
  std::ofstream(path()) << "before\n";
  Output output(options(), -1, -1, start_);
  EXPECT_EQ(output.watched_fd(), -1);
  write_lines(output, {"one", "two"});
  EXPECT_EQ(content(), "before\none\ntwo\n");
}

// Most of it is a hole. With offsets of 32 bits it could not be opened, and none could grow to it.
TEST_F(OutputTest, AppendsToAFileOfThreeGigabytes) {
  constexpr off_t kLarge = off_t{3} << 30;
  ASSERT_TRUE(std::ofstream(path()));
  ASSERT_EQ(truncate(path().c_str(), kLarge), 0);
  {
    Output output(options(), -1, -1, start_);
    write_lines(output, {"more"});
  }
  std::ifstream file(path(), std::ios::binary);
  file.seekg(kLarge);
  std::string line;
  EXPECT_TRUE(std::getline(file, line));
  EXPECT_EQ(line, "more");
}

TEST_F(OutputTest, RotatesBySizeAndNeverCutsARecord) {
  Output output(options(12), -1, -1, start_);
  write_lines(output, {"11111", "22222", "33333", "4444", "a record that is too large", "6"});
  EXPECT_EQ(content(), "6\n");
  EXPECT_EQ(content("log.1"), "a record that is too large\n");
  EXPECT_EQ(content("log.2"), "33333\n4444\n");
  EXPECT_EQ(content("log.3"), "11111\n22222\n");
}

TEST_F(OutputTest, KeepsABoundedNumberOfBoundedFiles) {
  Output output(options(100, 3), -1, -1, start_);
  for (int i = 1000; i < 2000; ++i)
    ASSERT_EQ(output.write(std::to_string(i), "\n"), WriteResult::kOk);
  ASSERT_EQ(output.flush(), WriteResult::kOk);
  EXPECT_EQ(files(), 4U);
  std::string all;
  for (const char* const name : {"log.3", "log.2", "log.1", "log"}) {
    EXPECT_EQ(content(name).size(), 100U);
    all += content(name);
  }
  for (int i = 1920; i < 2000; ++i) {
    EXPECT_TRUE(all.starts_with(std::to_string(i) + '\n')) << i;
    all.erase(0, 5);
  }
}

TEST_F(OutputTest, KeepsNoFileWhereNoneIsToBeKept) {
  Output output(options(4, 0), -1, -1, start_);
  write_lines(output, {"one", "two", "six"});
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(content(), "six\n");
}

TEST_F(OutputTest, AnEmptyFileIsNotRotatedForARecordThatIsTooLarge) {
  Output output(options(4), -1, -1, start_);
  write_lines(output, {"too large"});
  EXPECT_EQ(files(), 1U);
}

TEST_F(OutputTest, WhatWasBufferedForARemovedFileCountsInTheNewOne) {
  Output output(options(12), -1, -1, start_);
  write_lines(output, {"one"});
  fs::remove(path());
  EXPECT_EQ(output.write("two", "\n"), WriteResult::kOk);
  EXPECT_EQ(output.tick(at(2)), WriteResult::kOk);
  write_lines(output, {"eight..", "six"});
  EXPECT_EQ(content("log.1"), "two\neight..\n");
  EXPECT_EQ(content(), "six\n");
}

TEST_F(OutputTest, CountsWhatWasInTheFile) {
  std::ofstream(path()) << "before\n";
  Output output(options(8), -1, -1, start_);
  write_lines(output, {"one"});
  EXPECT_EQ(content("log.1"), "before\n");
  EXPECT_EQ(content(), "one\n");
}

TEST_F(OutputTest, FillsTheFirstNumberThatIsFree) {
  std::ofstream(path("log.1")) << "older";
  std::ofstream(path("log.3")) << "mine";
  Output output(options(4, 5), -1, -1, start_);
  write_lines(output, {"one", "two"});
  EXPECT_EQ(content("log.1"), "one\n");
  EXPECT_EQ(content("log.2"), "older");
  EXPECT_EQ(content("log.3"), "mine");
}

TEST_F(OutputTest, RotatesByTime) {
  OutputOptions timed = options();
  timed.rotate_every = seconds{60};
  Output output(timed, -1, -1, start_);
  EXPECT_EQ(output.due_at(), at(60));
  // Nothing is in the file: the time begins anew.
  EXPECT_EQ(output.tick(at(60)), WriteResult::kOk);
  EXPECT_EQ(output.due_at(), at(120));
  EXPECT_EQ(output.write("one", "\n"), WriteResult::kOk);
  EXPECT_EQ(output.tick(at(119)), WriteResult::kOk);
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(output.tick(at(121)), WriteResult::kOk);
  EXPECT_EQ(output.due_at(), at(181));
  EXPECT_EQ(content("log.1"), "one\n");
  EXPECT_EQ(content(), "");
}

TEST_F(OutputTest, ReopensByName) {
  Output output(options(), -1, -1, start_);
  write_lines(output, {"one"});
  fs::rename(path(), path("log.old"));
  EXPECT_EQ(output.write("two", "\n"), WriteResult::kOk);
  EXPECT_EQ(output.reopen(at(1)), WriteResult::kOk);
  write_lines(output, {"three"});
  EXPECT_EQ(content("log.old"), "one\ntwo\n");
  EXPECT_EQ(content(), "three\n");
}

TEST_F(OutputTest, ARemovedFileIsMadeAgainAndGetsWhatWasBuffered) {
  Output output(options(), -1, -1, start_);
  write_lines(output, {"one"});
  fs::remove(path());
  EXPECT_EQ(output.write("two", "\n"), WriteResult::kOk);
  EXPECT_EQ(output.tick(at(2)), WriteResult::kOk);
  write_lines(output, {"three"});
  EXPECT_EQ(content(), "two\nthree\n");
}

TEST_F(OutputTest, WhatIsFlushedIsNeverInARemovedFile) {
  Output output(options(), -1, -1, start_);
  write_lines(output, {"one"});
  fs::remove(path());
  write_lines(output, {"two"});
  EXPECT_EQ(content(), "two\n");
  const std::string large(2 * Writer::kCapacity, 'x');
  for (const bool has_more : {false, true}) {
    fs::remove(path());
    if (has_more) {
      ASSERT_EQ(output.write("before", "\n"), WriteResult::kOk);
    }
    write_lines(output, {large});
    EXPECT_EQ(content(), (has_more ? "before\n" : "") + large + '\n') << has_more;
  }
}

TEST_F(OutputTest, ARemovedDirectoryIsAClearErrorOfAFlush) {
  Output output(options(), -1, -1, start_);
  fs::remove_all(directory_);
  EXPECT_EQ(output.write("x", "\n"), WriteResult::kOk);
  EXPECT_EQ(output.flush(), WriteResult::kFailed);
  EXPECT_EQ(output.error_text(), "cannot open '" + path() + "': No such file or directory");
}

TEST_F(OutputTest, ARemovedDirectoryIsAClearError) {
  Output ticked(options(), -1, -1, start_);
  Output rotated(options(4), -1, -1, start_);
  write_lines(rotated, {"one"});
  fs::remove_all(directory_);
  EXPECT_EQ(ticked.write("x", "\n"), WriteResult::kOk);
  EXPECT_EQ(ticked.tick(at(2)), WriteResult::kFailed);
  const std::string text = "cannot open '" + path() + "': No such file or directory";
  EXPECT_EQ(ticked.error_text(), text);
  EXPECT_EQ(rotated.write("two", "\n"), WriteResult::kFailed);
  EXPECT_EQ(rotated.error_text(), text);
  for (Output* const spent : {&ticked, &rotated}) {
    EXPECT_EQ(spent->write("more", "\n"), WriteResult::kFailed);
    EXPECT_EQ(spent->flush(), WriteResult::kFailed);
    EXPECT_EQ(spent->tick(at(9)), WriteResult::kFailed);
    EXPECT_EQ(spent->reopen(at(9)), WriteResult::kFailed);
  }
}

TEST_F(OutputTest, ANameThatCannotBeTakenIsAClearError) {
  fs::create_directories(path("log.1") + "/full");
  Output output(options(4, 1), -1, -1, start_);
  write_lines(output, {"one"});
  EXPECT_EQ(output.write("two", "\n"), WriteResult::kFailed);
  EXPECT_EQ(output.error_text(),
            "cannot rename '" + path() + "' to '" + path("log.1") + "': Is a directory");
}

TEST_F(OutputTest, AFullDiskIsAClearError) {
  OutputOptions full;
  full.file = "/dev/full";
  Output output(full, -1, -1, start_);
  EXPECT_EQ(output.write("x", "\n"), WriteResult::kOk);
  EXPECT_EQ(output.flush(), WriteResult::kFailed);
  EXPECT_EQ(output.error_text(), "cannot write to '/dev/full': No space left on device");
}

TEST_F(OutputTest, ADescriptorThatFailsIsStandardOutput) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  Output output(OutputOptions{}, full, -1, start_);
  EXPECT_EQ(output.write("x", "\n"), WriteResult::kOk);
  EXPECT_EQ(output.flush(), WriteResult::kFailed);
  EXPECT_EQ(output.error_text(), "cannot write to standard output: No space left on device");
  close(full);
}

/// No file of this process becomes larger: a write stops in the middle of a record, as on a disk
/// that is full.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_F(OutputTest, AFileEndsWithAWholeRecordAfterAFailedWrite) {
  std::ofstream(path()) << "before\n";
  Output output(options(), -1, -1, start_);
  const std::string line(99, 'x');
  const FileSizeLimit limit(3 * Writer::kCapacity / 2);
  WriteResult result = WriteResult::kOk;
  for (std::size_t i = 0; i < Writer::kCapacity && result == WriteResult::kOk; ++i)
    result = output.write(line, "\n");
  EXPECT_EQ(result, WriteResult::kFailed);
  EXPECT_EQ(output.error_text(), "cannot write to '" + path() + "': File too large");
  const std::uintmax_t size = fs::file_size(path());
  EXPECT_EQ(size % 100, 7U);
  EXPECT_GT(size, Writer::kCapacity - 100);
  EXPECT_TRUE(content().ends_with("x\n"));
}

TEST_F(OutputTest, WhatIsNoRegularFileIsNotRotated) {
  OutputOptions null = options(100);
  null.file = "/dev/null";
  EXPECT_EQ(opening_error(null), "'/dev/null' is not a regular file and cannot be rotated");
  null.rotate_bytes = 0;
  EXPECT_EQ(opening_error(null), "no error");
  null.rotate_every = seconds{1};
  EXPECT_EQ(opening_error(null), "'/dev/null' is not a regular file and cannot be rotated");
}

TEST_F(OutputTest, AnOpeningErrorNamesTheFile) {
  OutputOptions wrong;
  wrong.file = directory_.string();
  EXPECT_EQ(opening_error(wrong), "cannot open '" + wrong.file + "': Is a directory");
  wrong.file = path("none/log");
  EXPECT_EQ(opening_error(wrong), "cannot open '" + wrong.file + "': No such file or directory");
}

TEST_F(OutputTest, APipeWithoutAReaderIsAnErrorAndOneWhoseReaderLeavesIsClosed) {
  ASSERT_EQ(mkfifo(path().c_str(), 0600), 0);
  EXPECT_EQ(opening_error(options()),
            "cannot open '" + path() + "': it is a pipe that nobody reads, or a socket");
  const int reader = open(path().c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  ASSERT_GE(reader, 0);
  Output output(options(), -1, -1, start_);
  EXPECT_GE(output.watched_fd(), 0);
  write_lines(output, {"one"});
  close(reader);
  EXPECT_EQ(output.write("two", "\n"), WriteResult::kOk);
  EXPECT_EQ(output.flush(), WriteResult::kClosed);
}

}  // namespace
}  // namespace omzmq::tap
