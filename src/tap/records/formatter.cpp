// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/records/formatter.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "common/format.hpp"
#include "tap/text/json_text.hpp"

namespace omzmq::tap {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::string_view kLetters = "tsSTNIRopeL%";
constexpr std::string_view kLetterHelp =
    "%t topic, %s payload, %S its length, %o sequence number, %p stream, %e epoch, %T time sent "
    "in ms, %N in ns, %I as ISO 8601, %R time received in ms, %L latency in us, %%";
constexpr std::string_view kEscapeHelp = "\\n, \\t, \\r, \\0, \\\\ and \\xNN";
constexpr std::uint64_t kNsPerMs = 1'000'000;

std::int64_t latency_us(const Record& record) noexcept {
  // The difference fits, whichever way the clocks are apart, for the next 200 years.
  return static_cast<std::int64_t>(record.received_ns - record.sent_ns) / 1000;
}

/// fmt would do, but for records by the million it takes several times as long.
template <typename Integer>
void append_number(std::string& to, Integer number) {
  std::array<char, std::numeric_limits<Integer>::digits10 + 2> digits{};  // with a sign
  const auto end = std::to_chars(digits.begin(), digits.end(), number).ptr;
  to.append(digits.data(), end);
}

void append_epoch(std::string& to, std::uint64_t epoch) {
  for (int shift = 60; shift >= 0; shift -= 4) to += kDigits[epoch >> shift & 0xF];
}

/// True for ASCII that kQuote writes as it is.
constexpr bool is_plain(char byte) noexcept {
  const auto code = static_cast<unsigned char>(byte);
  return code >= 0x20 && code < 0x7F && byte != '\\';
}

/// Bytes of a character beyond ASCII that kQuote writes as it is; 0: none stands there. The control
/// characters U+0080 to U+009F steer a terminal as ESC does.
std::size_t wide_length(std::string_view bytes) noexcept {
  const std::size_t length = utf8_length(bytes);
  const bool is_control = length == 2 && bytes[0] == '\xC2' && bytes[1] < '\xA0';
  return length > 1 && !is_control ? length : 0;
}

std::optional<char> value_of_escape(char letter) noexcept {
  switch (letter) {
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case 'r':
      return '\r';
    case '0':
      return '\0';
    case '\\':
      return '\\';
    default:
      return std::nullopt;
  }
}

int value_of_digit(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// Takes an escape, from after its backslash, off `rest`. Throws FormatError.
char take_escape(std::string_view& rest) {
  if (!rest.empty()) {
    if (const auto value = value_of_escape(rest.front())) {
      rest.remove_prefix(1);
      return *value;
    }
    if (rest.front() == 'x' && rest.size() >= 3 && value_of_digit(rest[1]) >= 0 &&
        value_of_digit(rest[2]) >= 0) {
      const int value = value_of_digit(rest[1]) * 16 + value_of_digit(rest[2]);
      rest.remove_prefix(3);
      return static_cast<char>(value);
    }
  }
  throw FormatError(formatted("'\\{}' is no escape: there are {}", rest.substr(0, 1), kEscapeHelp));
}

/// Takes a letter, from after its '%', off `rest`. Throws FormatError.
char take_letter(std::string_view& rest) {
  if (rest.empty() || kLetters.find(rest.front()) == std::string_view::npos)
    throw FormatError(formatted("'%{}' is no field: there are {}", rest.substr(0, 1), kLetterHelp));
  const char letter = rest.front();
  rest.remove_prefix(1);
  return letter;
}

}  // namespace

Formatter::Formatter(OutputFormat format, std::string_view text) : format_(format) {
  if (format == OutputFormat::kText) pieces_ = parse(text);
}

std::vector<Formatter::Piece> Formatter::parse(std::string_view rest) {
  std::vector<Piece> pieces;
  std::string literal;
  while (!rest.empty()) {
    const char byte = rest.front();
    rest.remove_prefix(1);
    if (byte == '\\') {
      literal += take_escape(rest);
      continue;
    }
    const char letter = byte == '%' ? take_letter(rest) : '\0';
    if (letter == '\0' || letter == '%') {
      literal += byte;
      continue;
    }
    pieces.push_back(Piece{std::move(literal), letter});
    literal.clear();
  }
  if (!literal.empty()) pieces.push_back(Piece{std::move(literal), '\0'});
  return pieces;
}

Formatted Formatter::format(const Record& record) {
  static constexpr char kNulByte = '\0';
  buffer_.clear();
  switch (format_) {
    case OutputFormat::kPlain:
      return {record.payload, "\n"};
    case OutputFormat::kNul:
      return {record.payload, std::string_view(&kNulByte, 1)};
    case OutputFormat::kQuote:
      append_quoted(record.payload);
      break;
    case OutputFormat::kHex:
      append_hex(record.payload);
      break;
    case OutputFormat::kJson:
      append_json(record);
      break;
    case OutputFormat::kText:
      append_text(record);
      return {buffer_, ""};
  }
  return {buffer_, "\n"};
}

void Formatter::append_hex(std::string_view bytes) {
  buffer_.resize(2 * bytes.size());
  char* to = buffer_.data();
  for (const char byte : bytes) {
    *to++ = kDigits[static_cast<unsigned char>(byte) >> 4];
    *to++ = kDigits[static_cast<unsigned char>(byte) & 0xF];
  }
}

void Formatter::append_quoted(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t length = 0;
    while (length < bytes.size() && is_plain(bytes[length])) ++length;
    if (length == 0) length = wide_length(bytes);
    if (length == 0) {
      append_quoted_byte(bytes.front());
      length = 1;
    } else {
      buffer_.append(bytes.data(), length);
    }
    bytes.remove_prefix(length);
  }
}

