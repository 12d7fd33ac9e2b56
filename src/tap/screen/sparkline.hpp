// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>

#include "tap/screen/flow_table.hpp"
#include "tap/text/display_text.hpp"

namespace omzmq::tap {

/// A bar for each of the last `seconds`, the latest on the right, scaled to the highest among them.
/// Only a rate of 0 has the lowest bar; a second before the history began is blank.
[[nodiscard]] DisplayText sparkline(const RateHistory& history, std::size_t seconds,
                                    Charset charset);

}  // namespace omzmq::tap
