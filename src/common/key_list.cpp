// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "common/key_list.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "common/certificate.hpp"
#include "common/small_file.hpp"
#include "common/trimmed.hpp"

namespace omzmq {
namespace {

constexpr std::size_t kMostBytes = std::size_t{16} << 20;

[[noreturn]] void refuse_path(const std::string& path, const std::string& why) {
  throw CertificateError("cannot read '" + shown_path(path) + "': " + why);
}

[[noreturn]] void refuse_too_many(const std::string& path, std::size_t most) {
  throw CertificateError("'" + path + "' holds more than " + std::to_string(most) + " keys");
}

CurveKey load_key(const std::string& path) {
  return to_curve_key(load_public_key(path)).value_or(CurveKey{});  // it is one
}

CurveKeys load_directory(const std::string& path, std::size_t most) {
  CurveKeys keys;
  std::size_t files = 0;  // not keys: however many have the same one, this ends
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name.starts_with('.') || name.ends_with(kSecretSuffix)) {
      continue;
    }
    if (++files > most) refuse_too_many(path, most);
    keys.insert(load_key(entry.path().string()));
  }
  return keys;
}

CurveKeys load_file(const std::string& path, std::size_t most) {
  try {
    const SmallFile file(path, kMostBytes);
    const std::string_view text = file.text();
    KeyList list = parse_key_list(text);
    if (list.keys.size() > most) refuse_too_many(path, most);
    if (list.wrong_line == 0) return std::move(list.keys);
    if (list.keys.empty() && text.find("public-key") != std::string_view::npos) {
      return {load_key(path)};
    }
    throw CertificateError("'" + path + "': line " + std::to_string(list.wrong_line) +
                           " is no CURVE key: " + std::to_string(kKeyCharacters) +
                           " characters of Z85 are needed, or a '#' before a comment" +
                           (list.keys.empty() ? "; nor is this a certificate, which has a line "
                                                "that begins with 'public-key'"
                                              : ""));
  } catch (const std::system_error& error) {
    const int code = error.code().value();
    refuse_path(path, code == EFBIG    ? "it is longer than any list of keys"
                      : code == EINVAL ? "it is neither a directory nor a regular file"
                                       : error.code().message());
  }
}

}  // namespace

KeyList parse_key_list(std::string_view text) {
  KeyList list;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end), " \t\r");
    text.remove_prefix(std::min(end + 1, text.size()));
    // No key begins with '#': its first five characters would be more than 32 bits.
    if (const auto key = to_curve_key(line)) {
      list.keys.insert(*key);
    } else if (!line.empty() && line.front() != '#') {
      list.wrong_line = number;
      break;
    }
  }
  return list;
}

CurveKeys load_client_keys(const std::string& path, std::size_t most) {
  CurveKeys keys;
  try {
    keys = std::filesystem::is_directory(path) ? load_directory(path, most) : load_file(path, most);
  } catch (const std::filesystem::filesystem_error& error) {
    refuse_path(path, error.code().message());
  }
  if (keys.empty()) {
    throw CertificateError("'" + path + "' holds no public certificate: nobody could connect");
  }
  return keys;
}

}  // namespace omzmq
