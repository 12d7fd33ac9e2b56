// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "ledger.hpp"

namespace omzmq::bench {

void Ledger::note(std::uint64_t number) {
  if (number >= seen_.size()) {
    ++foreign_;
  } else if (seen_[number]) {
    ++duplicates_;
  } else {
    seen_[number] = true;
    ++distinct_;
  }
}

}  // namespace omzmq::bench
