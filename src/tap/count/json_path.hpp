// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace omzmq::tap {

/// One step into a JSON document: the name of an object's member, without a NUL, or the index of
/// an array's element, of which -1 is the last.
using JsonStep = std::variant<std::string, int>;

/// Reads a path in jq's way of writing, as JsonField describes it; at least one step. Throws
/// UsageError, which names `option`, the path, what is wrong and what would be right.
[[nodiscard]] std::vector<JsonStep> parse_json_path(std::string_view option, std::string_view path);

}  // namespace omzmq::tap
