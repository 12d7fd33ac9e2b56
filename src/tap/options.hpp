// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace omzmq::tap {

/// Which ZeroMQ socket receives.
enum class SocketKind { Sub, Pull };

/// How a frame becomes messages; see Decoder.
enum class Format { Raw, Lines };

/// Whether this end listens or calls.
enum class Attachment { Bind, Connect };

/// One address, without the '@' or '>' that may have stood before it.
struct Endpoint {
  Attachment attachment = Attachment::Connect;
  std::string address;  // transport://rest, as libzmq reads it
};

/// What the command line asks for. Plain values, complete and checked once parse_command_line
/// has returned them.
struct Options {
  SocketKind socket_kind = SocketKind::Sub;
  Format format = Format::Raw;
  std::vector<Endpoint> endpoints;       // at least one
  std::vector<std::string> prefixes;     // Sub: at least one; "" lets everything through
  std::uint64_t count = 0;               // end after so many messages; 0: no bound
  std::chrono::milliseconds timeout{0};  // end after so long without one; 0: no bound
  bool stats = false;                    // a line a second on standard error, and a summary
};

/// The command line asked for a text instead of a run: --help or --version.
struct TextRequest {
  std::string text;
};

/// The command line cannot be obeyed; what() names the option, the value and what would be right.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Reads the command line, argv[0] included. Throws UsageError.
[[nodiscard]] std::variant<Options, TextRequest> parse_command_line(int argc,
                                                                    const char* const* argv);

/// Reads one ENDPOINT argument: '@' before it binds, '>' connects, else `attachment` holds.
/// Throws UsageError.
[[nodiscard]] Endpoint parse_endpoint(std::string_view text, Attachment attachment);

}  // namespace omzmq::tap
