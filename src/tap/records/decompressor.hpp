// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "omzmq/wire.hpp"

struct ZSTD_DCtx_s;
struct LZ4F_dctx_s;

namespace omzmq::tap {

/// Decompresses the bodies of packed batches. The contexts of zstd and lz4 and the buffer are made
/// when they are first needed and used again.
///
/// A hostile body costs bounded memory: the output goes into one buffer of the announced size, and
/// zstd, which then needs no window of its own, and lz4 stop at its end.
///
/// Threads: one.
class Decompressor {
 public:
  Decompressor() noexcept = default;

  /// `body` decompressed, if that makes exactly `raw_bytes`; else nothing, and fault() says why.
  /// The view holds until the next call. Throws std::bad_alloc. The caller has bounded `raw_bytes`.
  [[nodiscard]] std::optional<std::string_view> decompress(wire::Codec codec, std::string_view body,
                                                           std::size_t raw_bytes);

  /// Why the last call gave nothing, for people.
  [[nodiscard]] const std::string& fault() const noexcept { return fault_; }

 private:
  struct Free {
    void operator()(ZSTD_DCtx_s* context) const noexcept;
    void operator()(LZ4F_dctx_s* context) const noexcept;
  };

  void reserve(std::size_t bytes);
  bool decompress_zstd(std::string_view body, std::size_t raw_bytes);
  bool decompress_lz4(std::string_view body, std::size_t raw_bytes);

  std::unique_ptr<ZSTD_DCtx_s, Free> zstd_;
  std::unique_ptr<LZ4F_dctx_s, Free> lz4_;
  std::size_t capacity_ = 0;
  std::unique_ptr<char[]> buffer_;  // capacity_ bytes
  std::string fault_;
};

}  // namespace omzmq::tap
