// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/types.h>

#include <string>

namespace omzmq {

/// A listening unix socket at a path of the file system, made here instead of by libzmq because
/// libzmq has no say over its permissions, and takes a path away from a process that still listens.
///
/// Removes the path when it goes, if it is still its own.
///
/// Threads: one.
class ListeningPath {
 public:
  /// \param mode  of the socket file, from the first moment on that one can connect
  /// \throws std::system_error: EADDRINUSE when somebody listens there or the path is no socket
  ListeningPath(std::string path, unsigned mode, int backlog);
  ~ListeningPath();
  ListeningPath(ListeningPath&& other) noexcept;
  ListeningPath(const ListeningPath&) = delete;
  ListeningPath& operator=(const ListeningPath&) = delete;
  ListeningPath& operator=(ListeningPath&&) = delete;

  [[nodiscard]] int fd() const noexcept { return fd_; }

  /// Somebody else closes the descriptor; the path is still removed here.
  int release_fd() noexcept;

 private:
  void remove_stale() const;

  std::string path_;
  int fd_ = -1;
  dev_t device_ = 0;
  ino_t inode_ = 0;  ///< 0: nothing to remove
};

}  // namespace omzmq
