// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace omzmq {

/// Reads a regular file from its beginning, many bytes at a time.
///
/// Threads: one at a time.
class ReadAhead {
 public:
  static constexpr std::size_t kBufferBytes = std::size_t{256} << 10;

  /// Opens a regular file, never anything else, and never through a symbolic link at its name. Does
  /// not wait.
  /// \throws std::runtime_error  with the reason; std::bad_alloc
  explicit ReadAhead(const std::string& path) : buffer_(kBufferBytes) {
    struct stat status {};
    // Before it is opened: to open a device may do something.
    if (::lstat(path.c_str(), &status) != 0) throw_errno();
    check_is_regular(status.st_mode);
    fd_ = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd_ < 0) throw_errno();
    const bool is_known = ::fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
    // Others may be allowed to write into the directory, and must not speak for this host.
    const bool is_ours = status.st_uid == ::geteuid() || status.st_uid == 0;
    if (!is_known || !is_ours) {
      ::close(fd_);
      throw std::runtime_error(is_known ? "it belongs to another user"
                                        : "it changed while it was opened");
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
  }
  ~ReadAhead() { ::close(fd_); }
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  /// Of the file when it was opened, or less where it was cut meanwhile.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Of the next byte.
  [[nodiscard]] std::uint64_t offset() const noexcept { return offset_; }
  [[nodiscard]] std::uint64_t left() const noexcept { return size_ - offset_; }

  /// The next bytes, fewer only where the file ends. REQUIRES: bytes <= kBufferBytes
  /// \throws std::system_error
  [[nodiscard]] std::string_view peek(std::size_t bytes) {
    if (filled_ - at_ < bytes) {
      std::memmove(buffer_.data(), buffer_.data() + at_, filled_ - at_);
      filled_ -= at_;
      at_ = 0;
      filled_ += read_file(buffer_.data() + filled_, buffer_.size() - filled_, offset_ + filled_);
    }
    return {buffer_.data() + at_, std::min(bytes, filled_ - at_)};
  }

  /// REQUIRES: peek(bytes) gave so many
  void skip(std::size_t bytes) noexcept {
    at_ += bytes;
    offset_ += bytes;
  }

  /// \return false where the file ends before
  /// \throws std::system_error
  [[nodiscard]] bool read(char* to, std::size_t bytes) {
    const std::size_t buffered = std::min(bytes, filled_ - at_);
    std::copy_n(buffer_.data() + at_, buffered, to);
    skip(buffered);
    to += buffered;
    bytes -= buffered;
    if (bytes <= kBufferBytes) {
      const std::string_view rest = peek(bytes);
      std::copy(rest.begin(), rest.end(), to);
      skip(rest.size());
      return rest.size() == bytes;
    }
    const std::size_t done = read_file(to, bytes, offset_);
    go_to(offset_ + done);
    return done == bytes;
  }

  /// REQUIRES: offset <= size()
  void go_to(std::uint64_t offset) noexcept {
    offset_ = offset;
    at_ = 0;
    filled_ = 0;
  }

 private:
  [[noreturn]] static void throw_errno() {
    throw std::system_error(errno, std::generic_category());
  }

  static void check_is_regular(mode_t mode) {
    switch (mode & S_IFMT) {
      case S_IFREG:
        return;
      case S_IFDIR:
        throw std::runtime_error("it is a directory, not a regular file");
      case S_IFLNK:
        throw std::runtime_error("it is a symbolic link, not a regular file");
      case S_IFIFO:
        throw std::runtime_error("it is a named pipe, not a regular file");
      case S_IFSOCK:
        throw std::runtime_error("it is a socket, not a regular file");
      default:
        throw std::runtime_error("it is a device, not a regular file");
    }
  }

  /// \return the bytes that were read: fewer only where the file ends
  [[nodiscard]] std::size_t read_file(char* to, std::size_t bytes, std::uint64_t from) {
    std::size_t done = 0;
    while (done < bytes && from + done < size_) {
      const auto most =
          static_cast<std::size_t>(std::min<std::uint64_t>(bytes - done, size_ - from - done));
      const auto got = ::pread(fd_, to + done, most, static_cast<off_t>(from + done));
      if (got < 0 && errno != EINTR) throw_errno();
      if (got == 0) size_ = from + done;
      if (got > 0) done += static_cast<std::size_t>(got);
    }
    return done;
  }

  int fd_ = -1;
  std::uint64_t size_ = 0;
  std::uint64_t offset_ = 0;
  std::vector<char> buffer_;  ///< the bytes from at_ to filled_ are those at offset_
  std::size_t at_ = 0;
  std::size_t filled_ = 0;
};

}  // namespace omzmq
