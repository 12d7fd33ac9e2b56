// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/refusal_log.hpp"

#include <utility>

namespace omzmq {

std::optional<std::uint64_t> RefusalLog::admit(std::string_view address, Clock::time_point now) {
  auto known = of_address_.find(address);
  if (known == of_address_.end()) {
    if (of_address_.size() >= kMostAddresses) forget_addresses();  // of_all_ holds the flood
    known = of_address_.try_emplace(std::string(address), 1, kInterval).first;
  }
  LogLimit& of_this = known->second;
  if (!of_this.would_admit(now)) return of_this.admit(now);
  // The address keeps its line of the hour where there are too many lines now.
  const auto before_of_all = of_all_.admit(now);
  if (!before_of_all) return std::nullopt;
  return of_this.admit(now).value_or(0) + *before_of_all + std::exchange(of_forgotten_, 0);
}

void RefusalLog::forget_addresses() noexcept {
  for (auto& [address, limit] : of_address_) of_forgotten_ += limit.suppressed();
  of_address_.clear();
}

}  // namespace omzmq
