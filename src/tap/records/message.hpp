// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string_view>

namespace omzmq::tap {

/// One ZeroMQ message as it came in. Views into memory of whoever received it.
struct Message {
  std::string_view topic;         ///< the first part of several; empty if there is one part only
  std::string_view body;          ///< the last part
  int connection = -1;            ///< tells peers apart: the descriptor it came over; -1: unknown
  std::uint64_t received_ns = 0;  ///< since 1970-01-01 UTC, when it was taken from the socket
};

}  // namespace omzmq::tap
