// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/listening_path.hpp"

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
    : path_(std::move(path)) {
  const sockaddr_un address = address_of(path_);
  remove_stale();
  fd_ = stream_socket();
  struct stat status {};
  // Nobody can connect before listen(): so the mode is set between bind() and listen().
  if (::bind(fd_, generic(address), sizeof address) != 0 || ::stat(path_.c_str(), &status) != 0 ||
      ::chmod(path_.c_str(), mode) != 0 || ::listen(fd_, backlog) != 0) {
    const int error = errno;
    ::close(fd_);
    fail(error);
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

ListeningPath::ListeningPath(ListeningPath&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      device_(other.device_),
      inode_(std::exchange(other.inode_, 0)) {}

ListeningPath::~ListeningPath() {
  if (fd_ >= 0) ::close(fd_);
  struct stat status {};
  const bool is_ours = inode_ != 0 && ::lstat(path_.c_str(), &status) == 0 &&
                       status.st_ino == inode_ && status.st_dev == device_;
  if (is_ours) ::unlink(path_.c_str());
}

int ListeningPath::release_fd() noexcept { return std::exchange(fd_, -1); }

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
