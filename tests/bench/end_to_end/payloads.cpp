// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "payloads.hpp"

#include <zstd.h>

#include <stdexcept>

namespace omzmq::bench {
namespace {

constexpr std::size_t kMostRawBytes = std::size_t{64} << 20;

}  // namespace

Framing to_framing(const std::string& name) {
  if (name == "raw") return Framing::kRaw;
  if (name == "lines") return Framing::kLines;
  if (name == "packed") return Framing::kPacked;
  throw std::invalid_argument("format is '" + name + "'; it is raw, lines or packed");
}

bool Payloads::open_batch(std::string_view frame, std::string_view& raw) {
  wire::Batch batch;
  if (read_batch(frame, kMostRawBytes, batch) != wire::Fault::kNone) return false;
  raw = batch.body;
  if (batch.header.codec == wire::Codec::kZstd) {
    decompressed_.resize(batch.header.raw_bytes);
    const std::size_t size = ::ZSTD_decompress(decompressed_.data(), decompressed_.size(),
                                               batch.body.data(), batch.body.size());
    if (::ZSTD_isError(size) != 0U) return false;
    raw = std::string_view(decompressed_.data(), size);
  } else if (batch.header.codec != wire::Codec::kNone) {
    return false;
  }
  return check_records(raw, batch.header) == wire::Fault::kNone;
}

}  // namespace omzmq::bench
