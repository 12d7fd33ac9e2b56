// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>
#include <string_view>

namespace omzmq::tap {

/// Whether this end listens or calls.
enum class Attachment { kBind, kConnect };

/// One address, without the '@' or '>' that may have stood before it.
struct Endpoint {
  Attachment attachment = Attachment::kConnect;
  std::string address;  ///< transport://rest, as libzmq reads it
};

/// Reads one ENDPOINT argument: '@' before it binds, '>' connects, else `attachment` holds.
/// Throws UsageError.
[[nodiscard]] Endpoint parse_endpoint(std::string_view text, Attachment attachment);

}  // namespace omzmq::tap
