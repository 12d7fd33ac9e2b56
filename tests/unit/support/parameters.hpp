// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "core/config_error.hpp"
#include "core/parameters.hpp"

namespace omzmq::test {

// What the refusal says, or nothing if there is none.
template <typename Target>
std::string refusal_of(Target& target, std::string_view name,
                       const std::vector<std::string>& values) {
  try {
    set_parameter(target, to_lower(name), values);
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.parameter(), name);
    EXPECT_TRUE(std::string(error.what()).starts_with(std::string(name) + ": ")) << error.what();
    return error.what();
  }
  return {};
}

inline std::string refusal_of(std::string_view name, const std::vector<std::string>& values) {
  Settings settings;
  return refusal_of(settings, name, values);
}

inline Settings with(std::string_view name, const std::vector<std::string>& values) {
  Settings settings;
  set_parameter(settings, to_lower(name), values);
  return settings;
}

}  // namespace omzmq::test
