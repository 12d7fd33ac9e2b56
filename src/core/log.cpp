// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/log.hpp"

#include <exception>

namespace omzmq {

void Log::write(omzmq_severity severity, const std::string& text) const noexcept {
  try {
    host_.log(severity, (prefix_ + text).c_str());
  } catch (const std::exception&) {
    host_.log(severity, text.c_str());  // no memory for the name
  }
}

}  // namespace omzmq
