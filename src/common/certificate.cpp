// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "common/certificate.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

#include "common/small_file.hpp"
#include "common/trimmed.hpp"

namespace omzmq {
namespace {

constexpr mode_t kOthersMayRead = S_IRGRP | S_IROTH;
constexpr std::size_t kMostBytes = 65536;

[[noreturn]] void refuse(const std::string& path, const std::string& why) {
  throw CertificateError("certificate '" + shown_path(path) + "': " + why);
}

/// What `use` makes of the file.
template <typename Use>
auto with_file(const std::string& path, const Use& use) {
  try {
    return use(SmallFile(path, kMostBytes));
  } catch (const std::system_error& error) {
    switch (error.code().value()) {
      case EFBIG:
        refuse(path, "is longer than any certificate");
      case EINVAL:
        refuse(path, "is no regular file");
      default:
        refuse(path, "cannot be opened: " + error.code().message());
    }
  }
}

/// What may stand around a name or a value.
constexpr std::string_view kAround = " \t\r\"'";

/// The value of `name = "value"` on a line of its own, or nothing.
std::string_view value_of(std::string_view text, std::string_view name) noexcept {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos && trimmed(line.substr(0, equals), kAround) == name) {
      const std::string_view value = trimmed(line.substr(equals + 1), kAround);
      // No key has a quotation mark in it: behind the closing one there may be a comment.
      return trimmed(value.substr(0, value.find_first_of("\"'")), kAround);
    }
  }
  return {};
}

std::string require_key(std::string_view key, const std::string& name, const std::string& path) {
  if (key.empty()) {
    refuse(path, "holds no " + name + "; it must be a file as 'zmqtap keygen' writes it");
  }
  if (!is_key(key)) {
    refuse(path, "its " + name + " is no CURVE key: " + std::to_string(kKeyCharacters) +
                     " characters of Z85 are needed");
  }
  return std::string(key);
}

}  // namespace

std::string shown_path(const std::string& path) {
  std::error_code none;
  const bool is_there = std::filesystem::exists(path, none);
  return is_key(path) && !is_there ? "(a key, where a path is needed)" : path;
}

Certificate::Certificate(std::string public_part, std::string secret_part) noexcept
    : public_key(std::move(public_part)), secret_key(std::move(secret_part)) {}

Certificate::~Certificate() { wipe(secret_key.data(), secret_key.size()); }

Certificate::Certificate(Certificate&& other) noexcept = default;

// The old secret goes with the other one.
Certificate& Certificate::operator=(Certificate&& other) noexcept {
  public_key.swap(other.public_key);
  secret_key.swap(other.secret_key);
  return *this;
}

CertificateLines parse_certificate(std::string_view text) noexcept {
  return {value_of(text, "public-key"), value_of(text, "secret-key")};
}

Certificate load_own_certificate(const std::string& path) {
  std::string secret_path = path + std::string(kSecretSuffix);
  std::error_code none;
  if (!std::filesystem::is_regular_file(secret_path, none)) secret_path = path;
  return with_file(secret_path, [&](const SmallFile& file) {
    if ((file.mode() & kOthersMayRead) != 0) {
      refuse(secret_path, "others than its owner may read it; 'chmod 600 " + secret_path +
                              "', and new keys if somebody has");
    }
    const CertificateLines lines = parse_certificate(file.text());
    return Certificate{require_key(lines.public_key, "public-key", secret_path),
                       require_key(lines.secret_key, "secret-key", secret_path)};
  });
}

std::string load_server_key(const std::string& key_or_path) {
  std::error_code none;
  const bool is_there = std::filesystem::exists(key_or_path, none);
  return is_key(key_or_path) && !is_there ? key_or_path : load_public_key(key_or_path);
}

std::string load_public_key(const std::string& path) {
  return with_file(path, [&](const SmallFile& file) {
    return require_key(parse_certificate(file.text()).public_key, "public-key", path);
  });
}

}  // namespace omzmq
