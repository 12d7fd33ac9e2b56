// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/dead_letter.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <libfastjson/json.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "core/text.hpp"
#include "support/files.hpp"
#include "support/recording_host.hpp"
#include "support/wait.hpp"

namespace omzmq {
namespace {

using test::lines_of;
using test::read_file;

// A dead-letter line, read back by a JSON parser.
class Parsed {
 public:
  explicit Parsed(const std::string& line)
      : object_(fjson_tokener_parse(line.c_str()), fjson_object_put) {}

  [[nodiscard]] bool is_json() const { return object_ != nullptr; }
  [[nodiscard]] bool has(const char* key) const { return get(key) != nullptr; }
  [[nodiscard]] std::string text(const char* key) const {
    fjson_object* const value = get(key);
    if (value == nullptr) return "(none)";
    return {fjson_object_get_string(value),
            static_cast<std::size_t>(fjson_object_get_string_len(value))};
  }
  [[nodiscard]] std::int64_t number(const char* key) const {
    return fjson_object_get_int64(get(key));
  }

 private:
  [[nodiscard]] fjson_object* get(const char* key) const {
    fjson_object* value = nullptr;
    return object_ && fjson_object_object_get_ex(object_.get(), key, &value) != 0 ? value : nullptr;
  }
  std::unique_ptr<fjson_object, int (*)(fjson_object*)> object_;
};

std::string line_for(std::string_view payload) {
  return dead_letter_line("2024-02-29T12:00:00.000Z", "to hub", "too long", payload);
}

TEST(DeadLetterLine, SaysWhenWhereWhyAndWhat) {
  const std::string line = line_for("the message");
  EXPECT_TRUE(line.ends_with("}\n"));
  const Parsed parsed(line);
  EXPECT_EQ(parsed.text("time"), "2024-02-29T12:00:00.000Z");
  EXPECT_EQ(parsed.text("action"), "to hub");
  EXPECT_EQ(parsed.text("reason"), "too long");
  EXPECT_EQ(parsed.number("length"), 11);
  EXPECT_EQ(parsed.text("payload"), "the message");
  EXPECT_FALSE(parsed.has("payload_base64"));
}

TEST(DeadLetterLine, KeepsEveryCharacterOfAsciiButNul) {
  std::string all;
  for (int c = 1; c < 128; ++c) all += static_cast<char>(c);
  const std::string line = line_for(all);
  EXPECT_EQ(line.find('\n'), line.size() - 1) << "an LF inside would make two lines of it";
  const Parsed parsed(line);
  EXPECT_EQ(parsed.number("length"), 127);
  EXPECT_EQ(parsed.text("payload"), all);
}

TEST(DeadLetterLine, KeepsUtf8) {
  const std::string payload("caf\xC3\xA9 \xF0\x9F\x98\x80");
  EXPECT_EQ(Parsed(line_for(payload)).text("payload"), payload);
}

TEST(DeadLetterLine, KeepsWhatIsBehindANul) {
  for (const std::string& payload :
       {std::string("a\0b", 3), std::string("\0", 1), std::string("\0caf\xC3\xA9\0", 7)}) {
    const std::string line = line_for(payload);
    const Parsed parsed(line);
    if (parsed.has("payload")) {
      EXPECT_EQ(parsed.text("payload"), payload) << line;
    } else {
      EXPECT_EQ(parsed.text("payload_base64"), to_base64(payload)) << line;
    }
  }
}

TEST(DeadLetterLine, WritesWhatIsNotUtf8InBase64) {
  const Parsed parsed(line_for("caf\xE9"));
  EXPECT_FALSE(parsed.has("payload"));
  EXPECT_EQ(parsed.text("payload_base64"), "Y2Fm6Q==");
  EXPECT_EQ(parsed.number("length"), 4);
}

TEST(DeadLetterLine, TakesAnEmptyPayload) {
  const Parsed parsed(line_for(""));
  EXPECT_EQ(parsed.text("payload"), "");
  EXPECT_EQ(parsed.number("length"), 0);
}

TEST(DeadLetterLine, IsUtf8WhateverTheActionsName) {
  EXPECT_TRUE(is_utf8(dead_letter_line("t", "caf\xE9", "r", "p")));
}

class DeadLetterFileTest : public testing::Test {
 protected:
  test::RecordingHost host_;
  Log log_ = host_.log();
  test::TemporaryDirectory directory_;
  std::string path_ = directory_.file("dead.json");
};

TEST_F(DeadLetterFileTest, TouchesNothingBeforeTheFirstWrite) {
  const DeadLetterFile file(path_, "a", log_);
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(DeadLetterFileTest, DoesNothingWithoutAPath) {
  DeadLetterFile file("", "a", log_);
  file.write("x", "y");
  file.reopen();
  EXPECT_TRUE(host_.lines().empty());
}

TEST_F(DeadLetterFileTest, HasOneObjectALine) {
  DeadLetterFile file(path_, "to hub", log_);
  file.write("one\nwith LF", "too long");
  file.write("two", "too long");
  const auto lines = lines_of(read_file(path_));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(Parsed(lines[0]).text("payload"), "one\nwith LF");
  EXPECT_EQ(Parsed(lines[1]).text("payload"), "two");
  EXPECT_EQ(Parsed(lines[1]).text("action"), "to hub");
  const std::string time = Parsed(lines[1]).text("time");
  EXPECT_EQ(time.size(), 24U) << time;
  EXPECT_TRUE(time.starts_with("20") && time.ends_with("Z")) << time;
}

TEST_F(DeadLetterFileTest, IsReadableByItsOwnerOnly) {
  DeadLetterFile file(path_, "a", log_);
  file.write("x", "y");
  EXPECT_EQ(std::filesystem::status(path_).permissions(), std::filesystem::perms(0600));
}

TEST_F(DeadLetterFileTest, GoesOnBehindWhatIsThere) {
  for (const char* payload : {"one", "two"}) {
    DeadLetterFile file(path_, "a", log_);
    file.write(payload, "y");
  }
  EXPECT_EQ(lines_of(read_file(path_)).size(), 2U);
}

TEST_F(DeadLetterFileTest, IsANewFileAfterRenameAndReopen) {
  DeadLetterFile file(path_, "a", log_);
  file.write("one", "y");
  std::filesystem::rename(path_, path_ + ".1");
  file.write("two", "y");  // still the old one: nobody has said so
  file.reopen();
  EXPECT_FALSE(std::filesystem::exists(path_));
  file.write("three", "y");
  EXPECT_EQ(lines_of(read_file(path_ + ".1")).size(), 2U);
  const auto lines = lines_of(read_file(path_));
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(Parsed(lines[0]).text("payload"), "three");
}

TEST_F(DeadLetterFileTest, ReportsADirectoryThatIsNotThereOnce) {
  const std::string path = directory_.file("missing/dead.json");
  DeadLetterFile file(path, "a", log_);
  for (int i = 0; i < 5; ++i) file.write("secret payload", "y");
  ASSERT_EQ(host_.count(OMZMQ_LOG_ERROR), 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, path), 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "deadLetterFile"), 1U);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "secret"), 0U);
}

