// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/sockets/keygen.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "common/format.hpp"
#include "tap/sockets/certificate.hpp"

namespace omzmq::tap {
namespace {

constexpr mode_t kDirectoryMode = 0700;

}  // namespace

std::string keygen(const KeygenRequest& request) {
  if (mkdir(request.directory.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
    throw CertificateError(formatted("cannot make the directory '{}': {}", request.directory,
                                     std::generic_category().message(errno)));
  }
  const std::string path = (std::filesystem::path(request.directory) / request.name).string();
  const Certificate certificate = generate_certificate();
  save_certificate(path, certificate);
  return formatted(
      "{}         the public certificate: give it to the peers\n"
      "{}{}  with the secret key, for its owner only (0600): keep it to yourself\n"
      "public key: {}\n",
      path, path, kSecretSuffix, certificate.public_key);
}

}  // namespace omzmq::tap
