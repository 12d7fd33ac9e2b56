// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

// CURVE keys and the files that they are kept in: the certificate format that CZMQ and pyzmq read
// and write too. A certificate has two files: NAME, the public one, which everybody may have, and
// NAME_secret, which has both keys and is for its owner alone.

namespace omzmq::tap {

inline constexpr std::size_t kKeyCharacters = 40;  ///< of a CURVE key in Z85
inline constexpr std::string_view kSecretSuffix = "_secret";

/// A pair of CURVE keys in Z85, kKeyCharacters each.
struct Certificate {
  std::string public_key;
  std::string secret_key;  ///< empty: only the public key is known
};

/// A certificate that cannot be read, written or trusted; what() names the file and says why.
class CertificateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A new pair of keys. Throws CertificateError where libzmq has no CURVE.
[[nodiscard]] Certificate generate_certificate();

/// Whether the text is a key in Z85.
[[nodiscard]] bool is_key(std::string_view text) noexcept;

/// Reads a certificate with its secret key: from PATH_secret where that is a file, else from PATH.
/// Refuses a file that others than its owner may read. Throws CertificateError.
[[nodiscard]] Certificate load_own_certificate(const std::string& path);

/// The public key out of a certificate, public or secret. Throws CertificateError.
[[nodiscard]] std::string load_public_key(const std::string& path);

/// Writes PATH for everybody (0644) and PATH_secret for the owner (0600). A file that is there
/// already is never touched. Throws CertificateError; then neither file is left behind.
void save_certificate(const std::string& path, const Certificate& certificate);

}  // namespace omzmq::tap
