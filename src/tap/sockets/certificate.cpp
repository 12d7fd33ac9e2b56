// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/sockets/certificate.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace omzmq::tap {
namespace {

constexpr mode_t kPublicMode = 0644;
constexpr mode_t kSecretMode = 0600;
constexpr mode_t kOthersMayRead = S_IRGRP | S_IROTH;
constexpr std::size_t kMaxFileBytes = 65536;
constexpr std::size_t kKeyBytes = 32;

constexpr std::string_view kPublicHead =
    "# ZeroMQ CURVE certificate, the public part: made by zmqtap keygen.\n"
    "# Give it to whom it concerns, by a way on which nobody can exchange it.\n\n";
constexpr std::string_view kSecretHead =
    "# ZeroMQ CURVE certificate, with the SECRET key: made by zmqtap keygen.\n"
    "# It is for its owner alone: keep it, and keep its permissions.\n\n";

std::string reason() { return std::generic_category().message(errno); }

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    throw CertificateError(fmt::format("certificate '{}': cannot be opened: {}", path, reason()));
  }
  std::string text(kMaxFileBytes, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) {
    throw CertificateError(fmt::format("certificate '{}': cannot be read", path));
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\"'";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// The value of `name = "value"` on a line of its own, or nothing.
std::string_view value_of(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos && trimmed(line.substr(0, equals)) == name) {
      return trimmed(line.substr(equals + 1));
    }
  }
  return {};
}

std::string key_in(std::string_view text, std::string_view name, const std::string& path) {
  const std::string_view key = value_of(text, name);
  if (key.empty()) {
    throw CertificateError(
        fmt::format("certificate '{}': holds no {}; it must be a file as 'zmqtap keygen' writes it",
                    path, name));
  }
  if (!is_key(key)) {
    throw CertificateError(
        fmt::format("certificate '{}': its {} is no CURVE key: {} characters of "
                    "Z85 are needed",
                    path, name, kKeyCharacters));
  }
  return std::string(key);
}

/// Closes, and unless told that all is well removes, the file that it made.
class NewFile {
 public:
  NewFile(std::string path, mode_t mode)
      : path_(std::move(path)),
        fd_(open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode)) {
    if (fd_ < 0) {
      throw CertificateError(errno == EEXIST
                                 ? fmt::format("'{}' is there already: it is left as it is", path_)
                                 : fmt::format("cannot create '{}': {}", path_, reason()));
    }
  }
  ~NewFile() {
    close(fd_);
    if (!is_kept_) {
      unlink(path_.c_str());
    }
  }
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  void write(std::string_view text) const {
    if (::write(fd_, text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        fsync(fd_) != 0) {
      throw CertificateError(fmt::format("cannot write '{}': {}", path_, reason()));
    }
  }
  void keep() noexcept { is_kept_ = true; }

 private:
  std::string path_;
  int fd_;
  bool is_kept_ = false;
};

}  // namespace

Certificate generate_certificate() {
  std::array<char, kKeyCharacters + 1> public_key{};
  std::array<char, kKeyCharacters + 1> secret_key{};
  if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
    throw CertificateError("the libzmq of this machine was built without CURVE");
  }
  return {public_key.data(), secret_key.data()};
}

bool is_key(std::string_view text) noexcept {
  // libzmq's decoder wants a string with an end, and complains of foreign characters.
  std::array<char, kKeyCharacters + 1> z85{};
  std::array<std::uint8_t, kKeyBytes> key{};
  if (text.size() != kKeyCharacters || text.find('\0') != std::string_view::npos) {
    return false;
  }
  text.copy(z85.data(), text.size());
  return zmq_z85_decode(key.data(), z85.data()) != nullptr;
}

Certificate load_own_certificate(const std::string& path) {
  std::string secret_path = path + std::string(kSecretSuffix);
  std::error_code none;
  if (!std::filesystem::is_regular_file(secret_path, none)) {
    secret_path = path;
  }
  const std::string text = read_file(secret_path);
  struct stat status {};
  if (stat(secret_path.c_str(), &status) != 0 || (status.st_mode & kOthersMayRead) != 0) {
    throw CertificateError(
        fmt::format("certificate '{}': others than its owner may read it; 'chmod 600 {}', and "
                    "new keys if somebody has",
                    secret_path, secret_path));
  }
  return {key_in(text, "public-key", secret_path), key_in(text, "secret-key", secret_path)};
}

std::string load_public_key(const std::string& path) {
  return key_in(read_file(path), "public-key", path);
}

void save_certificate(const std::string& path, const Certificate& certificate) {
  NewFile secret_file(path + std::string(kSecretSuffix), kSecretMode);
  NewFile public_file(path, kPublicMode);
  secret_file.write(
      fmt::format("{}metadata\ncurve\n    public-key = \"{}\"\n    secret-key = \"{}\"\n",
                  kSecretHead, certificate.public_key, certificate.secret_key));
  public_file.write(fmt::format("{}metadata\ncurve\n    public-key = \"{}\"\n", kPublicHead,
                                certificate.public_key));
  secret_file.keep();
  public_file.keep();
}

}  // namespace omzmq::tap
