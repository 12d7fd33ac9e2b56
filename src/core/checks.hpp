// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/settings.hpp"

// What Settings::validate() looks at besides single values, and what one action alone cannot show.
// All throw ConfigError; none touches anything outside memory but file_complaints(), which looks
// whether directories are there.

namespace omzmq {

/// Refuses the parameter where it was given. \param why  what follows its value in the text
/// \param harmless  a value that says what happens anyway, and passes; an empty one is none
void refuse_given(const Settings& settings, std::string_view name, std::string_view why,
                  std::string_view harmless = {});

/// Parameters that were given and have nothing to have an effect on.
void check_effects(const Settings& settings);

/// Addresses that are bound twice or connected to by who binds them, families that do not fit.
void check_addresses(const Settings& settings);

/// What two actions of a configuration cannot both have. \param name  of the other one
void check_against(const Settings& settings, std::string_view name, const Settings& other);

/// What is wrong with the directories of the files that the action may have to write one day. The
/// action works without them, so these are errors to be logged, and no reason to refuse it: a
/// directory may come later.
[[nodiscard]] std::vector<std::string> file_complaints(const Settings& settings);

/// What works, and had better be otherwise: warnings to be logged.
[[nodiscard]] std::vector<std::string> address_warnings(const Settings& settings);

}  // namespace omzmq
