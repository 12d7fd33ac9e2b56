// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/wire.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "core/settings.hpp"

namespace omzmq {

/// Compresses the bodies of batches, one at a time, in a context that is made once.
///
/// Threads: one.
class Compressor {
 public:
  Compressor() = default;
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;
  virtual ~Compressor() = default;

  [[nodiscard]] virtual wire::Codec codec() const noexcept = 0;

  /// Bytes that compress() may need at `to` for so many.
  [[nodiscard]] virtual std::size_t bound(std::size_t bytes) const noexcept = 0;

  /// Writes a complete zstd or lz4 frame. REQUIRES: bound(from.size()) bytes at `to`
  /// \return its length, or nothing when the library could not (no memory)
  [[nodiscard]] virtual std::optional<std::size_t> compress(std::string_view from,
                                                            char* to) noexcept = 0;
};

/// The levels that a driver takes, from the fastest to the smallest result.
[[nodiscard]] std::pair<int, int> compression_levels(Compression driver) noexcept;

/// \param level  of the driver; nothing: the library's default
/// \return nullptr for Compression::kNone
/// \throws std::bad_alloc
[[nodiscard]] std::unique_ptr<Compressor> make_compressor(Compression driver,
                                                          std::optional<int> level);

}  // namespace omzmq
