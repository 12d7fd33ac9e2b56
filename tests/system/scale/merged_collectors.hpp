// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace omzmq::test {

// For zmqtap's -f: the payload, then what names the message on its way: epoch, stream and number.
inline constexpr const char* kNamedMessages = "%s %e %p %o\\n";

// The files of several collectors put together as whoever reads all of them would do it: a batch
// that went out again because its collector was gone has kept its names, so that a message which
// two files have is known by them.
struct Merged {
  std::vector<unsigned> numbers;  // of the messages, each name once
  unsigned duplicates = 0;        // lines whose name was there already
  unsigned contradictions = 0;    // … and stood for another message
  unsigned unreadable = 0;        // whole lines that are not of kNamedMessages
};

// texts: what collectors wrote with -f kNamedMessages.
Merged merge_collectors(const std::vector<std::string>& texts);

}  // namespace omzmq::test
