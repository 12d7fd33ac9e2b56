// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "numbered_file.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>

namespace omzmq::test {
namespace {

constexpr std::string_view kMark = "msgnum:";
constexpr std::size_t kDigits = 8;

std::optional<unsigned> number_in(std::string_view line) {
  if (!line.starts_with(kMark) || line.size() < kMark.size() + kDigits) return std::nullopt;
  unsigned number = 0;
  for (const char digit : line.substr(kMark.size(), kDigits)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<unsigned>(digit - '0');
  }
  return number;
}

}  // namespace

void NumberedFile::follow(std::string file) {
  read_more();
  file_ = std::move(file);
  offset_ = 0;
}

const std::vector<unsigned>& NumberedFile::numbers() {
  read_more();
  return numbers_;
}

unsigned NumberedFile::different() {
  read_more();
  return different_;
}

// What is written meanwhile is left for the next time: the end might never be reached.
void NumberedFile::read_more() {
  std::error_code ignored;
  const auto size = std::filesystem::file_size(file_, ignored);
  if (ignored || size <= offset_) return;
  std::ifstream in(file_, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(offset_));
  std::string bytes(size - offset_, '\0');
  if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return;
  const std::string_view text = bytes;
  std::size_t at = 0;
  for (auto lf = text.find('\n'); lf != std::string_view::npos; lf = text.find('\n', at)) {
    if (const auto number = number_in(text.substr(at, lf - at))) note(*number);
    at = lf + 1;
  }
  offset_ += at;
}

void NumberedFile::note(unsigned number) {
  numbers_.push_back(number);
  if (seen_.size() <= number) seen_.resize(std::max<std::size_t>(number + 1, 2 * seen_.size()));
  if (!seen_[number]) ++different_;
  seen_[number] = true;
}

}  // namespace omzmq::test
