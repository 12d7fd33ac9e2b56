// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "line.hpp"

#include <algorithm>

namespace omzmq::bench {
namespace {

void write_digits(char* to, std::size_t digits, std::uint64_t value) noexcept {
  for (std::size_t i = digits; i-- != 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

std::optional<std::uint64_t> read_digits(std::string_view text) noexcept {
  std::uint64_t value = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned>(c) - unsigned{'0'};
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace

LineBlock::LineBlock(std::size_t lines, std::size_t line_bytes)
    : lines_(lines), stride_(line_bytes + 1) {
  std::string line(kHead);
  line.resize(line_bytes, 'x');
  line += '\n';
  line[kHead.size()] = ' ';
  line[kHead.size() + kTimeAt - 1] = ' ';
  if (line_bytes > kShortestLine) line[kShortestLine] = ' ';
  text_.reserve(lines * stride_);
  for (std::size_t i = 0; i < lines; ++i) text_ += line;
}

std::string_view LineBlock::stamp(std::uint64_t first, std::size_t count,
                                  std::uint64_t time_ns) noexcept {
  char time[kTimeDigits];
  write_digits(time, kTimeDigits, time_ns);
  char* payload = text_.data() + kHead.size();
  for (std::size_t i = 0; i < count; ++i, payload += stride_) {
    write_digits(payload + kNumberAt, kNumberDigits, first + i);
    std::copy_n(time, kTimeDigits, payload + kTimeAt);
  }
  return std::string_view(text_).substr(0, count * stride_);
}

std::optional<std::uint64_t> number_of(std::string_view payload) noexcept {
  if (payload.size() < kShortestPayload) return std::nullopt;
  return read_digits(payload.substr(kNumberAt, kNumberDigits));
}

std::optional<std::uint64_t> time_of(std::string_view payload) noexcept {
  if (payload.size() < kShortestPayload) return std::nullopt;
  return read_digits(payload.substr(kTimeAt, kTimeDigits));
}

}  // namespace omzmq::bench
