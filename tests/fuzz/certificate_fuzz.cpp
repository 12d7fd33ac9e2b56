// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Any bytes as a certificate, and as a list of the keys of clients.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "common/certificate.hpp"
#include "common/key_list.hpp"
#include "property.hpp"

namespace omzmq::fuzz {
namespace {

void check_value(std::string_view text, std::string_view value) {
  if (value.empty()) return;
  require(value.data() >= text.data() && value.data() + value.size() <= text.data() + text.size(),
          "a value is a part of the text");
  require(value.find_first_of("\n\"'") == std::string_view::npos,
          "a value has neither quotation marks nor a line's end");
}

void check_certificate(std::string_view text) {
  const CertificateLines lines = parse_certificate(text);
  check_value(text, lines.public_key);
  check_value(text, lines.secret_key);
  const std::string again = "public-key = \"" + std::string(lines.public_key) +
                            "\"\nsecret-key = \"" + std::string(lines.secret_key) + "\"\n";
  const CertificateLines same = parse_certificate(again);
  // Blanks around a value are not a part of it.
  require(same.public_key == lines.public_key && same.secret_key == lines.secret_key,
          "what was read is read again");
}

void check_list(std::string_view text) {
  const KeyList list = parse_key_list(text);
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1;
  require(list.wrong_line <= lines, "the wrong line is one of the text");
  require(list.keys.size() <= lines, "a line is one key at most");
  require(list.keys.size() * kKeyCharacters <= text.size(), "a key has its length");
  if (list.wrong_line == 0) {
    const KeyList twice = parse_key_list(std::string(text) + "\n" + std::string(text));
    require(twice.wrong_line == 0 && twice.keys == list.keys, "a list may be there twice");
  }
}

}  // namespace
}  // namespace omzmq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace omzmq::fuzz;
  const std::string text(data, data + size);
  check_certificate(text);
  check_list(text);
  require(omzmq::is_key(text) == (text.size() == omzmq::kKeyCharacters &&
                                  omzmq::parse_key_list(text).keys.size() == 1),
          "a key is a list of one");
  return 0;
}
