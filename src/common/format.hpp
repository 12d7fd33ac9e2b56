// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <fmt/core.h>

#include <string>

namespace omzmq {

/// fmt::vformat(). fmt is compiled into format.cpp alone: the module needs no library for it, and
/// every other file is spared from compiling it again.
[[nodiscard]] std::string vformatted(fmt::string_view pattern, fmt::format_args args);

/// fmt::format(), for strings, characters and numbers. The pattern is checked when it is compiled.
template <typename... Args>
[[nodiscard]] std::string formatted(fmt::format_string<Args...> pattern, Args&&... args) {
  return vformatted(pattern, fmt::make_format_args(args...));
}

}  // namespace omzmq
