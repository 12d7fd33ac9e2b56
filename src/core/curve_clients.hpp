// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "common/curve_key.hpp"
#include "core/log.hpp"
#include "core/refusal_log.hpp"

namespace omzmq {

/// Who may connect to an action that is a CURVE server: the parameter curve.clients.
///
/// Threads: any.
class CurveClients {
 public:
  static constexpr std::string_view kEverybody = "*";

  /// \param path  as of load_client_keys(), or kEverybody: whoever knows the server's key
  /// \throws CertificateError when it cannot be read or holds no key
  CurveClients(std::string path, const Log& log);

  /// Whether the client may connect. One that may not is told of in the log.
  [[nodiscard]] bool admit(const CurveKey& key, std::string_view address) noexcept;

  /// Reads the path again. Where that fails, a log line says so and the keys stay as they were.
  /// Connections that are there live on, whatever the new list says.
  void reload() noexcept;

  [[nodiscard]] std::size_t size() const;  ///< keys; 0: everybody

 private:
  using Keys = std::shared_ptr<const CurveKeys>;

  [[nodiscard]] Keys keys() const;
  void tell_refusal(std::string_view address);

  const std::string path_;
  const Log log_;
  mutable std::mutex mutex_;
  Keys keys_;            ///< guarded by mutex_; null: everybody
  RefusalLog refusals_;  ///< guarded by mutex_
};

}  // namespace omzmq
