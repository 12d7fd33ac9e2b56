// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/writer.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

namespace omzmq::tap {
namespace {

class WriterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::signal(SIGPIPE, SIG_IGN);
    ASSERT_EQ(pipe2(pipe_.data(), O_CLOEXEC), 0);
  }

  void TearDown() override {
    close_reader();
    close(pipe_[1]);
  }

  void close_reader() {
    if (pipe_[0] >= 0) {
      close(pipe_[0]);
      pipe_[0] = -1;
    }
  }

  // What is in the pipe now.
  std::string read_pipe() const {
    std::string text(65536, '\0');
    fcntl(pipe_[0], F_SETFL, O_NONBLOCK);
    const ssize_t size = read(pipe_[0], text.data(), text.size());
    text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
    return text;
  }

  std::array<int, 2> pipe_{-1, -1};
};

TEST_F(WriterTest, BuffersUntilFlush) {
  Writer writer(pipe_[1]);
  EXPECT_EQ(writer.write("one", "\n"), WriteResult::kOk);
  EXPECT_EQ(writer.write("", "\n"), WriteResult::kOk);
  EXPECT_EQ(writer.write(std::string_view("t\0\nwo", 5), "\n"), WriteResult::kOk);
  EXPECT_EQ(read_pipe(), "");
  EXPECT_EQ(writer.flush(), WriteResult::kOk);
  EXPECT_EQ(read_pipe(), std::string("one\n\nt\0\nwo\n", 11));
  EXPECT_EQ(writer.flush(), WriteResult::kOk);
  EXPECT_EQ(read_pipe(), "");
  EXPECT_EQ(writer.written_bytes(), 11U);
}

TEST_F(WriterTest, TheEndOfARecordMayBeAnything) {
  Writer writer(pipe_[1]);
  EXPECT_EQ(writer.write("a", std::string_view("\0", 1)), WriteResult::kOk);
  EXPECT_EQ(writer.write("b", ""), WriteResult::kOk);
  EXPECT_EQ(writer.write("c", " end\n"), WriteResult::kOk);
  EXPECT_EQ(writer.flush(), WriteResult::kOk);
  EXPECT_EQ(read_pipe(), std::string("a\0bc end\n", 9));
}

TEST_F(WriterTest, GoesOnWithAnotherDescriptor) {
  const int file = memfd_create("writer_test", MFD_CLOEXEC);
  ASSERT_GE(file, 0);
  Writer writer(file);
  EXPECT_FALSE(writer.is_pipe());
  EXPECT_EQ(writer.write("kept", "\n"), WriteResult::kOk);
  writer.use(pipe_[1]);
  EXPECT_TRUE(writer.is_pipe());
  EXPECT_EQ(writer.flush(), WriteResult::kOk);
  EXPECT_EQ(read_pipe(), "kept\n");
  close(file);
}

TEST_F(WriterTest, WritesEverySizeAroundItsCapacity) {
  const int file = memfd_create("writer_test", MFD_CLOEXEC);
  ASSERT_GE(file, 0);
  Writer writer(file);
  std::string expected;
  for (const std::size_t size :
       {std::size_t{1}, Writer::kCapacity - 2, Writer::kCapacity - 1, Writer::kCapacity,
        Writer::kCapacity + 1, 3 * Writer::kCapacity, std::size_t{0}}) {
    const std::string message(size, static_cast<char>('a' + size % 26));
    ASSERT_EQ(writer.write(message, "\n"), WriteResult::kOk);
    expected += message + '\n';
  }
  ASSERT_EQ(writer.flush(), WriteResult::kOk);
  std::string written(expected.size() + 1, '\0');
  const ssize_t size = pread(file, written.data(), written.size(), 0);
  close(file);
  ASSERT_EQ(size, static_cast<ssize_t>(expected.size()));
  written.pop_back();
  EXPECT_TRUE(written == expected);
}

TEST_F(WriterTest, AReaderThatIsGoneIsClosed) {
  Writer writer(pipe_[1]);
  close_reader();
  EXPECT_EQ(writer.write("lost", "\n"), WriteResult::kOk);
  EXPECT_EQ(writer.flush(), WriteResult::kClosed);
  EXPECT_EQ(writer.flush(), WriteResult::kClosed);
}

TEST_F(WriterTest, AStopEndsTheWaitForAReaderThatDoesNotRead) {
  const int stop = eventfd(1, EFD_CLOEXEC);
  Writer writer(pipe_[1], stop, std::chrono::milliseconds{10});
  EXPECT_EQ(writer.write(std::string(2 * Writer::kCapacity, 'x'), "\n"), WriteResult::kAbandoned);
  close(stop);
}

TEST_F(WriterTest, AStopDoesNotCutWhatTheReaderTakes) {
  const int stop = eventfd(1, EFD_CLOEXEC);
  Writer writer(pipe_[1], stop, std::chrono::milliseconds{10});
  EXPECT_EQ(writer.write("last", "\n"), WriteResult::kOk);
  EXPECT_EQ(writer.flush(), WriteResult::kOk);
  EXPECT_EQ(read_pipe(), "last\n");
  close(stop);
}

TEST_F(WriterTest, OtherErrorsKeepTheirNumber) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  Writer writer(full);
  EXPECT_EQ(writer.write("x", "\n"), WriteResult::kOk);
  EXPECT_EQ(writer.flush(), WriteResult::kFailed);
  EXPECT_EQ(writer.error(), ENOSPC);
  close(full);
}

}  // namespace
}  // namespace omzmq::tap
