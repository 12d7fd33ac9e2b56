// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "tap/records/writer.hpp"

namespace omzmq::tap {

/// Where records go. `file` empty: to the descriptor that Output is given, and the rest is ignored.
struct OutputOptions {
  std::string file;                      ///< appended to, and made if it is not there
  std::uint64_t rotate_bytes = 0;        ///< no file with several records is larger; 0: no bound
  std::chrono::seconds rotate_every{0};  ///< no file is written to for longer; 0: no bound
  unsigned rotate_keep = 10;  ///< files kept beside `file`; 0: none; others stay as they are
};

/// The file cannot be opened or rotated; what() names it and says why.
class OutputError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where records are written: a descriptor such as standard output, or a file with rotation.
///
/// Rotation renames: FILE becomes FILE.1, FILE.1 becomes FILE.2 and so on; what would be beyond
/// `rotate_keep` is removed. A record is never cut: a file is rotated before the record that would
/// make it larger than `rotate_bytes`, and a single larger record has a file of its own. Time
/// counts from when the file was opened; a file without records is not rotated.
///
/// A file that somebody removed is made again before the next write to it, and within a second at
/// tick(). When the disk is full, the file is cut back to its size after the last complete write,
/// so that it ends with a whole record.
///
/// Like Writer, it is spent after any result but kOk.
///
/// Threads: one.
/// Ownership: owns the file; the descriptors it is given stay the caller's. SIGPIPE must be
/// ignored.
class Output {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// \param fd  used when `options.file` is empty
  /// \param stop_fd  readable once the program shall end, see Writer; -1: none
  /// Throws OutputError.
  Output(OutputOptions options, int fd, int stop_fd, TimePoint now);
  ~Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  /// Buffers one record with what ends it. The usual case, without rotation, adds nothing to
  /// Writer::write() but a comparison.
  WriteResult write(std::string_view record, std::string_view end);

  /// Writes what is buffered.
  WriteResult flush();

  /// Rotates by time and looks whether the file is still there. To be called between records, about
  /// once a second at least. Cheap when nothing is due.
  WriteResult tick(TimePoint now);

  /// When tick() has a rotation to do; nothing: never.
  [[nodiscard]] std::optional<TimePoint> due_at() const noexcept;

  /// Closes the file and opens it by its name again, as for a SIGHUP from logrotate. Does nothing
  /// for a descriptor.
  WriteResult reopen(TimePoint now);

  /// What went wrong, after kFailed or kAbandoned: a sentence for people without a full stop, such
  /// as "cannot write to 'a.log': No space left on device".
  [[nodiscard]] std::string error_text() const;

  /// A descriptor to be polled for POLLERR, as its reader may vanish; -1: none.
  [[nodiscard]] int watched_fd() const noexcept { return writer_.is_pipe() ? fd_ : -1; }

 private:
  WriteResult rotate();
  WriteResult check(WriteResult result);
  bool fail(std::string why);
  void cut_back() const noexcept;
  bool shift_names();
  bool open_file();
  bool replace_if_removed();
  void close_file() noexcept;
  [[nodiscard]] std::string numbered(unsigned number) const;
  [[nodiscard]] bool is_removed() const noexcept;
  [[nodiscard]] bool is_file() const noexcept { return !options_.file.empty(); }

  OutputOptions options_;
  int fd_;
  bool is_regular_ = false;         // a file that can be rotated and cut
  std::uint64_t max_bytes_;         // of the file; without a bound the largest number there is
  std::uint64_t bytes_ = 0;         // of the file, with what is buffered
  std::uint64_t safe_bytes_ = 0;    // of the file after the last complete write
  std::uint64_t base_bytes_ = 0;    // of the file when Writer had written nothing to it yet
  std::uint64_t base_written_ = 0;  // and what Writer had written elsewhere
  TimePoint now_;                   // as the caller last said
  TimePoint opened_at_;
  TimePoint looked_at_;  // for a removed file
  std::string error_;    // of a rotation or an opening
  WriteResult state_ = WriteResult::kOk;
  Writer writer_;
};

}  // namespace omzmq::tap
