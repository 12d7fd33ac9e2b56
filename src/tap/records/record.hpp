// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string_view>

namespace omzmq::tap {

/// One log message and what is known of its way. Views into the frame that it came in, or into the
/// decoder's buffer: they hold until the decoder's next load().
struct Record {
  std::string_view payload;
  std::string_view topic;         ///< empty: none
  bool is_numbered = false;       ///< it came packed; else the next four are 0 and mean nothing
  std::uint64_t epoch = 0;        ///< of the sender's start
  std::uint64_t stream = 0;       ///< names the (action, topic) pair within the epoch
  std::uint64_t sequence = 0;     ///< number within the stream, from 0
  std::uint64_t sent_ns = 0;      ///< since 1970-01-01 UTC, when its batch was built
  std::uint64_t received_ns = 0;  ///< since 1970-01-01 UTC, when its frame came in; always set
};

}  // namespace omzmq::tap
