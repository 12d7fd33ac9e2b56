// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "common/small_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "common/descriptor.hpp"

namespace omzmq {
namespace {

[[noreturn]] void fail(int error) { throw std::system_error(error, std::generic_category()); }

}  // namespace

void wipe(void* data, std::size_t size) noexcept {
  if (size > 0) ::explicit_bzero(data, size);
}

SmallFile::SmallFile(const std::string& path, std::size_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) fail(errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) fail(errno);
  if (!S_ISREG(status.st_mode)) fail(EINVAL);
  if (static_cast<std::size_t>(status.st_size) > most) fail(EFBIG);
  mode_ = status.st_mode;
  // A byte more than there should be: the end of the file is what read() says.
  bytes_.resize(static_cast<std::size_t>(status.st_size) + 1);
  while (size_ < bytes_.size()) {
    const ssize_t count = ::read(file.get(), bytes_.data() + size_, bytes_.size() - size_);
    if (count == 0) return;
    if (count > 0) {
      size_ += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      const int error = errno;
      wipe(bytes_.data(), bytes_.size());  // there will be no destructor
      fail(error);
    }
  }
  wipe(bytes_.data(), bytes_.size());
  fail(EAGAIN);
}

SmallFile::~SmallFile() { wipe(bytes_.data(), bytes_.size()); }

}  // namespace omzmq
