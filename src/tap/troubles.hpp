// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace omzmq::tap {

/// What went wrong so far, and what looks like it. Plain counts; nothing happened at 0.
struct Troubles {
  /// `missed` stays here once it is reached, and so does missing().
  static constexpr std::uint64_t kUncountable = std::numeric_limits<std::uint64_t>::max();

  std::uint64_t gaps = 0;        ///< frames before which messages were missing
  std::uint64_t missed = 0;      ///< these messages
  std::uint64_t recovered = 0;   ///< of them, those that came after all
  std::uint64_t duplicates = 0;  ///< messages that came again and were written again
  std::uint64_t dropped = 0;     ///< messages that came again and were not written again
  std::uint64_t restarts = 0;    ///< senders that began anew; not a loss by itself
  std::uint64_t corrupt = 0;     ///< frames
  std::uint64_t handshakes = 0;  ///< that failed
  std::uint64_t forgotten = 0;   ///< streams, too many to remember: their gaps are not known

  [[nodiscard]] std::uint64_t missing() const noexcept {
    return missed == kUncountable ? missed : missed - recovered;
  }

  /// Whether messages are missing, or nobody knows, came twice or could not be read.
  [[nodiscard]] bool is_trouble() const noexcept {
    return missing() > 0 || duplicates > 0 || corrupt > 0 || forgotten > 0;
  }

  bool operator==(const Troubles&) const = default;
};

/// "1 message", "2 messages".
[[nodiscard]] std::string counted(std::uint64_t count, std::string_view noun);

/// All counts that are not 0, each behind ", ": ", 12 missing, 1 restart". Empty when all is well.
[[nodiscard]] std::string describe(const Troubles& troubles);

/// All counts in a sentence, those that are 0 too.
[[nodiscard]] std::string summarize(const Troubles& troubles);

}  // namespace omzmq::tap