TEST_F(DeadLetterFileTest, ReportsAgainAfterItCouldBeWritten) {
  const std::string directory = directory_.file("comes and goes");
  DeadLetterFile file(directory + "/dead.json", "a", log_);
  file.write("1", "y");
  std::filesystem::create_directory(directory);
  file.write("2", "y");
  EXPECT_EQ(lines_of(read_file(directory + "/dead.json")).size(), 1U);
  std::filesystem::remove_all(directory);
  file.reopen();
  file.write("3", "y");
  file.write("4", "y");
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR), 2U);
}

TEST_F(DeadLetterFileTest, KeepsLinesWholeWhenManyThreadsWrite) {
  DeadLetterFile file(path_, "a", log_);
  constexpr std::size_t kThreads = 4;
  constexpr std::size_t kEach = 50;
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (std::size_t i = 0; i < kEach; ++i) {
          file.write(std::string(5000, 'x'), "y");
          if (i % 10 == 0) file.reopen();
        }
      });
    }
  }
  const auto lines = lines_of(read_file(path_));
  EXPECT_EQ(lines.size(), kThreads * kEach);
  for (const std::string& line : lines) {
    ASSERT_EQ(Parsed(line).number("length"), 5000);
  }
}

TEST_F(DeadLetterFileTest, BeginsANewLineAfterAWriteThatWasCutShort) {
  DeadLetterFile file(path_, "a", log_);
  file.write("one", "y");
  // A disk that is full after some more bytes.
  ASSERT_NE(std::signal(SIGXFSZ, SIG_IGN), SIG_ERR);  // NOLINT(cert-err33-c)
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{static_cast<rlim_t>(std::filesystem::file_size(path_)) + 20, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &tight), 0);
  file.write("two, of which the disk takes 20 bytes", "y");
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  file.write("three", "y");
  const auto lines = lines_of(read_file(path_));
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR), 1U);
  ASSERT_GE(lines.size(), 2U);
  EXPECT_EQ(Parsed(lines.back()).text("payload"), "three") << lines.back();
}

TEST_F(DeadLetterFileTest, DoesNotWaitForTheReaderOfANamedPipe) {
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  DeadLetterFile file(path_, "a", log_);
  auto written = std::async(std::launch::async, [&] { file.write("x", "y"); });
  const bool came_back = written.wait_for(std::chrono::seconds(5)) == std::future_status::ready;
  EXPECT_TRUE(came_back) << "a worker waits for ever, with cancellation held off";
  const int reader = ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  written.wait();
  ::close(reader);
}

}  // namespace
}  // namespace omzmq
