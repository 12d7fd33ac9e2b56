// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/spool.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include "common/format.hpp"

namespace omzmq {
namespace {

constexpr const char* kOther = ".other";
/// So many files may have been moved aside under one name.
constexpr unsigned kMostAside = 1000;

std::string error_text(int error) { return std::generic_category().message(error); }

std::string_view name_of(Format format) noexcept {
  constexpr std::array<std::string_view, 3> kNames{"raw", "lines", "packed"};
  const auto index = static_cast<std::size_t>(format);
  return index < kNames.size() ? kNames[index] : "unknown";
}

std::string_view name_of(SocketType type) noexcept {
  constexpr std::array<std::string_view, 3> kNames{"PUB", "PUSH", "DEALER"};
  const auto index = static_cast<std::size_t>(type);
  return index < kNames.size() ? kNames[index] : "unknown";
}

/// The type of what is at the path, or 0 when nothing is.
/// \throws std::system_error
mode_t type_of(const std::string& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) return status.st_mode & S_IFMT;
  if (errno == ENOENT) return 0;
  throw std::system_error(errno, std::generic_category());
}

std::string describe(const SpoolDamage& damage) {
  std::string text;
  if (damage.any()) {
    text = formatted("{} records ({} messages) are damaged, {} bytes in all, the first at byte {}",
                     damage.records, damage.messages, damage.bytes, *damage.first);
  }
  if (damage.is_end_missing) text += "; its end is missing";
  return text;
}

}  // namespace

// ---- At the start

void Spool::open() noexcept {
  if (settings_.spool_file.empty() || std::exchange(is_open_, true)) return;
  try {
    if (!check_directory()) return;
    find(settings_.spool_file);
    for (unsigned name = 1; name <= SpoolWriter::kNames; ++name) {
      find(SpoolWriter::new_path(settings_.spool_file, name));
    }
    std::stable_sort(sources_.begin(), sources_.end(), [](const Source& one, const Source& two) {
      return one.generation < two.generation;
    });
    drop_superseded();
    for (const Source& source : sources_) left_ += source.frames;
    for (const Source& source : sources_) report(source);
    remove();
  } catch (const std::exception& error) {
    // Files that were found and not counted may not count as done with.
    if (left_ == 0) sources_.clear();
    log_.failure("spoolFile", error.what());
  }
}

void Spool::find(const std::string& path) {
  const bool is_main = path == settings_.spool_file;
  try {
    const mode_t type = type_of(path);
    if (type == 0) return;
    has_obstacle_ = has_obstacle_ || (is_main && type != S_IFREG);
    if (type == S_IFREG) strangers_.push_back(path);  // until it is known better
    verify(path);
  } catch (const std::exception& error) {
    // Whoever may not read it must not put it aside either.
    if (!strangers_.empty() && strangers_.back() == path) strangers_.pop_back();
    has_obstacle_ = has_obstacle_ || is_main;
    log_.error(formatted("spoolFile '{}' cannot be read: {}; {}", path, error.what(),
                         is_main ? formatted("what is unsent at the stop goes to '{}'",
                                             SpoolWriter::new_path(path, 1))
                                 : "it is left alone"));
  }
}

void Spool::verify(const std::string& path) {
  SpoolReader reader(path);
  switch (reader.header()) {
    case SpoolReader::Header::kDamaged:
      return refuse(path, kDamaged, "is damaged at its beginning: nothing of it can be read");
    case SpoolReader::Header::kUnknownVersion:
      return refuse(path, kOther, "is of a version that is not known here");
    case SpoolReader::Header::kEmpty:
    case SpoolReader::Header::kSound:
      break;
  }
  const SpoolPurpose& purpose = reader.purpose();
  const bool is_empty = reader.header() == SpoolReader::Header::kEmpty;
  if (!is_empty && !purpose.suits(settings_.format, *settings_.sock_type)) {
    return refuse(
        path, kOther,
        formatted("is for format '{}' and sockType '{}', and the action has '{}' and '{}'",
                  name_of(purpose.format), name_of(purpose.sock_type), name_of(settings_.format),
                  name_of(*settings_.sock_type)));
  }
  std::string failure;
  try {
    while (reader.next()) {
    }
  } catch (const std::system_error& error) {
    failure = error.what();
  }
  const std::uint64_t generation = is_empty ? 0 : purpose.generation;
  last_generation_ = std::max(last_generation_, generation);
  sources_.push_back({.path = path,
                      .generation = generation,
                      .frames = reader.frames(),
                      .messages = reader.messages(),
                      .damage = reader.damage(),
                      .failure = std::move(failure)});
  strangers_.pop_back();
}

/// Moves a file aside that no frame can be taken from.
void Spool::refuse(const std::string& path, const char* suffix, std::string_view why) {
  log_.error(formatted("spoolFile '{}' {}; its messages are not sent", path, why));
  if (move_aside(path, suffix)) strangers_.pop_back();
}

