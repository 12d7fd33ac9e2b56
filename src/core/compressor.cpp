// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/compressor.hpp"

#include <lz4frame.h>
#include <zstd.h>

#include <new>

namespace omzmq {
namespace {

/// zstd itself goes far below, to levels that compress next to nothing.
constexpr int kFastestZstd = -7;
constexpr int kSmallestLz4 = 12;

class ZstdCompressor final : public Compressor {
 public:
  explicit ZstdCompressor(int level) : context_(ZSTD_createCCtx()), level_(level) {
    if (!context_) throw std::bad_alloc();
  }

  [[nodiscard]] wire::Codec codec() const noexcept override { return wire::Codec::kZstd; }

  [[nodiscard]] std::size_t bound(std::size_t bytes) const noexcept override {
    return ZSTD_compressBound(bytes);
  }

  [[nodiscard]] std::optional<std::size_t> compress(std::string_view from,
                                                    char* to) noexcept override {
    const std::size_t size =
        ZSTD_compressCCtx(context_.get(), to, bound(from.size()), from.data(), from.size(), level_);
    if (ZSTD_isError(size) != 0) return std::nullopt;
    return size;
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* context) const noexcept { ZSTD_freeCCtx(context); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
  const int level_;
};

class Lz4Compressor final : public Compressor {
 public:
  explicit Lz4Compressor(int level) {
    LZ4F_cctx* context = nullptr;
    if (LZ4F_isError(LZ4F_createCompressionContext(&context, LZ4F_VERSION)) != 0)
      throw std::bad_alloc();
    context_.reset(context);
    preferences_.compressionLevel = level;
    preferences_.autoFlush = 1;
  }

  [[nodiscard]] wire::Codec codec() const noexcept override { return wire::Codec::kLz4; }

  [[nodiscard]] std::size_t bound(std::size_t bytes) const noexcept override {
    return LZ4F_compressFrameBound(bytes, &preferences_);
  }

  [[nodiscard]] std::optional<std::size_t> compress(std::string_view from,
                                                    char* to) noexcept override {
    LZ4F_preferences_t preferences = preferences_;
    preferences.frameInfo.contentSize = from.size();
    const std::size_t room = bound(from.size());
    std::size_t size = 0;
    const auto add = [&](std::size_t step) {
      if (LZ4F_isError(step) != 0) return false;
      size += step;
      return true;
    };
    if (!add(LZ4F_compressBegin(context_.get(), to, room, &preferences)) ||
        !add(LZ4F_compressUpdate(context_.get(), to + size, room - size, from.data(), from.size(),
                                 nullptr)) ||
        !add(LZ4F_compressEnd(context_.get(), to + size, room - size, nullptr))) {
      return std::nullopt;
    }
    return size;
  }

 private:
  struct Free {
    void operator()(LZ4F_cctx* context) const noexcept {
      static_cast<void>(LZ4F_freeCompressionContext(context));
    }
  };
  std::unique_ptr<LZ4F_cctx, Free> context_;
  LZ4F_preferences_t preferences_{};
};

}  // namespace

std::pair<int, int> compression_levels(Compression driver) noexcept {
  switch (driver) {
    case Compression::kNone:
      return {0, 0};
    case Compression::kZstd:
      return {kFastestZstd, ZSTD_maxCLevel()};
    case Compression::kLz4:
      return {0, kSmallestLz4};
  }
  return {0, 0};
}

std::unique_ptr<Compressor> make_compressor(Compression driver, std::optional<int> level) {
  switch (driver) {
    case Compression::kNone:
      return nullptr;
    case Compression::kZstd:
      return std::make_unique<ZstdCompressor>(level.value_or(ZSTD_defaultCLevel()));
    case Compression::kLz4:
      return std::make_unique<Lz4Compressor>(level.value_or(0));
  }
  return nullptr;
}

}  // namespace omzmq
