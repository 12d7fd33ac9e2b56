// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>

namespace omzmq::tap {

/// What `zmqtap keygen` was asked for.
struct KeygenRequest {
  std::string name;       ///< of the public file; "_secret" is put behind it for the other one
  std::string directory;  ///< where the files go; made, for its owner alone, where it is missing
};

/// Makes a certificate and returns what there is to say about it. Throws CertificateError.
[[nodiscard]] std::string keygen(const KeygenRequest& request);

}  // namespace omzmq::tap
