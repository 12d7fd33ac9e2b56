// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sockets.hpp"

namespace omzmq::bench {

struct LoadSettings {
  Input input;
  std::uint64_t messages = 0;    ///< numbered from 0
  std::size_t line_bytes = 256;  ///< without the LF
  unsigned connections = 1;      ///< that the lines go out over by turns, a block each
  std::uint64_t rate = 0;        ///< messages a second; 0: as fast as rsyslogd reads
};

/// Sends the lines. At full speed many go out with one write, and have the time of that. With a
/// rate, what is due goes out together with the time when it really does: 1 line at 10,000/s, some
/// 6 at 100,000/s, because a processor that sleeps is what leaves rsyslogd undisturbed.
/// \return one line of JSON: "sent", "first_ns" and "last_ns" (CLOCK_MONOTONIC, before the first
/// write and after the last)
/// \throws std::system_error
[[nodiscard]] std::string send_load(const LoadSettings& settings);

}  // namespace omzmq::bench
