// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "core/log.hpp"

namespace omzmq {

/// The file of the messages that can never be sent: one JSON object a line, with "time", "action",
/// "reason", "length" and either "payload" or, where that is not UTF-8 or has a NUL,
/// "payload_base64".
///
/// A file that cannot be written is reported once, and again after it could be; the messages are
/// counted all the same.
///
/// Threads: any.
class DeadLetterFile {
 public:
  /// \param path  empty: there is no file, and write() does nothing. The log has to outlive this.
  DeadLetterFile(std::string path, std::string action, const Log& log);
  ~DeadLetterFile();
  DeadLetterFile(const DeadLetterFile&) = delete;
  DeadLetterFile& operator=(const DeadLetterFile&) = delete;

  void write(std::string_view payload, std::string_view reason) noexcept;

  /// Closes the file: the next write() opens it anew, so that it can be renamed away.
  void reopen() noexcept;

 private:
  void append(const std::string& line);

  const std::string path_;
  const std::string action_;
  const Log& log_;
  std::mutex mutex_;
  int fd_ = -1;           ///< guarded by mutex_; -1: closed
  bool failed_ = false;   ///< guarded by mutex_: the last write
  bool is_torn_ = false;  ///< guarded by mutex_: the file's last line has no end
};

/// The line for a message, with its LF.
/// \throws std::bad_alloc
[[nodiscard]] std::string dead_letter_line(std::string_view time, std::string_view action,
                                           std::string_view reason, std::string_view payload);

}  // namespace omzmq
