// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/encoder.hpp"

namespace omzmq {
namespace {

constexpr std::string_view kEscapedLf = "#012";

std::string_view without_last_lf(std::string_view payload) noexcept {
  if (payload.ends_with('\n')) payload.remove_suffix(1);
  return payload;
}

}  // namespace

std::size_t line_bytes(std::string_view payload, std::size_t messages) noexcept {
  payload = without_last_lf(payload);
  std::size_t inner = 0;  // find() is many times faster than counting byte by byte
  for (auto lf = payload.find('\n'); lf != std::string_view::npos;
       lf = payload.find('\n', lf + 1)) {
    ++inner;
  }
  const std::size_t separator = messages == 0 ? 0 : 1;
  return separator + payload.size() + inner * (kEscapedLf.size() - 1);
}

void append_line(FrameBuffer& to, std::string_view payload, std::size_t messages,
                 std::size_t bytes) {
  const std::size_t size_after = to.size() + bytes;
  to.reserve_for(bytes);
  if (messages != 0) to.append("\n");
  payload = without_last_lf(payload);
  const bool has_inner_lf = to.size() + payload.size() != size_after;
  if (has_inner_lf) {
    for (auto lf = payload.find('\n'); lf != std::string_view::npos; lf = payload.find('\n')) {
      to.append(payload.substr(0, lf));
      to.append(kEscapedLf);
      payload.remove_prefix(lf + 1);
    }
  }
  to.append(payload);
}

}  // namespace omzmq
