// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include "core/text.hpp"

namespace omzmq {

/// A parameter is wrong. what() is a whole sentence for the user: parameter, value, what is right.
class ConfigError : public std::runtime_error {
 public:
  ConfigError(std::string parameter, const std::string& why)
      : std::runtime_error(to_printable(parameter + ": " + why)),
        parameter_(std::move(parameter)) {}

  [[nodiscard]] const std::string& parameter() const noexcept { return parameter_; }

 private:
  std::string parameter_;
};

}  // namespace omzmq
