// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "omzmq/wire.hpp"

namespace omzmq::tap {

/// Records one after another as in the body of a batch.
std::string packed_records(const std::vector<std::string>& payloads);

/// A body of records compressed as `codec` says.
std::string compressed(wire::Codec codec, std::string_view raw);

/// A frame with a right header and CRC around `body`, whatever that is.
std::string packed_frame(const wire::BatchHeader& header, std::string_view body);

/// A batch of these records that any receiver takes; its count and raw size are filled in.
std::string packed_batch(wire::BatchHeader header, const std::vector<std::string>& payloads);

/// A beat of a stream.
std::string packed_beat(std::uint64_t epoch, std::uint64_t stream, std::uint64_t next);

}  // namespace omzmq::tap
