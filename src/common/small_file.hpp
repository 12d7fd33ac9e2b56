// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace omzmq {

/// Overwrites what a secret stood in, also where nobody reads it any more.
void wipe(void* data, std::size_t size) noexcept;

/// The bytes of a file that is read whole. They are overwritten when they go: it may be a secret.
///
/// Threads: one.
class SmallFile {
 public:
  /// Never waits for the other end of a pipe or a terminal: takes regular files only.
  /// \throws std::system_error: EFBIG when there are more than `most` bytes, EINVAL when it is no
  ///         regular file, EAGAIN when it grows under our eyes, else what the system said;
  ///         std::bad_alloc
  SmallFile(const std::string& path, std::size_t most);
  ~SmallFile();
  SmallFile(const SmallFile&) = delete;
  SmallFile& operator=(const SmallFile&) = delete;

  [[nodiscard]] std::string_view text() const noexcept { return {bytes_.data(), size_}; }
  /// Of the very file that was read, whatever has the name by now.
  [[nodiscard]] mode_t mode() const noexcept { return mode_; }

 private:
  std::vector<char> bytes_;
  std::size_t size_ = 0;
  mode_t mode_ = 0;
};

}  // namespace omzmq
