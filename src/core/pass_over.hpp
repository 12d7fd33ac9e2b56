// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>
#include <vector>

#include "core/settings.hpp"

namespace omzmq {

/// Takes out what omczmq takes and does nothing with, under omczmq's names: an action of omczmq
/// keeps to work when its type becomes omzmq. \return a line for the log for each, which names the
/// parameter as it was written
/// \throws std::bad_alloc
/// Threads: any.
[[nodiscard]] std::vector<std::string> pass_over(Settings& settings);

}  // namespace omzmq
