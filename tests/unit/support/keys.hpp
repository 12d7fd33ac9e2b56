// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <string>
#include <string_view>

namespace omzmq::test {

// Keys that were made for these tests; each secret one belongs to the public one above it.
inline constexpr std::string_view kAnnasKey = "kBG2a6{CH?*rgYU))Xdry?y=bghkqFzkc}@*u[xE";
inline constexpr std::string_view kAnnasSecret = "V0jd9.lOU.EQBRi3r-@*WJLQ5?$phqHzMzg!.@+1";
inline constexpr std::string_view kBensKey = "!c-y{VkcZ)z#)$!s$K<<m[G!5f&qrwQf/b#5*GIS";
inline constexpr std::string_view kBensSecret = "l*]xeTARW?[LX4NqudE]d-.8s*/)B>6xofYdN^4@";

/// A certificate as CZMQ writes it; without a secret key, the public one.
inline std::string certificate_text(std::string_view public_key, std::string_view secret_key = {}) {
  std::string text = "#   who may\nmetadata\n    name = \"test\"\ncurve\n    public-key = \"";
  text += public_key;
  text += "\"\n";
  if (!secret_key.empty()) text.append("    secret-key = \"").append(secret_key).append("\"\n");
  return text;
}

/// Writes a file with these permissions.
inline void write_file(const std::string& path, std::string_view text, mode_t mode = 0600) {
  std::ofstream(path, std::ios::binary) << text;
  ::chmod(path.c_str(), mode);
}

}  // namespace omzmq::test
