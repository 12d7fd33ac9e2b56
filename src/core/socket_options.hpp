// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/settings.hpp"

namespace omzmq {

/// A libzmq option that `socketOptions` takes, by its name without "ZMQ_" in lower case.
struct SocketOption {
  enum class Type { kInt, kInt64, kUint64, kString };
  /// What the option would have no effect without.
  enum class Needs { kNothing, kPub, kDealer, kTcp, kBind, kTcpConnect };

  std::string_view name;
  Type type;
  Needs needs;
  /// What libzmq takes, and what makes sense; of kString the bytes, of which there are `most`.
  std::int64_t least;
  std::int64_t most;
};
[[nodiscard]] std::span<const SocketOption> extra_socket_options() noexcept;

/// Reads "name=value" each. \throws ConfigError for `parameter`
[[nodiscard]] std::vector<std::pair<std::string, std::string>> read_socket_options(
    std::string_view parameter, std::span<const std::string> values);

/// Checks that each option has something to have an effect on. \throws ConfigError
void check_socket_options(const Settings& settings);

/// \throws ConfigError when the option "affinity" leaves the socket no I/O thread of the context
void check_affinity(const Settings& settings, const ModuleSettings& module);

}  // namespace omzmq
