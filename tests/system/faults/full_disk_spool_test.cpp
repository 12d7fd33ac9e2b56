// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Spool files that are out of reach, or on a file system that is full.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "full_disk_spools.hpp"
#include "full_disk_volume.hpp"

namespace omzmq::test {
namespace {

// ---- Files that can't be read or written

// What is there instead of a spool file that can be read.
constexpr unsigned kDirectory = 0;
constexpr unsigned kFifo = 1;
constexpr unsigned kForbidden = 2;   // a spool file of an earlier run
constexpr unsigned kUnwritable = 3;  // its directory is not for the daemon to write in
constexpr unsigned kObstacles = 4;

class SpoolsOutOfReach : public SpoolTest {
 protected:
  SpoolsOutOfReach() {
    for (unsigned action = 0; action < kObstacles; ++action) spools_.push_back(spool(action));
    spools_[kUnwritable] = directory_.file("closed/spool");
    std::filesystem::create_directory(directory_.file("closed"));
  }
  // Root is as little allowed as anybody else: what it could override is taken from it.
  static std::vector<std::string> as_ordinary_user() {
    if (::geteuid() != 0) return {};
    return {"setpriv", "--bounding-set=-dac_override,-dac_read_search"};
  }
  void start_all() { start(with_spools(kSpoolKinds[0], spools_), as_ordinary_user()); }
  void put_obstacles() const {
    std::filesystem::create_directory(spools_[kDirectory]);
    ASSERT_EQ(::mkfifo(spools_[kFifo].c_str(), 0600), 0);
    ASSERT_EQ(::chmod(spools_[kForbidden].c_str(), 0), 0);
    ASSERT_EQ(::chmod(directory_.file("closed").c_str(), 0500), 0);
  }
  void take_obstacles_away() const {
    std::filesystem::remove(spools_[kDirectory]);
    std::filesystem::remove(spools_[kFifo]);
    ASSERT_EQ(::chmod(directory_.file("closed").c_str(), 0700), 0);
    ASSERT_EQ(::chmod(spools_[kForbidden].c_str(), 0600), 0);
  }

