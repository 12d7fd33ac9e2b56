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
#include <exception>
#include <system_error>
#include <utility>

#include "common/descriptor.hpp"

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

/// Removes a socket that nobody listens at.
/// \throws std::system_error, EADDRINUSE, where the path is anything else
void remove_stale(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) fail(EADDRINUSE);
  const sockaddr_un address = address_of(path);
  const Descriptor probe(stream_socket());
  const int refused = ::connect(probe.get(), generic(address), sizeof address) == 0 ? 0 : errno;
  if (refused != ECONNREFUSED) fail(EADDRINUSE);
  if (::unlink(path.c_str()) != 0) fail(errno);
}

/// \return whether nothing is at the path any more
bool is_cleared(const std::string& path) noexcept {
  try {
    remove_stale(path);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

bool is_there(const std::string& path) noexcept {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

/// \return 0, or errno: EEXIST where the other name is taken
int rename_to_free(const std::string& from, const std::string& to) noexcept {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  // A file system over the network, or a sandbox, that has no such call.
  if (errno != EINVAL && errno != ENOSYS) return errno;
  if (is_there(to)) return EEXIST;
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

std::error_code as_code(int error) noexcept { return {error, std::generic_category()}; }

}  // namespace

ListeningPath::ListeningPath(std::string path, unsigned mode, int backlog)
    : path_(std::move(path)),
      hidden_(path_ + ".shut"),
      mode_(static_cast<mode_t>(mode)),
      backlog_(static_cast<std::size_t>(backlog)) {
  const sockaddr_un address = address_of(path_);
  remove_stale(path_);
  static_cast<void>(is_cleared(hidden_));  // now: when it is needed, descriptors are short
  fd_ = stream_socket();
  bool is_made = false;
  struct stat status {};
  // Nobody can connect before listen(). But who looked at the permissions before it may be held up
  // until after it: so bind() makes the path with the mode of the socket, less what the umask takes
  // off, which is put back then.
  if (::fchmod(fd_, mode_) != 0 ||
      !(is_made = ::bind(fd_, generic(address), sizeof address) == 0) ||
      ::lstat(path_.c_str(), &status) != 0 || ::chmod(path_.c_str(), mode_) != 0 ||
      ::listen(fd_, backlog) != 0) {
    const int error = errno;
    if (is_made) ::unlink(path_.c_str());
    ::close(fd_);
    fail(error);
  }
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

ListeningPath::~ListeningPath() {
  ::close(fd_);
  if (const std::string* const name = our_name()) ::unlink(name->c_str());
}

bool ListeningPath::is_ours(const std::string& path) const noexcept {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && status.st_ino == inode_ && status.st_dev == device_;
}

const std::string* ListeningPath::our_name() const noexcept {
  for (const std::string* name : {&path_, &hidden_}) {
    if (is_ours(*name)) return name;
  }
  return nullptr;
}

int ListeningPath::forbid(const std::string& name, bool forbids) noexcept {
  if (forbids == is_forbidden_) return 0;
  if (::chmod(name.c_str(), forbids ? 0 : mode_) != 0) return errno;
  is_forbidden_ = forbids;
  return 0;
}

// The permissions first, because the other name is known, too. Who needs none is not kept out by
// them.
std::error_code ListeningPath::shut() noexcept {
  const std::string* const name = our_name();
  if (name == nullptr) return {};
  const int not_forbidden = forbid(*name, true);
  int error = name == &path_ ? rename_to_free(path_, hidden_) : 0;
  if (error == EEXIST && is_cleared(hidden_)) error = rename_to_free(path_, hidden_);
  return as_code(error != 0 ? error : not_forbidden);
}

std::error_code ListeningPath::reopen() noexcept {
  const std::string* const name = our_name();
  if (name == nullptr) return {};
  const int not_allowed = forbid(*name, false);
  // Somebody may have taken the path meanwhile: it stays theirs.
  const int error = name == &hidden_ ? rename_to_free(hidden_, path_) : 0;
  return as_code(error != 0 ? error : not_allowed);
}

}  // namespace omzmq
