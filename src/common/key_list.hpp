// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "common/curve_key.hpp"

// Who may connect to a CURVE server: the public keys of its clients.

namespace omzmq {

/// Keys that a list has at most; of a directory, files.
inline constexpr std::size_t kMostKeys = 100000;

/// Keys in Z85, one a line; '#' before a comment.
/// Threads: a value type.
struct KeyList {
  CurveKeys keys;              ///< up to the line that is wrong
  std::size_t wrong_line = 0;  ///< the first one that is no key, from 1; 0: none is wrong
};
/// \throws std::bad_alloc
[[nodiscard]] KeyList parse_key_list(std::string_view text);

/// Reads the keys of a directory of public certificates (files that begin with '.' or end in
/// "_secret" are passed over), of one public certificate, or of a file of keys; at least one.
/// \param most  keys, or files of a directory
/// Throws CertificateError.
[[nodiscard]] CurveKeys load_client_keys(const std::string& path, std::size_t most = kMostKeys);

}  // namespace omzmq
