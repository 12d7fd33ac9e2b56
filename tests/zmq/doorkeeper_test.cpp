// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/doorkeeper.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "support/descriptor_limit.hpp"
#include "support/files.hpp"
#include "support/wait.hpp"
#include "zmq/listening_path.hpp"
#include "zmq/resources.hpp"

namespace omzmq {
namespace {

constexpr std::size_t kLimit = 120;

class FakeDoor final : public Door {
 public:
  FakeDoor() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
  ~FakeDoor() override { ::close(fd_); }
  FakeDoor(const FakeDoor&) = delete;
  FakeDoor& operator=(const FakeDoor&) = delete;

  int fd() const noexcept override { return fd_; }
  std::size_t backlog() const noexcept override { return 5; }
  void shut() noexcept override { is_shut = true; }
  void reopen() noexcept override { is_shut = false; }

  std::atomic<bool> is_shut = false;

 private:
  int fd_;
};

class DoorkeeperTest : public testing::Test {
 protected:
  ~DoorkeeperTest() override {
    for (const int fd : taken_) ::close(fd);
  }
  // Takes or gives back descriptors until so many are free.
  void leave(std::size_t free) {
    while (free_descriptors(kLimit) > free) {
      taken_.push_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    }
    while (free_descriptors(kLimit) < free && !taken_.empty()) {
      ::close(taken_.back());
      taken_.pop_back();
    }
  }

  const test::DescriptorLimit limit_{kLimit};
  Doorkeeper keeper_{std::nullopt};
  FakeDoor door_;
  std::vector<int> taken_;
};

TEST_F(DoorkeeperTest, ShutsAtAThirdAndReopensAtAQuarterMore) {
  keeper_.add(door_);
  leave(kLimit / 3 - 1);
  EXPECT_TRUE(test::eventually([&] { return door_.is_shut.load(); }));
  leave(kLimit / 3 + kLimit / 12);
  EXPECT_TRUE(test::eventually([&] { return !door_.is_shut; }));
  keeper_.remove(door_);
}

TEST_F(DoorkeeperTest, ShutsADoorThatComesWhileTheOthersAreShut) {
  keeper_.add(door_);
  leave(kLimit / 4);
  ASSERT_TRUE(test::eventually([&] { return door_.is_shut.load(); }));
  FakeDoor other;
  keeper_.add(other);
  EXPECT_TRUE(other.is_shut);
  keeper_.remove(other);
  keeper_.remove(door_);
}

TEST_F(DoorkeeperTest, FitsTheBacklogToTheDescriptors) {
  EXPECT_EQ(fitting_backlog(100), static_cast<int>(kLimit / 8));
  EXPECT_EQ(fitting_backlog(10), 10);
}

TEST(ListeningPathAsADoor, HasAnotherNameWhileItIsShut) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("socket");
  {
    ListeningPath listening(path, 0600, 10);
    listening.shut();
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_TRUE(std::filesystem::exists(path + ".shut"));
    listening.reopen();
    EXPECT_TRUE(std::filesystem::exists(path));
    listening.shut();
  }
  EXPECT_FALSE(std::filesystem::exists(path + ".shut"));
}

TEST(ListeningPathAsADoor, LeavesThePathToWhoTookItMeanwhile) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("socket");
  ListeningPath first(path, 0600, 10);
  first.shut();
  const ListeningPath second(path, 0600, 10);
  first.reopen();
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::exists(path + ".shut"));
}

}  // namespace
}  // namespace omzmq
