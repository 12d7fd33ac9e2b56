// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/config_error.hpp"
#include "core/settings.hpp"
#include "core/text.hpp"

namespace omzmq {

/// One row of a parameter table: the only place where a parameter is named, described and read.
/// docs/configuration.md has the same rows; a test compares them.
template <typename Target>
struct Parameter {
  std::string_view name;           ///< as documented; users may write it in any case
  std::string_view type;           ///< as documented: what a value may be
  std::string_view default_value;  ///< as documented
  bool is_list;                    ///< takes an array of strings
  /// Reads the values into the target. \throws ConfigError for `name`
  void (*read)(Target&, const Parameter&, std::span<const std::string> values);
};

[[nodiscard]] std::span<const Parameter<ModuleSettings>> module_parameters() noexcept;
[[nodiscard]] std::span<const Parameter<Settings>> action_parameters() noexcept;

/// Sets the parameter `lower_case_name`.
/// \throws ConfigError when there is none of that name, or a value is wrong
void set_parameter(ModuleSettings& settings, std::string_view lower_case_name,
                   std::span<const std::string> values);
void set_parameter(Settings& settings, std::string_view lower_case_name,
                   std::span<const std::string> values);

}  // namespace omzmq
