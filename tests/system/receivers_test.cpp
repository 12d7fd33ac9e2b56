// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// The receivers of conf/receivers, which users start from, behind a real rsyslogd.

#include <ostream>

#include "system_test.hpp"

namespace omzmq::test {
namespace {

constexpr unsigned kCount = 20000;
constexpr std::size_t kSize = 100;

struct Case {
  std::string language;
  std::string compression;
};

std::ostream& operator<<(std::ostream& out, const Case& value) {
  return out << value.language << " with " << value.compression;
}

std::vector<std::string> command_of(const std::string& language) {
  if (language == "go") return {OMZMQ_TEST_RECEIVERS_READY "/go/receive"};
  if (language == "node") return {"node", OMZMQ_TEST_RECEIVERS_READY "/node/receive.mjs"};
  return {OMZMQ_TEST_PYTHON, OMZMQ_TEST_RECEIVERS "/python/receive.py"};
}

bool is_there(const TestDirectory& directory, const std::string& program) {
  return run({"sh", "-c", "command -v " + program}, directory.file("which")).ended.exit_code == 0;
}

class ReceiverIn : public SystemTest, public testing::WithParamInterface<Case> {
 protected:
  void SetUp() override {
    if (GetParam().language == "go" && !is_there(directory_, "go"))
      GTEST_SKIP() << "no Go here (package golang-go; scripts/deps.sh test installs it)";
  }

  void start_receiver(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = command_of(GetParam().language);
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    argv.push_back(endpoint_);
    receiver_.start(argv, directory_.file("receiver.out"), directory_.file("receiver.err"));
  }

  Configuration with_action(const std::string& parameters) const {
    return configuration().omzmq(fmt::format(
        R"(endpoints="{}" format="packed" compression.driver="{}" statsName="sender" {})",
        endpoint_, GetParam().compression, parameters));
  }

  std::string out() const { return read_file(directory_.file("receiver.out")); }
  std::string errors() const { return read_file(directory_.file("receiver.err")); }

  // Node.js decompresses zstd since 22.15, and says so when it is older.
  bool can_decompress() const {
    if (GetParam().language != "node" || GetParam().compression == "none") return true;
    const std::string script = "process.exit(require('node:zlib').zstdDecompressSync ? 0 : 1)";
    return run({"node", "-e", script}, directory_.file("node")).ended.exit_code == 0;
  }

  // Ended by itself, with all records in order, and silent but for its summary.
  void expect_complete() {
    const auto ended = receiver_.wait();
    ASSERT_TRUE(ended) << errors();
    if (!can_decompress()) {
      EXPECT_EQ(ended->exit_code, 1);
      EXPECT_NE(errors().find("zstd needs Node.js 22.15"), std::string::npos) << errors();
      return;
    }
    EXPECT_EQ(ended->exit_code, 0) << errors();
    EXPECT_EQ(errors(),
              fmt::format("records {}, missed 0, duplicates 0, corrupt 0, restarts 0\n", kCount));
    auto lines = split_lines({out()});
    lines.pop_back();
    EXPECT_TRUE(are_numbered_in_order(lines, kCount, kSize));
  }

  const std::string endpoint_ = free_tcp_endpoint();
  Process receiver_;
};

class ReceiverAcrossARestart : public ReceiverIn {};

TEST_P(ReceiverIn, PullsAllThatIsPushed) {
  start_receiver({"--pull", "--bind", "--count", std::to_string(kCount)});
  Rsyslogd daemon(directory_, with_action(R"(sockType="PUSH")"));
  daemon.start();
  Injector(daemon.input()).numbered(0, kCount, kSize);
  expect_complete();
}

TEST_P(ReceiverIn, SubscribedToATopicMissesNothingOfIt) {
  Rsyslogd daemon(directory_, with_action(R"(sockType="PUB" topics=["audit", "nginx", "sshd"] )"
                                          R"(waitForPeers="1" sendHWM="0")"));
  daemon.start();
  start_receiver({"--topic", "nginx", "--count", std::to_string(kCount)});
  Injector(daemon.input()).numbered(0, kCount, kSize);
  expect_complete();
}

TEST_P(ReceiverAcrossARestart, SeesNoGap) {
  start_receiver({"--pull", "--bind", "--count", "3"});
  Rsyslogd daemon(directory_, with_action(R"(sockType="PUSH")"));
  daemon.start();
  Injector(daemon.input()).message("one");
  EXPECT_TRUE(wait_until([&] { return out() == "one\n"; })) << errors();
  EXPECT_EQ(stopped(daemon), "exit 0");
  daemon.start();
  {
    Injector injector(daemon.input());
    injector.message("two");
    injector.message("three");
  }
  EXPECT_TRUE(receiver_.wait()) << errors();
  EXPECT_EQ(out(), "one\ntwo\nthree\n");
  EXPECT_TRUE(errors().starts_with("restart: new epoch ")) << errors();
  EXPECT_TRUE(errors().ends_with("\nrecords 3, missed 0, duplicates 0, corrupt 0, restarts 1\n"))
      << errors();
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.compression; }

INSTANTIATE_TEST_SUITE_P(python, ReceiverIn,
                         testing::Values(Case{"python", "none"}, Case{"python", "zstd"}), name_of);
INSTANTIATE_TEST_SUITE_P(go, ReceiverIn, testing::Values(Case{"go", "none"}, Case{"go", "zstd"}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(node, ReceiverIn,
                         testing::Values(Case{"node", "none"}, Case{"node", "zstd"}), name_of);
INSTANTIATE_TEST_SUITE_P(python, ReceiverAcrossARestart, testing::Values(Case{"python", "none"}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(go, ReceiverAcrossARestart, testing::Values(Case{"go", "none"}), name_of);
INSTANTIATE_TEST_SUITE_P(node, ReceiverAcrossARestart, testing::Values(Case{"node", "none"}),
                         name_of);

}  // namespace
}  // namespace omzmq::test
