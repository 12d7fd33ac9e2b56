// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/listening_path.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>
#include <thread>

#include "support/files.hpp"

namespace omzmq {
namespace {

/// Makes the calling thread, and no other, a user to whom permissions apply.
void be_nobody() {
  constexpr long kNobody = 65534;
  if (::geteuid() == 0) ::syscall(SYS_setresuid, kNobody, kNobody, kNobody);
}

bool connects(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool is_in =
      ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return is_in;
}

/// Whether somebody without any right got in, who tried all the time while the path came and went.
bool was_reached(unsigned mode, bool until_reached) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("socket");
  std::filesystem::permissions(std::filesystem::path(path).parent_path(),
                               std::filesystem::perms{0711});
  const mode_t before = ::umask(0);
  std::atomic<bool> is_over = false;
  std::atomic<bool> is_reached = false;
  std::thread stranger([&] {
    be_nobody();
    while (!is_over) {
      if (connects(path)) is_reached = true;
    }
  });
  for (int i = 0; i < (until_reached ? 100000 : 2000) && !(until_reached && is_reached); ++i) {
    const ListeningPath listening(path, mode, 10);
  }
  is_over = true;
  stranger.join();
  ::umask(before);
  return is_reached;
}

TEST(ListeningPath, CannotBeReachedForAMomentByWhomTheModeKeepsOut) {
  EXPECT_FALSE(was_reached(0000, false));
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : ~0U;
}

/// Whether somebody without any right gets in.
bool lets_a_stranger_in(const std::string& path) {
  bool is_in = false;
  std::thread stranger([&] {
    be_nobody();
    is_in = connects(path);
  });
  stranger.join();
  return is_in;
}

TEST(ListeningPath, CanBeReachedByNeitherNameWhileItIsShut) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("socket");
  std::filesystem::permissions(std::filesystem::path(path).parent_path(),
                               std::filesystem::perms{0711});
  ListeningPath listening(path, 0666, 10);
  EXPECT_TRUE(lets_a_stranger_in(path));
  EXPECT_FALSE(listening.shut());
  EXPECT_FALSE(listening.shut());
  EXPECT_EQ(mode_of(path + ".shut"), 0U);
  EXPECT_FALSE(lets_a_stranger_in(path));
  EXPECT_FALSE(lets_a_stranger_in(path + ".shut"));
  EXPECT_FALSE(listening.reopen());
  EXPECT_FALSE(listening.reopen());
  EXPECT_EQ(mode_of(path), 0666U);
  EXPECT_TRUE(lets_a_stranger_in(path));
}

TEST(ListeningPath, ShutTakesNoNameOfOthersAndIsShutAllTheSame) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("socket");
  ListeningPath listening(path, 0600, 10);
  std::ofstream(path + ".shut") << "a file";
  EXPECT_EQ(listening.shut(), std::errc::file_exists);
  EXPECT_EQ(mode_of(path), 0U);
  EXPECT_TRUE(std::filesystem::is_regular_file(path + ".shut"));
  EXPECT_FALSE(listening.reopen());
  EXPECT_EQ(mode_of(path), 0600U);
  std::filesystem::remove(path + ".shut");
  EXPECT_FALSE(listening.shut());
  EXPECT_TRUE(std::filesystem::is_socket(path + ".shut"));
}

/// A socket at which nobody listens any more.
void leave_behind(const std::string& path) {
  const std::string elsewhere = path + ".kept";
  {
    const ListeningPath listening(path, 0600, 10);
    std::filesystem::create_hard_link(path, elsewhere);
  }
  std::filesystem::rename(elsewhere, path);
}

TEST(ListeningPath, ClearsAwayWhatACrashHasLeft) {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("socket");
  leave_behind(path);
  leave_behind(path + ".shut");
  ListeningPath listening(path, 0600, 10);
  EXPECT_FALSE(std::filesystem::exists(path + ".shut"));
  leave_behind(path + ".shut");
  EXPECT_FALSE(listening.shut());
  EXPECT_FALSE(std::filesystem::exists(path));
  EXPECT_EQ(mode_of(path + ".shut"), 0U);
}

TEST(ListeningPath, CanBeReachedByOthersWhenTheModeSaysSo) { EXPECT_TRUE(was_reached(0777, true)); }

}  // namespace
}  // namespace omzmq
