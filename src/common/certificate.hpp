// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "common/curve_key.hpp"

// Files that CURVE keys are kept in: the certificate format that CZMQ and pyzmq read and write too.
// A certificate has two files: NAME, the public one, which everybody may have, and NAME_secret,
// which has both keys and is for its owner alone.

namespace omzmq {

inline constexpr std::string_view kSecretSuffix = "_secret";

/// A pair of CURVE keys in Z85, kKeyCharacters each. Overwrites the secret one when it goes.
///
/// Threads: a value type.
struct Certificate {
  Certificate(std::string public_part, std::string secret_part) noexcept;
  ~Certificate();
  Certificate(Certificate&& other) noexcept;
  Certificate& operator=(Certificate&& other) noexcept;
  Certificate(const Certificate&) = delete;
  Certificate& operator=(const Certificate&) = delete;

  std::string public_key;
  std::string secret_key;
};

/// A certificate that cannot be read, written or trusted; what() names the file and says why. It
/// never holds a key.
class CertificateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The path for an error: what is a key in Z85 and no file was written in its place, and stays out.
[[nodiscard]] std::string shown_path(const std::string& path);

/// The values of the lines `public-key = "..."` and `secret-key = "..."` of a certificate, whatever
/// they are; empty where there is no such line. They point into the text.
/// Threads: a value type.
struct CertificateLines {
  std::string_view public_key;
  std::string_view secret_key;
};
[[nodiscard]] CertificateLines parse_certificate(std::string_view text) noexcept;

/// Reads a certificate with its secret key: from PATH_secret where that is a file, else from PATH.
/// Refuses a file that others than its owner may read. Throws CertificateError.
[[nodiscard]] Certificate load_own_certificate(const std::string& path);

/// The public key out of a certificate, public or secret. Throws CertificateError.
[[nodiscard]] std::string load_public_key(const std::string& path);

/// What names a server: a key in Z85, or the path of its certificate. A text that could be both is
/// the path of a file that is there. Throws CertificateError.
[[nodiscard]] std::string load_server_key(const std::string& key_or_path);

}  // namespace omzmq
