// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Spool: saving at the stop. What happens at the start is in spool.cpp.
#include <omzmq/wire.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <system_error>
#include <utility>

#include "common/format.hpp"
#include "core/spool.hpp"

namespace omzmq {

void Spool::begin_save() noexcept {
  open();
  newer_messages_ = 0;
  older_messages_ = 0;
  older_end_ = 0;
  older_failed_ = false;
  why_.clear();
}

void Spool::save(const Frame& frame) noexcept {
  if (settings_.spool_file.empty() || (frame.is_beat() && frame.messages == 0)) return;
  // What was replayed from a file that is gone by now is as new as the rest.
  write(frame, frame.is_replayed && !sources_.empty());
}

void Spool::save_rest() noexcept {
  while (!older_failed_) {
    const auto frame = next();
    if (!frame) break;
    write(*frame, true);
  }
  if (has_more() && why_.empty()) why_ = "not enough memory to keep what an earlier run left";
}

void Spool::write(const Frame& frame, bool is_older) noexcept {
  (is_older ? older_messages_ : newer_messages_) += frame.messages;
  try {
    if (!writer_ && why_.empty()) {
      writer_.emplace(settings_.spool_file, SpoolPurpose{.format = settings_.format,
                                                         .sock_type = *settings_.sock_type,
                                                         .generation = last_generation_ + 1});
    }
    if (writer_) {
      if (frame.is_run) {
        append_each(frame);
      } else {
        writer_->append(frame);
      }
      if (is_older) older_end_ = writer_->frames();
      return;
    }
  } catch (const std::exception& error) {
    try {
      if (why_.empty()) why_ = error.what();
    } catch (const std::exception&) {  // no memory, even for that
      older_failed_ = true;
    }
  }
  older_failed_ = older_failed_ || is_older;
}

/// The messages of a run, each as the frame that it would be alone.
void Spool::append_each(const Frame& run) {
  Frame alone;
  alone.messages = 1;
  alone.held = 1;
  wire::Records records(run.body.view());
  while (const auto payload = records.next()) {
    alone.body.resize(0);
    alone.body.append(*payload);
    writer_->append(alone);
  }
}

/// REQUIRES: nothing is in the writer's memory
bool Spool::are_older_whole() const noexcept {
  return !older_failed_ && !has_more() && (!writer_ || writer_->frames() >= older_end_);
}

Spool::Saved Spool::end_save() noexcept {
  Saved saved;
  saved.unsaved = newer_messages_;
  try {
    if (writer_) writer_->flush();
    if (writer_ && writer_->failure() && why_.empty()) why_ = writer_->failure().message();
    if (!are_older_whole()) {
      writer_.reset();
    } else if (!writer_ || writer_->frames() == 0) {
      writer_.reset();
      remove();
    } else {
      const std::uint64_t messages = writer_->messages();
      replace_old();
      saved.messages = messages - older_messages_;
      saved.older = older_messages_;
      saved.unsaved -= saved.messages;
    }
  } catch (const std::exception& error) {
    if (why_.empty()) why_ = error.what();
  }
  writer_.reset();
  saved.why = std::move(why_);
  return saved;
}

/// Makes the new file last, then lets the old ones go.
/// \throws std::exception  it may not last; the old ones are still there
void Spool::replace_old() {
  try {
    writer_->finish();
  } catch (const std::system_error&) {
    writer_->keep();
    throw;
  }
  const std::string& path = settings_.spool_file;
  if (make_way()) {
    try {
      writer_->commit();
    } catch (const std::system_error& error) {
      log_.error(formatted("spoolFile '{}': what was unsent is in '{}': {}", path, writer_->file(),
                           error.what()));
    }
  } else {
    writer_->keep();
    log_.error(
        formatted("spoolFile '{}': what was unsent is in '{}', and is found there at the "
                  "next start",
                  path, writer_->file()));
  }
  if (writer_->file() == path) {
    std::erase_if(sources_, [&path](const Source& source) { return source.path == path; });
  }
  settle_all();
}

/// Moves aside what must not be replaced. \return false where it stays
bool Spool::make_way() {
  const std::string& path = settings_.spool_file;
  bool is_free = !has_obstacle_;
  for (const std::string& stranger : strangers_) {
    if (!move_aside(stranger, kDamaged) && stranger == path) is_free = false;
  }
  strangers_.clear();
  const auto in_place = std::find_if(sources_.begin(), sources_.end(),
                                     [&path](const Source& one) { return one.path == path; });
  if (in_place == sources_.end() || in_place->is_sound()) return is_free;
  if (!move_aside(path, kDamaged)) return false;
  sources_.erase(in_place);
  return is_free;
}

}  // namespace omzmq
