// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include "core/text.hpp"

namespace omzmq {

/// A parameter is wrong. what() is a whole sentence for the user: parameter, value, what is right.
/// It is one line of printable UTF-8, and short enough for rsyslog, which cuts a line off.
class ConfigError : public std::runtime_error {
 public:
  ConfigError(std::string parameter, const std::string& why)
      : std::runtime_error(shortened(to_printable(parameter + ": " + why), kMostBytes)),
        parameter_(std::move(parameter)) {}

  [[nodiscard]] const std::string& parameter() const noexcept { return parameter_; }

 private:
  static constexpr std::size_t kMostBytes = 1024;

  std::string parameter_;
};

}  // namespace omzmq
