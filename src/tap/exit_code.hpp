// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

namespace omzmq::tap {

/// What zmqtap tells whoever started it.
enum class ExitCode : int {
  kOk = 0,
  kUsageOrOutput = 1,  ///< wrong command line, or the output cannot be written
  kUnreachable = 2,    ///< an endpoint cannot be bound, connected or authenticated
  kTimedOut = 3,       ///< no message for the time of -t
  kGap = 4,            ///< messages are missing
  kCorrupt = 5,        ///< a frame could not be read
  kDuplicate = 6,      ///< messages came twice and were written twice
};

}  // namespace omzmq::tap
