// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "line.hpp"

#include <algorithm>
#include <array>
#include <random>

namespace omzmq::bench {
namespace {

void write_digits(char* to, std::size_t digits, std::uint64_t value) noexcept {
  for (std::size_t i = digits; i-- != 0; value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

/// What fills a line: text that compresses as logs do, and not as one letter would.
void fill(std::string& line, std::size_t bytes, std::minstd_rand& random) {
  constexpr std::array<std::string_view, 16> kWords{
      "accepted", "client",      "connection", "error",   "from",    "GET",
      "host=web", "latency_ms=", "password",   "refused", "request", "root",
      "opened",   "status=200",  "timeout",    "user="};
  while (line.size() < bytes) {
    const auto drawn = random();
    line += ' ';
    line += kWords[drawn % kWords.size()];
    if (drawn % 3 == 0) line += std::to_string(drawn % 9973);
  }
  line.resize(bytes);
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
  std::minstd_rand random(1);  // the same lines each time
  text_.reserve(lines * stride_);
  for (std::size_t i = 0; i < lines; ++i) {
    std::string line(kHead);
    line.resize(kShortestLine, ' ');
    fill(line, line_bytes, random);
    text_ += line;
    text_ += '\n';
  }
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
