// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/omzmq.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "core/text.hpp"

namespace omzmq {

/// Lines for the daemon's own log, each beginning with "omzmq[action name]: ". They are for changes
/// of state, never for each message, and hold no payload.
///
/// Threads: any.
class Log {
 public:
  /// \param name  of the action; empty: the module speaks
  Log(const omzmq_host& host, std::string_view name)
      : host_(host),
        prefix_(name.empty() ? "omzmq: "
                             : "omzmq[" + shortened(to_printable(name), kMostName) + "]: ") {}

  void error(const std::string& text) const noexcept { write(OMZMQ_LOG_ERROR, text); }
  void warning(const std::string& text) const noexcept { write(OMZMQ_LOG_WARNING, text); }
  void info(const std::string& text) const noexcept { write(OMZMQ_LOG_INFO, text); }

  /// An error that an exception tells of: "what: why", or `why` alone when memory is short.
  void failure(const char* what, const char* why) const noexcept;

  [[nodiscard]] bool stopping() const noexcept { return host_.stopping(); }
  [[nodiscard]] bool keeps_refused() const noexcept { return host_.keeps_refused; }

 private:
  void write(omzmq_severity severity, const std::string& text) const noexcept;

  static constexpr std::size_t kMostName = 256;  ///< bytes

  omzmq_host host_;
  std::string prefix_;
};

}  // namespace omzmq
