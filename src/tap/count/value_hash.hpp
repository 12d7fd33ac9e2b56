// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string_view>

namespace omzmq::tap {

/// A hash of 64 good bits. With a seed that nobody else knows, nobody can prepare values that
/// collide. The same on every run, but not on machines of another byte order. Threads: any.
[[nodiscard]] std::uint64_t hash_bytes(std::string_view bytes, std::uint64_t seed) noexcept;

}  // namespace omzmq::tap
