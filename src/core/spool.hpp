// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/frame.hpp"
#include "core/log.hpp"
#include "core/settings.hpp"
#include "core/spool_file.hpp"

namespace omzmq {

/// The spool file of an action: what an earlier run left is given out at the start, what this run
/// leaves is saved at the stop. Nothing that was in a file is lost by a crash at any moment, but it
/// may be sent twice.
///
/// There may be several files: PATH, and what a kill left under the names that a SpoolWriter uses.
/// A whole file holds all that was unsent in those of a lower generation, which are removed then.
/// Damaged files are moved to PATH.damaged once their whole frames are delivered, files for another
/// format or socket type to PATH.other at once (PATH.damaged.2 and so on where that is there).
///
/// What goes wrong is logged; no call throws or waits for anything but the disk. Without a
/// spoolFile all calls do nothing.
///
/// Threads: the sender's.
class Spool {
 public:
  /// Touches no file. Keeps references to the arguments.
  Spool(const Settings& settings, const Log& log) : settings_(settings), log_(log) {}

  /// Reads all files once through, says what is in them, and warns where none could be written.
  void open() noexcept;

  /// There are frames that next() has not given.
  [[nodiscard]] bool has_more() const noexcept { return left_ != 0; }

  /// The next frame of an earlier run. Nothing: there are no more, or, while has_more(), memory is
  /// short: call again later.
  [[nodiscard]] std::optional<Frame> next() noexcept;

  /// All frames that next() gave are delivered: removes the files, or moves them aside where they
  /// are damaged. Does nothing, and costs nothing, while has_more() and when that is done already.
  void remove() noexcept {
    if (!sources_.empty() && !has_more()) settle_all();
  }

  /// What a stop came to, in messages.
  struct Saved {
    std::uint64_t messages = 0;  ///< of this run that are in the file
    std::uint64_t older = 0;     ///< of an earlier run that are in the file
    std::uint64_t unsaved = 0;   ///< of this run that are not
    std::string why;             ///< not; empty: there is nothing to tell
  };

  // At the stop, in this order: begin_save(), then save() for replayed frames that are not
  // delivered, save_rest(), save() for what is newer, end_save().

  void begin_save() noexcept;

  void save(const Frame& frame) noexcept;

  /// Saves what next() has not given.
  void save_rest() noexcept;

  /// Puts the new file in place of the old ones. Where what was in these could not be saved whole,
  /// they stay, and nothing is saved. Where only newer frames could not be saved, the others are.
  /// With nothing to save there is no file.
  [[nodiscard]] Saved end_save() noexcept;

 private:
  static constexpr const char* kDamaged = ".damaged";

  /// A file of an earlier run.
  struct Source {
    std::string path;
    std::uint64_t generation;
    std::uint64_t frames;  ///< that are whole
    std::uint64_t messages;
    SpoolDamage damage;
    std::string failure;  ///< why it could not be read to its end; empty: it could

    [[nodiscard]] bool is_sound() const noexcept { return !damage.any() && failure.empty(); }
  };

  void find(const std::string& path);
  void verify(const std::string& path);
  void refuse(const std::string& path, const char* suffix, std::string_view why);
  void drop_superseded();
  void report(const Source& source) const;
  [[nodiscard]] bool check_directory() const;
  void give_up_source(const char* why) noexcept;

  void settle(const Source& source);
  void settle_all() noexcept;
  [[nodiscard]] bool move_aside(const std::string& path, const char* suffix);
  [[nodiscard]] std::string free_name(const char* suffix) const;

  void write(const Frame& frame, bool is_older) noexcept;
  void append_each(const Frame& run);
  [[nodiscard]] bool are_older_whole() const noexcept;
  void replace_old();
  [[nodiscard]] bool make_way();

  const Settings& settings_;
  const Log& log_;
  bool is_open_ = false;

  std::vector<Source> sources_;         ///< the oldest first
  std::vector<std::string> strangers_;  ///< files that nothing could be read of, still in the way
  bool has_obstacle_ = false;           ///< PATH is no regular file
  std::uint64_t last_generation_ = 0;

  std::uint64_t left_ = 0;  ///< frames
  std::size_t current_ = 0;
  std::uint64_t given_ = 0;  ///< frames of the current source
  std::optional<SpoolReader> reader_;
  bool told_no_memory_ = false;

  // While saving.
  std::optional<SpoolWriter> writer_;
  std::uint64_t newer_messages_ = 0;  ///< that were to be saved
  std::uint64_t older_messages_ = 0;
  std::uint64_t older_end_ = 0;  ///< the writer's number of frames behind the last older one
  bool older_failed_ = false;
  std::string why_;
};

}  // namespace omzmq
