// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>

#include "zmq/doorkeeper.hpp"

namespace omzmq {

/// A listening unix socket at a path of the file system, made here instead of by libzmq because
/// libzmq has no say over its permissions, and takes a path away from a process that still listens.
///
/// Removes the path when it goes, if it is still its own.
///
/// Shut, the path has another name, PATH.shut, and nobody may connect to that: who connects finds
/// nothing there. A socket of that name that nobody listens at goes: it is what a crash has left.
///
/// Threads: one at a time.
class ListeningPath final : public Door {
 public:
  /// \param mode  of the socket file, from the first moment on that one can connect
  /// \throws std::system_error: EADDRINUSE when somebody listens there or the path is no socket
  ListeningPath(std::string path, unsigned mode, int backlog);
  ~ListeningPath() override;
  ListeningPath(const ListeningPath&) = delete;
  ListeningPath& operator=(const ListeningPath&) = delete;

  [[nodiscard]] std::string_view name() const noexcept override { return path_; }
  [[nodiscard]] int fd() const noexcept override { return fd_; }
  [[nodiscard]] std::size_t backlog() const noexcept override { return backlog_; }
  [[nodiscard]] std::error_code shut() noexcept override;
  [[nodiscard]] std::error_code reopen() noexcept override;

 private:
  [[nodiscard]] bool is_ours(const std::string& path) const noexcept;
  /// path_ or hidden_; null: somebody took both away.
  [[nodiscard]] const std::string* our_name() const noexcept;
  /// \return 0, or errno
  [[nodiscard]] int forbid(const std::string& name, bool forbids) noexcept;

  const std::string path_;
  const std::string hidden_;  ///< its name while it is shut
  const mode_t mode_;
  const std::size_t backlog_;
  int fd_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  bool is_forbidden_ = false;  ///< nobody has a permission for it
};

}  // namespace omzmq
