// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/decompressor.hpp"

#include <lz4frame.h>
#include <zstd.h>

#include <algorithm>
#include <new>

namespace omzmq::tap {

void Decompressor::Free::operator()(ZSTD_DCtx_s* context) const noexcept { ZSTD_freeDCtx(context); }

void Decompressor::Free::operator()(LZ4F_dctx_s* context) const noexcept {
  LZ4F_freeDecompressionContext(context);
}

std::optional<std::string_view> Decompressor::decompress(wire::Codec codec, std::string_view body,
                                                         std::size_t raw_bytes) {
  reserve(raw_bytes);
  const bool done = codec == wire::Codec::kZstd ? decompress_zstd(body, raw_bytes)
                                                : decompress_lz4(body, raw_bytes);
  if (!done) return std::nullopt;
  return std::string_view(buffer_.get(), raw_bytes);
}

void Decompressor::reserve(std::size_t bytes) {
  bytes = std::max<std::size_t>(bytes, 1);  // lz4 is never given a null pointer
  if (bytes <= capacity_) return;
  capacity_ = 0;
  buffer_.reset();
  // Not set to zero: a small body that announces much would cost memory that nobody writes to.
  buffer_.reset(new char[bytes]);
  capacity_ = bytes;
}

bool Decompressor::decompress_zstd(std::string_view body, std::size_t raw_bytes) {
  if (!zstd_) {
    zstd_.reset(ZSTD_createDCtx());
    if (!zstd_) throw std::bad_alloc();
  }
  const std::size_t result =
      ZSTD_decompressDCtx(zstd_.get(), buffer_.get(), raw_bytes, body.data(), body.size());
  if (ZSTD_isError(result) != 0) {
    fault_ = std::string("zstd: ") + ZSTD_getErrorName(result);
    return false;
  }
  if (result != raw_bytes) {
    fault_ = "zstd: the body is smaller than the header says";
    return false;
  }
  return true;
}

bool Decompressor::decompress_lz4(std::string_view body, std::size_t raw_bytes) {
  if (!lz4_) {
    LZ4F_dctx* made = nullptr;
    if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0)
      throw std::bad_alloc();
    lz4_.reset(made);
  }
  // What a body that ended too soon left behind must not be taken for the beginning of this one.
  LZ4F_resetDecompressionContext(lz4_.get());
  LZ4F_decompressOptions_t options{};
  options.stableDst = 1;  // one piece of memory for the whole body: lz4 need not keep a copy of it
  std::size_t produced = 0;
  std::size_t hint = 1;  // 0: the frame is complete
  while (hint != 0) {
    std::size_t out_bytes = raw_bytes - produced;
    std::size_t in_bytes = body.size();
    hint = LZ4F_decompress(lz4_.get(), buffer_.get() + produced, &out_bytes, body.data(), &in_bytes,
                           &options);
    if (LZ4F_isError(hint) != 0) {
      fault_ = std::string("lz4: ") + LZ4F_getErrorName(hint);
      return false;
    }
    produced += out_bytes;
    body.remove_prefix(in_bytes);
    if (hint != 0 && in_bytes == 0 && out_bytes == 0) break;
  }
  if (hint != 0 || produced != raw_bytes || !body.empty()) {
    fault_ = "lz4: the body is cut off or not of the size that the header says";
    return false;
  }
  return true;
}

}  // namespace omzmq::tap
