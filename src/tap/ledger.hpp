// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "omzmq/wire.hpp"
#include "tap/records/batch_memory.hpp"
#include "tap/records/continuity.hpp"
#include "tap/records/message.hpp"
#include "tap/report.hpp"
#include "tap/troubles.hpp"

namespace omzmq::tap {

/// Keeps account of what came, what is missing and what came twice, and reports it when it
/// happens.
///
/// Duplicates: either they are only counted, and judged by their numbers; or they are dropped, and
/// then only what BatchMemory knows for certain is one, because who drops loses what was none.
///
/// Threads: one.
/// Ownership: the report must outlive it.
class Ledger {
 public:
  /// What became of one packed frame.
  struct Entry {
    bool is_to_be_dropped = false;
    bool restart = false;
    std::uint64_t missed = 0;      // messages found missing by it
    std::uint64_t duplicated = 0;  // messages of it that were here before
  };

  struct Options {
    bool drops_duplicates = false;
    bool tells_gaps = true;  // else only counts them, as it is with duplicates
    bool tells_duplicates = true;
  };

  Ledger(Options options, Report& report);

  /// A sound packed frame, beats included.
  [[nodiscard]] Entry enter(const wire::BatchHeader& header, const Message& message);

  /// Whether there was a frame of this sender's start. If not, it may be a restart, and then the
  /// connections that closed before it should be known.
  [[nodiscard]] bool knows(std::uint64_t epoch) const { return continuity_.knows(epoch); }

  void enter_corrupt(const Message& message, std::string_view fault);

  void enter_failed_handshake() noexcept { ++troubles_.handshakes; }

  void connection_closed(int connection) { continuity_.connection_closed(connection); }

  [[nodiscard]] const Troubles& troubles() const noexcept { return troubles_; }

 private:
  void count(const Verdict& verdict);
  void report(const Verdict& verdict, const Entry& entry, const wire::BatchHeader& header,
              std::string_view topic);

  void report_gap(const Verdict& verdict, const wire::BatchHeader& header, std::string_view topic);

  Options options_;
  Report& report_;
  Continuity continuity_;
  std::optional<BatchMemory> taken_;  // when duplicates are dropped
  Troubles troubles_;
};

}  // namespace omzmq::tap
