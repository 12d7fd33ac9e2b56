// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/doorkeeper.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "support/descriptor_limit.hpp"
#include "support/files.hpp"
#include "support/recording_host.hpp"
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

  std::string_view name() const noexcept override { return "a door"; }
  int fd() const noexcept override { return fd_; }
  std::size_t backlog() const noexcept override { return 5; }
  std::error_code shut() noexcept override {
    ++shut_calls;
    return move(true);
  }
  std::error_code reopen() noexcept override { return move(false); }

  std::atomic<bool> is_shut = false;
  std::atomic<bool> is_stuck = false;
  std::atomic<int> attempts = 0;  ///< that came to nothing
  std::atomic<int> shut_calls = 0;

 private:
  std::error_code move(bool shut) noexcept {
    if (is_shut == shut) return {};
    if (is_stuck) {
      ++attempts;
      return {EPERM, std::generic_category()};
    }
    is_shut = shut;
    return {};
  }

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
  const test::RecordingHost host_;
  Doorkeeper keeper_{host_.log({})};
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

TEST_F(DoorkeeperTest, TriesAgainWhereADoorCouldNotBeMovedAndSaysSoOnce) {
  door_.is_stuck = true;
  keeper_.add(door_);
  leave(kLimit / 4);
  ASSERT_TRUE(test::eventually([&] { return door_.attempts >= 2; }));
  door_.is_stuck = false;
  EXPECT_TRUE(test::eventually([&] { return door_.is_shut.load(); }));
  door_.is_stuck = true;
  door_.attempts = 0;
  leave(kLimit / 2);
  ASSERT_TRUE(test::eventually([&] { return door_.attempts >= 2; }));
  door_.is_stuck = false;
  EXPECT_TRUE(test::eventually([&] { return !door_.is_shut; }));
  keeper_.remove(door_);
  EXPECT_EQ(host_.count(OMZMQ_LOG_ERROR, "'a door' cannot hold back new connections: "), 1U);
}

/// A daemon that takes no line until it is let go on.
class StuckHost {
 public:
  StuckHost() { entered() = is_let_go() = false; }
  ~StuckHost() { let_go(); }
  StuckHost(const StuckHost&) = delete;
  StuckHost& operator=(const StuckHost&) = delete;

  static std::atomic<bool>& entered() {
    static std::atomic<bool> only;
    return only;
  }
  static Log log() {
    return Log({&take_line, [] { return false; }, true}, {});
  }
  static void let_go() {
    is_let_go() = true;
    is_let_go().notify_all();
  }

 private:
  static std::atomic<bool>& is_let_go() {
    static std::atomic<bool> only;
    return only;
  }
  static void take_line(omzmq_severity /*severity*/, const char* /*text*/) {
    entered() = true;
    is_let_go().wait(false);
  }
};

TEST_F(DoorkeeperTest, LetsDoorsComeAndGoWhileNobodyTakesItsLines) {
  Doorkeeper keeper(StuckHost::log());
  StuckHost host;
  keeper.add(door_);
  leave(kLimit / 4);
  ASSERT_TRUE(test::eventually([] { return StuckHost::entered().load(); }));
  auto other = std::async(std::launch::async, [&] {
    FakeDoor door;
    keeper.add(door);
    keeper.remove(door);
  });
  EXPECT_EQ(other.wait_for(test::kPatience), std::future_status::ready);
  StuckHost::let_go();
  other.wait();
  keeper.remove(door_);
}

// Who connects to a unix socket and waits to be accepted.
class Waiting {
 public:
  explicit Waiting(const std::string& path)
      : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(std::data(address.sun_path), sizeof address.sun_path - 1);
    is_connected_ =
        ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Waiting() { ::close(fd_); }
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;

  [[nodiscard]] bool is_connected() const { return is_connected_; }
  [[nodiscard]] bool is_hung_up() const {
    char byte = 0;
    return ::recv(fd_, &byte, 1, 0) == 0;
  }

 private:
  int fd_;
  bool is_connected_ = false;
};

TEST_F(DoorkeeperTest, HangsUpOnThoseWhoWaitOnlyWhereNextToNothingIsLeft) {
  constexpr int kBacklog = 5;
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("socket");
  ListeningPath listening(path, 0600, kBacklog);
  const Waiting first(path);
  const Waiting second(path);
  ASSERT_TRUE(first.is_connected() && second.is_connected());
  keeper_.add(listening);
  keeper_.add(door_);  // it has its turn after the other
  leave(kLimit / 4);
  ASSERT_TRUE(test::eventually([&] { return door_.shut_calls >= 2; }));
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_FALSE(first.is_hung_up());
  leave(kBacklog);
  EXPECT_TRUE(test::eventually([&] { return first.is_hung_up() && second.is_hung_up(); }));
  keeper_.remove(door_);
  keeper_.remove(listening);
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
    EXPECT_FALSE(listening.shut());
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_TRUE(std::filesystem::exists(path + ".shut"));
    EXPECT_FALSE(listening.reopen());
    EXPECT_TRUE(std::filesystem::exists(path));
    EXPECT_FALSE(listening.shut());
  }
  EXPECT_FALSE(std::filesystem::exists(path + ".shut"));
}

TEST(ListeningPathAsADoor, LeavesThePathToWhoTookItMeanwhile) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("socket");
  ListeningPath first(path, 0600, 10);
  EXPECT_FALSE(first.shut());
  const ListeningPath second(path, 0600, 10);
  EXPECT_TRUE(first.reopen());
  EXPECT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(std::filesystem::exists(path + ".shut"));
}

}  // namespace
}  // namespace omzmq
