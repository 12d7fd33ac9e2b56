// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <algorithm>
#include <cstddef>
#include <omzmq/wire.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace omzmq::bench {

/// What one ZeroMQ message holds: a payload, lines, or a batch of docs/wire-format.md.
enum class Framing { kRaw, kLines, kPacked };

/// \throws std::invalid_argument
[[nodiscard]] Framing to_framing(const std::string& name);

/// Takes ZeroMQ messages apart, as any receiver has to: a batch is verified and decompressed.
///
/// Threads: one.
class Payloads {
 public:
  explicit Payloads(Framing framing) noexcept : framing_(framing) {}

  /// Calls `take` with each payload in the message, in order.
  /// \return false, and nothing was taken, when it is no sound batch
  template <typename Take>
  [[nodiscard]] bool for_each(std::string_view message, Take&& take) {
    if (framing_ == Framing::kRaw) {
      take(message);
      return true;
    }
    if (framing_ == Framing::kPacked) {
      std::string_view raw;
      if (!open_batch(message, raw)) return false;
      wire::Records records(raw);
      while (const auto record = records.next()) take(*record);
      return true;
    }
    for (std::size_t from = 0; from <= message.size();) {
      const std::size_t to = std::min(message.find('\n', from), message.size());
      take(message.substr(from, to - from));
      from = to + 1;
    }
    return true;
  }

 private:
  [[nodiscard]] bool open_batch(std::string_view frame, std::string_view& raw);

  const Framing framing_;
  std::vector<char> decompressed_;
};

}  // namespace omzmq::bench
