// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/encoder.hpp"

#include <omzmq/wire.hpp>

#include <algorithm>
#include <cstdint>

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

void append_line(FrameBuffer& to, std::string_view payload, std::size_t messages) {
  to.reserve_for(line_bytes(payload, messages));
  if (messages != 0) to.append("\n");
  payload = without_last_lf(payload);
  for (auto lf = payload.find('\n'); lf != std::string_view::npos; lf = payload.find('\n')) {
    to.append(payload.substr(0, lf));
    to.append(kEscapedLf);
    payload.remove_prefix(lf + 1);
  }
  to.append(payload);
}

std::size_t record_bytes(std::string_view payload) noexcept {
  return wire::kLengthBytes + payload.size();
}

void append_record(FrameBuffer& to, std::string_view payload) {
  to.reserve_for(record_bytes(payload));
  char* const end = to.data() + to.size();
  wire::store(end, static_cast<std::uint32_t>(payload.size()));
  std::copy(payload.begin(), payload.end(), end + wire::kLengthBytes);
  to.resize(to.size() + record_bytes(payload));
}

}  // namespace omzmq
