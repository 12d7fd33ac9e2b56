// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tap/records/record.hpp"
#include "tap/text/iso_time.hpp"

namespace omzmq::tap {

/// How a record is written.
enum class OutputFormat {
  kPlain,  ///< its bytes and LF
  kNul,    ///< its bytes and NUL (-0)
  kQuote,  ///< one line whatever its bytes: \\ \n \r \t, and \xNN for other control characters and
           ///< for bytes that are not UTF-8. PostgreSQL's COPY (text) reads it back as it was,
           ///< but refuses NUL and what is not in the encoding of the database.
  kHex,    ///< two lower-case digits a byte, and LF
  kJson,   ///< one JSON object a line, with all that is known (-J)
  kText,   ///< as a text with letters says (-f)
};

/// The text of -f cannot be obeyed; what() names the place and what would be right.
class FormatError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What Formatter makes of a record: `body`, and `end` after it.
struct Formatted {
  std::string_view body;
  std::string_view end;
};

/// Words records.
///
/// kJson, in this order: "topic" unless there is none; of a packed record "epoch" (16 hexadecimal
/// digits in a string, as numbers of 64 bits lose digits in many JSON readers), "stream",
/// "sequence", "sent"; "received"; of a packed record "latency_us"; "payload". Times are ISO 8601
/// in UTC with nanoseconds. The latency, received - sent, is in whole microseconds and negative
/// where the clocks disagree. A payload that is a JSON object or array by RFC 8259 stands there as
/// it is, without the white space between its tokens; any other is a string, where U+FFFD takes the
/// place of bytes that are not UTF-8.
///
/// kText: kcat's letters where they fit, and further ones; the end is empty.
///   %t topic  %s payload  %S its length in bytes  %o sequence number  %p stream  %e epoch (hex)
///   %T time sent, ms since 1970  %N the same in ns  %I the same as ISO 8601  %R time received, ms
///   %L latency in us  %%  and the escapes \n \t \r \0 \\ \xNN
/// What a raw record does not have (%o %p %e %T %N %I %L) is written as '-'; %t without a topic is
/// empty.
///
/// Threads: one.
class Formatter {
 public:
  /// `text` is that of kText, and ignored else. Throws FormatError.
  explicit Formatter(OutputFormat format, std::string_view text = {});

  /// The views hold until the next call, and as long as the record's; kPlain and kNul copy nothing.
  [[nodiscard]] Formatted format(const Record& record);

 private:
  /// A literal, and then what `letter` names; 0: nothing.
  struct Piece {
    std::string literal;
    char letter;
  };

  void append_hex(std::string_view bytes);
  void append_quoted(std::string_view bytes);
  void append_quoted_byte(char byte);
  void append_json(const Record& record);
  void append_text(const Record& record);
  void append_field(char letter, const Record& record);
  static std::vector<Piece> parse(std::string_view text);

  OutputFormat format_;
  std::vector<Piece> pieces_;  // kText
  IsoTime sent_;
  IsoTime received_;
  std::string buffer_;
};

}  // namespace omzmq::tap
