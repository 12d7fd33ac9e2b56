// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/listening_path.hpp"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace omzmq {
namespace {

[[noreturn]] void fail(int error) { throw std::system_error(error, std::generic_category()); }

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail(ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int stream_socket() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) fail(errno);
  return fd;
}

const sockaddr* generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

ListeningPath::ListeningPath(std::string path, unsigned mode, int backlog)
    : path_(std::move(path)),
      hidden_(path_ + ".shut"),
      backlog_(static_cast<std::size_t>(backlog)) {
  const sockaddr_un address = address_of(path_);
  remove_stale();
  fd_ = stream_socket();
  struct stat status {};
  // Nobody can connect before listen(). But who looked at the permissions before it may be held up
  // until after it: so bind() makes the path with the mode of the socket, less what the umask takes
  // off, which is put back then.
  if (::fchmod(fd_, mode) != 0 || ::bind(fd_, generic(address), sizeof address) != 0 ||
      ::stat(path_.c_str(), &status) != 0 || ::chmod(path_.c_str(), mode) != 0 ||
      ::listen(fd_, backlog) != 0) {
    const int error = errno;
    ::close(fd_);
    fail(error);
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

ListeningPath::~ListeningPath() {
  ::close(fd_);
  for (const std::string* path : {&path_, &hidden_}) {
    if (is_ours(*path)) ::unlink(path->c_str());
  }
}

bool ListeningPath::is_ours(const std::string& path) const noexcept {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && status.st_ino == inode_ && status.st_dev == device_;
}

std::error_code ListeningPath::shut() noexcept {
  if (!is_ours(path_) || ::rename(path_.c_str(), hidden_.c_str()) == 0) return {};
  return {errno, std::generic_category()};
}

std::error_code ListeningPath::reopen() noexcept {
  // Somebody may have taken the path meanwhile: it stays theirs.
  const bool is_open = !is_ours(hidden_) || ::renameat2(AT_FDCWD, hidden_.c_str(), AT_FDCWD,
                                                        path_.c_str(), RENAME_NOREPLACE) == 0;
  if (is_open) return {};
  return {errno, std::generic_category()};
}

void ListeningPath::remove_stale() const {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) fail(EADDRINUSE);
  const sockaddr_un address = address_of(path_);
  const int probe = stream_socket();
  const int refused = ::connect(probe, generic(address), sizeof address) == 0 ? 0 : errno;
  ::close(probe);
  if (refused != ECONNREFUSED) fail(EADDRINUSE);
  if (::unlink(path_.c_str()) != 0) fail(errno);
}

}  // namespace omzmq