void Formatter::append_quoted_byte(char byte) {
  buffer_ += '\\';
  switch (byte) {
    case '\\':
      buffer_ += '\\';
      return;
    case '\n':
      buffer_ += 'n';
      return;
    case '\r':
      buffer_ += 'r';
      return;
    case '\t':
      buffer_ += 't';
      return;
    default:
      buffer_ += 'x';
      buffer_ += kDigits[static_cast<unsigned char>(byte) >> 4];
      buffer_ += kDigits[static_cast<unsigned char>(byte) & 0xF];
  }
}

void Formatter::append_json(const Record& record) {
  std::string& to = buffer_;
  to += '{';
  if (!record.topic.empty()) {
    to += "\"topic\":";
    append_json_string(to, record.topic);
    to += ',';
  }
  if (record.is_numbered) {
    to += "\"epoch\":\"";
    append_epoch(to, record.epoch);
    to += "\",\"stream\":";
    append_number(to, record.stream);
    to += ",\"sequence\":";
    append_number(to, record.sequence);
    to += ",\"sent\":\"";
    to += sent_.of(record.sent_ns);
    to += "\",";
  }
  to += "\"received\":\"";
  to += received_.of(record.received_ns);
  to += "\",";
  if (record.is_numbered) {
    to += "\"latency_us\":";
    append_number(to, latency_us(record));
    to += ',';
  }
  to += "\"payload\":";
  if (!append_compact_json(to, record.payload)) append_json_string(to, record.payload);
  to += '}';
}

void Formatter::append_text(const Record& record) {
  for (const Piece& piece : pieces_) {
    buffer_ += piece.literal;
    append_field(piece.letter, record);
  }
}

void Formatter::append_field(char letter, const Record& record) {
  switch (letter) {
    case '\0':
      return;
    case 't':
      buffer_ += record.topic;
      return;
    case 's':
      buffer_ += record.payload;
      return;
    case 'S':
      append_number(buffer_, record.payload.size());
      return;
    case 'R':
      append_number(buffer_, record.received_ns / kNsPerMs);
      return;
    default:
      break;
  }
  if (!record.is_numbered) {
    buffer_ += '-';
    return;
  }
  switch (letter) {
    case 'o':
      append_number(buffer_, record.sequence);
      return;
    case 'p':
      append_number(buffer_, record.stream);
      return;
    case 'e':
      append_epoch(buffer_, record.epoch);
      return;
    case 'T':
      append_number(buffer_, record.sent_ns / kNsPerMs);
      return;
    case 'N':
      append_number(buffer_, record.sent_ns);
      return;
    case 'I':
      buffer_ += sent_.of(record.sent_ns);
      return;
    default:
      append_number(buffer_, latency_us(record));  // 'L'
  }
}

}  // namespace omzmq::tap
