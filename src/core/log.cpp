// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/log.hpp"

#include <exception>

namespace omzmq {

void Log::failure(const char* what, const char* why) const noexcept {
  try {
    host_.log(OMZMQ_LOG_ERROR, (prefix_ + what + ": " + why).c_str());
  } catch (const std::exception&) {
    host_.log(OMZMQ_LOG_ERROR, why);
  }
}

void Log::write(omzmq_severity severity, const std::string& text) const noexcept {
  try {
    host_.log(severity, (prefix_ + text).c_str());
  } catch (const std::exception&) {
    host_.log(severity, text.c_str());  // no memory for the name
  }
}

}  // namespace omzmq