  std::vector<std::string> spools_;
};

TEST_F(SpoolsOutOfReach, StopNoActionAndLoseNothingThatIsInThem) {
  start_all();
  Injector(daemon_->input()).numbered(0, 1, kSize);
  ASSERT_TRUE(wait_submitted(kObstacles, 1));
  ASSERT_EQ(stopped(*daemon_), "exit 0");
  ASSERT_TRUE(std::filesystem::exists(spools_[kForbidden]));
  for (const unsigned action : {kDirectory, kFifo, kUnwritable}) {
    ASSERT_TRUE(std::filesystem::remove(spools_[action]));
  }
  put_obstacles();

  // Each is reported, and each action works.
  TappedReceiver receiver = this->receiver(kSpoolKinds[0]);
  receiver.start();
  start_all();
  Injector(daemon_->input()).numbered(1, 1, kSize);
  for (unsigned action = 0; action < kObstacles; ++action) {
    EXPECT_TRUE(receiver.wait_for_all(1, default_bound(), action * kApart + 1)) << action;
    EXPECT_TRUE(wait_until([&] {
      return said().find("spoolFile '" + spools_[action] + "'") != std::string::npos;
    })) << said();
  }
  EXPECT_EQ(receiver.numbers().size(), kObstacles);
  EXPECT_EQ(receiver.stop(), 0);

  // What is unsent at the stop goes elsewhere, or is reported as lost.
  Injector(daemon_->input()).numbered(2, 1, kSize);
  ASSERT_TRUE(wait_submitted(kObstacles, 2));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(number_said(fmt::format("stopped with ([0-9]+) messages unsent that are lost: "
                                    "spoolFile '{}'",
                                    spools_[kUnwritable])),
            1U)
      << said();

  take_obstacles_away();
  TappedReceiver later = this->receiver(kSpoolKinds[0], "later");
  later.start();
  start_all();
  Injector(daemon_->input()).numbered(3, 1, kSize);
  for (unsigned action = 0; action < kObstacles; ++action) {
    EXPECT_TRUE(later.wait_for_all(1, default_bound(), action * kApart + 3)) << action;
  }
  const auto has = [&](unsigned action, unsigned number) {
    return later.wait_for_all(1, default_bound(), action * kApart + number);
  };
  EXPECT_TRUE(has(kDirectory, 2)) << said();
  EXPECT_TRUE(has(kFifo, 2)) << said();
  EXPECT_TRUE(has(kForbidden, 0)) << said();
  EXPECT_TRUE(has(kForbidden, 2)) << said();
  EXPECT_EQ(later.numbers().size(), kObstacles + 4);
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

// ---- A file system that is full

class FullDisk : public SpoolTest {
 protected:
  static constexpr unsigned kMany = 3000;

  void SetUp() override {
    const std::string why_not = why_no_namespaces(directory_);
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    disk_.emplace(directory_, "disk", 64);
  }
  // Without a receiver: messages first … first + count - 1 are submitted, then the daemon stops.
  void stop_with(unsigned first, unsigned count) {
    start_on_disk();
    Injector(daemon_->input()).numbered(first, count, kSize);
    ASSERT_TRUE(wait_submitted(1, count));
    std::filesystem::remove(log_file());
    before_ = daemon_->standard_error().size();
    EXPECT_EQ(stopped(*daemon_), "exit 0");
  }
  void start_on_disk() {
    start(with_spools(kSpoolKinds[0], {disk_->file("spool")}), disk_->command());
  }
  unsigned said_to_be(const std::string& what) const {
    const std::string now = read_file(log_file()) + daemon_->standard_error().substr(before_);
    return number_in(now, "stopped with ([0-9]+) messages unsent" + what).value_or(0);
  }
  unsigned said_to_be_saved() const { return said_to_be(": they are in spoolFile"); }
  unsigned said_to_be_lost() const { return said_to_be(" that are lost: spoolFile"); }
  bool is_spool_there() const { return std::filesystem::exists(disk_->from_outside("spool")); }
  void expect_from_spool(const std::vector<unsigned>& expected) {
    TappedReceiver receiver = this->receiver(kSpoolKinds[0]);
    receiver.start();
    start_on_disk();
    Injector(daemon_->input()).numbered(kApart - 1, 1, kSize);
    EXPECT_TRUE(receiver.wait_for_all(1, default_bound(), kApart - 1)) << said();
    std::vector<unsigned> all = expected;
    all.push_back(kApart - 1);
    EXPECT_EQ(receiver.numbers(), all);
    EXPECT_TRUE(wait_until([&] { return !is_spool_there(); }));
    EXPECT_EQ(stopped(*daemon_), "exit 0");
    EXPECT_EQ(receiver.stop(), 0);
  }
  static std::vector<unsigned> numbers_up_to(unsigned count) {
    std::vector<unsigned> numbers(count);
    for (unsigned n = 0; n < count; ++n) numbers[n] = n;
    return numbers;
  }

  std::optional<SmallDisk> disk_;
  std::size_t before_ = 0;
};

TEST_F(FullDisk, KeepsWhatFitsAndSaysWhatIsLost) {
  stop_with(0, kMany);
  const unsigned saved = said_to_be_saved();
  std::cout << saved << " messages were saved\n";
  EXPECT_EQ(saved + said_to_be_lost(), kMany) << said();
  // A record is 128 bytes long; a page may go to the directory, and one to what is not whole.
  EXPECT_GE(saved * 128 + 2 * 4096, 64 * 1024);
  EXPECT_LT(saved, kMany);
  expect_from_spool(numbers_up_to(saved));
}

TEST_F(FullDisk, WithoutAnyRoomSaysThatAllIsLost) {
  std::ofstream(disk_->from_outside("ballast")) << std::string(64 * 1024, 'x');
  ASSERT_EQ(disk_->free_bytes(), 0U);
  stop_with(0, kMany);
  EXPECT_EQ(said_to_be_lost(), kMany) << said();
  EXPECT_EQ(said_to_be_saved(), 0U) << said();
  expect_from_spool({});
}

// A stop before all of an earlier run's messages were sent writes them once more, beside the old
// file; there is no room for that.
TEST_F(FullDisk, KeepsTheOldFileWhenThereIsNoRoomForANewOne) {
  constexpr unsigned kOld = 300;  // 38 KiB
  stop_with(0, kOld);
  ASSERT_EQ(said_to_be_saved(), kOld) << said();
  stop_with(kOld, kOld);
  EXPECT_EQ(said_to_be_lost(), kOld) << said();
  expect_from_spool(numbers_up_to(kOld));
}

}  // namespace
}  // namespace omzmq::test