/// The whole file of the highest generation holds what is unsent in all before it.
void Spool::drop_superseded() {
  const auto whole = std::find_if(sources_.rbegin(), sources_.rend(),
                                  [](const Source& source) { return source.is_sound(); });
  if (whole == sources_.rend()) return;
  const auto generation = whole->generation;
  std::size_t older = 0;
  for (; sources_[older].generation < generation; ++older) settle(sources_[older]);
  sources_.erase(sources_.begin(), sources_.begin() + static_cast<std::ptrdiff_t>(older));
}

void Spool::report(const Source& source) const {
  if (source.generation == 0) {
    return log_.warning(formatted("spoolFile '{}' is empty; it is removed", source.path));
  }
  if (source.is_sound()) {
    if (source.frames == 0) return;
    return log_.info(formatted("spoolFile '{}': {} messages of an earlier run are sent first",
                               source.path, source.messages));
  }
  const std::string what = source.failure.empty() ? "is damaged: " + describe(source.damage)
                                                  : "cannot be read to its end: " + source.failure;
  log_.error(
      formatted("spoolFile '{}' {}; {} messages are whole and are sent first, then the file "
                "is moved to '{}'",
                source.path, what, source.messages, free_name(kDamaged)));
}

/// \return false when no file can be looked for
bool Spool::check_directory() const {
  const auto parent = std::filesystem::path(settings_.spool_file).parent_path();
  const std::string directory = parent.empty() ? "." : parent.string();
  if (::faccessat(AT_FDCWD, directory.c_str(), W_OK | X_OK, AT_EACCESS) == 0) return true;
  log_.warning(
      formatted("spoolFile '{}': nothing can be written in '{}': {}; what is unsent at "
                "the stop would be lost",
                settings_.spool_file, directory, error_text(errno)));
  return ::faccessat(AT_FDCWD, directory.c_str(), X_OK, AT_EACCESS) == 0;
}

std::optional<Frame> Spool::next() noexcept {
  while (has_more()) {
    Source& source = sources_[current_];
    if (given_ == source.frames) {
      reader_.reset();
      ++current_;
      given_ = 0;
      continue;
    }
    try {
      if (!reader_) reader_.emplace(source.path);
      if (auto frame = reader_->next()) {
        ++given_;
        --left_;
        return frame;
      }
      give_up_source("it is not what it was at the start");
    } catch (const std::bad_alloc& error) {
      if (!std::exchange(told_no_memory_, true)) log_.failure("spoolFile", error.what());
      return std::nullopt;
    } catch (const std::exception& error) {
      give_up_source(error.what());
    }
  }
  return std::nullopt;
}

/// The rest of the current source cannot be read.
void Spool::give_up_source(const char* why) noexcept try {
  Source& source = sources_[current_];
  const std::uint64_t lost = source.frames - given_;
  left_ -= lost;
  source.frames = given_;
  source.damage.is_end_missing = true;  // it is not removed, should memory be short for the rest
  source.failure = why;
  log_.error(
      formatted("spoolFile '{}' cannot be read to its end: {}; {} frames of it are not sent, "
                "the file is moved aside",
                source.path, why, lost));
} catch (const std::bad_alloc&) {
  log_.failure("spoolFile", why);
}

// ---- When the files have served

void Spool::settle(const Source& source) {
  if (!source.is_sound()) {
    static_cast<void>(move_aside(source.path, kDamaged));
  } else if (::unlink(source.path.c_str()) != 0 && errno != ENOENT) {
    log_.error(
        formatted("spoolFile '{}' cannot be removed: {}; its messages will be sent again at "
                  "the next start",
                  source.path, error_text(errno)));
  }
}

void Spool::settle_all() noexcept {
  reader_.reset();
  try {
    for (const Source& source : sources_) settle(source);
  } catch (const std::exception& error) {
    log_.failure("spoolFile", error.what());
  }
  sources_.clear();
  current_ = 0;
  given_ = 0;
}

bool Spool::move_aside(const std::string& path, const char* suffix) {
  const std::string aside = free_name(suffix);
  if (std::rename(path.c_str(), aside.c_str()) == 0) {
    log_.info(formatted("spoolFile '{}' was moved to '{}'", path, aside));
    return true;
  }
  log_.error(
      formatted("spoolFile '{}' cannot be moved to '{}': {}", path, aside, error_text(errno)));
  return false;
}

/// A name to move a file to, where nothing is yet.
std::string Spool::free_name(const char* suffix) const {
  const std::string first = settings_.spool_file + suffix;
  std::string name = first;
  for (unsigned n = 2; n <= kMostAside && type_of(name) != 0; ++n) {
    name = formatted("{}.{}", first, n);
  }
  return name;
}

}  // namespace omzmq
