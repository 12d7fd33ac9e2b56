// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>

#include "common/certificate.hpp"

// How CURVE certificates come into being; common/certificate.hpp reads them.

namespace omzmq::tap {

/// A new pair of keys. Throws CertificateError where libzmq has no CURVE.
[[nodiscard]] Certificate generate_certificate();

/// Writes PATH for everybody (0644) and PATH_secret for the owner (0600). A file that is there
/// already is never touched. Throws CertificateError; then neither file is left behind.
void save_certificate(const std::string& path, const Certificate& certificate);

}  // namespace omzmq::tap
