// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace omzmq {

/// What is known of a parameter that nobody has taken.
/// Threads: a value type.
struct UnknownName {
  std::string why;  ///< as of a ConfigError
  bool is_fatal;    ///< to go on without it would be worse than not to start
};

/// Where a parameter stands.
enum class Place { kModule, kAction };

/// Nothing where the name is like none of ours, and where it is one that rsyslog takes after us:
/// rsyslog reports what is left over itself.
/// Threads: any.
[[nodiscard]] std::optional<UnknownName> explain_unknown(std::string_view name, Place place);

}  // namespace omzmq
