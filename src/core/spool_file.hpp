// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "core/frame.hpp"
#include "core/read_ahead.hpp"
#include "core/spool_format.hpp"

// Writes and reads the spool file: frames as they go over the wire, kept from one run to the next.
// spool_format.hpp has its layout.

namespace omzmq {

/// Writes frames into a new file next to PATH, which takes PATH's place with commit(). The new file
/// is PATH.new, or PATH.new.2 and so on where that is there already: nothing is overwritten or
/// followed. Destroyed before commit() or keep(), it removes the new file.
///
/// A file that can take no more keeps the whole frames that are in it: see failure().
///
/// Threads: one at a time.
class SpoolWriter {
 public:
  /// The new file may have this many names.
  static constexpr unsigned kNames = 9;

  /// The name of the new file, from 1 to kNames.
  [[nodiscard]] static std::string new_path(const std::string& path, unsigned name);

  /// Creates the new file, for its owner only.
  /// \throws std::system_error, std::bad_alloc
  SpoolWriter(std::string path, const SpoolPurpose& purpose);
  ~SpoolWriter();
  SpoolWriter(const SpoolWriter&) = delete;
  SpoolWriter& operator=(const SpoolWriter&) = delete;

  /// Adds a frame, without the copies of it that are sent already.
  /// \throws std::system_error  EFBIG: no record can hold it, the next one may fit. Else the file
  ///         can take no more, failure() says why, and each further call throws the same
  /// \throws std::bad_alloc  and nothing has changed
  void append(const Frame& frame);

  /// Writes what is in memory. What a failure leaves of it is in failure(), frames() and
  /// messages().
  void flush() noexcept;

  /// Writes the end, where there is room for it, and waits until all is on the disk.
  /// \throws std::system_error  it may not be; keep() leaves the file for what it is worth
  void finish();

  /// Puts the file into PATH's place, replacing what is there. REQUIRES: finish()
  /// \throws std::system_error  the file stays where it is
  void commit();

  /// The file stays where it is.
  void keep() noexcept { is_kept_ = true; }

  /// Why no more was taken; no error: nothing failed.
  [[nodiscard]] std::error_code failure() const noexcept { return failure_; }
  /// What append() took; after a failure, what is in the file of that.
  [[nodiscard]] std::uint64_t frames() const noexcept { return written_.frames + buffered_.frames; }
  [[nodiscard]] std::uint64_t messages() const noexcept {
    return written_.messages + buffered_.messages;
  }
  /// Where the file is: under its new name until commit().
  [[nodiscard]] const std::string& file() const noexcept { return file_; }

 private:
  using Topics = std::span<const std::string>;

  void create();
  void put_head(const Frame& frame, Topics topics, std::size_t topic_bytes);
  void write_through(const Frame& frame, Topics topics, std::size_t topic_bytes);
  [[nodiscard]] std::size_t write_at(std::uint64_t offset, std::string_view bytes) noexcept;
  void give_up(std::size_t written) noexcept;
  void throw_failure() const;

  const std::string path_;
  std::string file_;
  int fd_ = -1;
  bool is_kept_ = false;
  std::string buffer_;        ///< whole records that are not in the file yet
  std::uint64_t offset_ = 0;  ///< in the file: where the next record goes
  spool_format::Totals written_;
  spool_format::Totals buffered_;
  std::error_code failure_;
};

/// What is wrong with a spool file, as far as it was read.
struct SpoolDamage {
  std::uint64_t records = 0;           ///< that are damaged and could be passed over
  std::uint64_t messages = 0;          ///< in these
  std::uint64_t bytes = 0;             ///< in these, and from where reading had to end
  std::optional<std::uint64_t> first;  ///< where in the file the first damage is
  bool is_end_missing = false;         ///< the file was cut, or cannot be read to its end

  [[nodiscard]] bool any() const noexcept { return first.has_value(); }
};

/// Reads a spool file frame by frame, with one frame at a time in memory. Only frames whose CRC is
/// right are given out; no bytes whatever do harm.
///
/// Threads: one at a time.
class SpoolReader {
 public:
  /// What the file's header says.
  enum class Header {
    kSound,
    kEmpty,           ///< the file has no bytes
    kDamaged,         ///< nothing can be read
    kUnknownVersion,  ///< nothing can be read
  };

  /// Opens a regular file, never anything else, and never through a symbolic link at its name.
  /// Does not wait.
  /// \throws std::runtime_error  with the reason; std::bad_alloc
  explicit SpoolReader(const std::string& path);

  [[nodiscard]] Header header() const noexcept { return header_; }
  /// REQUIRES: header() == kSound
  [[nodiscard]] const SpoolPurpose& purpose() const noexcept { return purpose_; }

  /// The next whole frame, passing over damaged ones; nothing at the end.
  /// \throws std::system_error  the file cannot be read
  /// \throws std::bad_alloc  the next call tries the same frame again
  [[nodiscard]] std::optional<Frame> next();

  /// Of the frames that next() gave.
  [[nodiscard]] std::uint64_t frames() const noexcept { return frames_; }
  [[nodiscard]] std::uint64_t messages() const noexcept { return messages_; }
  /// Complete once next() has given nothing.
  [[nodiscard]] const SpoolDamage& damage() const noexcept { return damage_; }

 private:
  using Head = spool_format::Head;

  void read_header();
  [[nodiscard]] std::optional<Frame> next_whole();
  [[nodiscard]] bool read_head();
  [[nodiscard]] bool read_content(const Head& head, Frame& frame);
  [[nodiscard]] bool take_topics(Frame& frame) const;
  [[nodiscard]] bool take_awaited(Frame& frame) const noexcept;
  void check_end(const char* end) noexcept;
  void note_damaged_record(const Head& head, std::uint64_t begin) noexcept;
  void end_at_damage() noexcept;

  ReadAhead file_;
  Header header_ = Header::kDamaged;
  SpoolPurpose purpose_;
  std::optional<Head> head_;  ///< of the record whose content is next
  std::string topics_;        ///< as they are in the file
  bool has_ended_ = false;
  std::uint64_t frames_ = 0;
  std::uint64_t messages_ = 0;
  SpoolDamage damage_;
};

}  // namespace omzmq
