// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "packed_frame.hpp"

#include <lz4frame.h>
#include <zstd.h>

#include <algorithm>
#include <stdexcept>

namespace omzmq::tap {

std::string packed_records(const std::vector<std::string>& payloads) {
  std::string raw;
  for (const std::string& payload : payloads) {
    char length[wire::kLengthBytes];
    wire::store(length, static_cast<std::uint32_t>(payload.size()));
    raw.append(length, sizeof length);
    raw += payload;
  }
  return raw;
}

std::string compressed(wire::Codec codec, std::string_view raw) {
  if (codec == wire::Codec::kNone) return std::string(raw);
  std::string body;
  std::size_t size = 0;
  if (codec == wire::Codec::kZstd) {
    body.resize(ZSTD_compressBound(raw.size()));
    size = ZSTD_compress(body.data(), body.size(), raw.data(), raw.size(), 1);
    if (ZSTD_isError(size) != 0) throw std::runtime_error(ZSTD_getErrorName(size));
  } else {
    body.resize(LZ4F_compressFrameBound(raw.size(), nullptr));
    size = LZ4F_compressFrame(body.data(), body.size(), raw.data(), raw.size(), nullptr);
    if (LZ4F_isError(size) != 0) throw std::runtime_error(LZ4F_getErrorName(size));
  }
  body.resize(size);
  return body;
}

std::string packed_frame(const wire::BatchHeader& header, std::string_view body) {
  std::string frame(wire::kHeaderBytes, '\0');
  frame += body;
  wire::write_header(frame.data(), frame.size(), header);
  return frame;
}

std::string packed_batch(wire::BatchHeader header, const std::vector<std::string>& payloads) {
  const std::string raw = packed_records(payloads);
  header.count = static_cast<std::uint32_t>(payloads.size());
  header.raw_bytes = static_cast<std::uint32_t>(raw.size());
  return packed_frame(header, compressed(header.codec, raw));
}

std::string packed_beat(std::uint64_t epoch, std::uint64_t stream, std::uint64_t next) {
  wire::BatchHeader header;
  header.is_beat = true;
  header.epoch = epoch;
  header.stream = stream;
  header.first = next;
  return packed_frame(header, "");
}

}  // namespace omzmq::tap
