// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/refusal_log.hpp"

namespace omzmq {

std::optional<std::uint64_t> RefusalLog::admit(std::string_view address, Clock::time_point now) {
  auto known = of_address_.find(address);
  if (known == of_address_.end()) {
    if (of_address_.size() >= kMostAddresses) of_address_.clear();  // of_all_ holds the flood
    known = of_address_.try_emplace(std::string(address), 1, kInterval).first;
  }
  const auto before = known->second.admit(now);
  if (!before) return std::nullopt;
  const auto before_of_all = of_all_.admit(now);
  if (!before_of_all) return std::nullopt;
  return *before + *before_of_all;
}

}  // namespace omzmq
