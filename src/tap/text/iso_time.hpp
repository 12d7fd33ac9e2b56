// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace omzmq::tap {

/// Words times as ISO 8601 in UTC with nanoseconds, such as 2026-03-01T12:00:00.000000001Z.
/// Remembers the last second and the last time, as the records of a batch share theirs.
///
/// Threads: one.
class IsoTime {
 public:
  /// The view holds until the next call. \param ns  since 1970-01-01 UTC
  [[nodiscard]] std::string_view of(std::uint64_t ns);

 private:
  std::uint64_t ns_ = 0;
  std::string text_;  // empty: of no time yet
};

}  // namespace omzmq::tap
