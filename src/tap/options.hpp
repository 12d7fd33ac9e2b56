// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tap/count/field_count.hpp"
#include "tap/records/decoder.hpp"
#include "tap/records/formatter.hpp"
#include "tap/records/output.hpp"
#include "tap/sockets/endpoint.hpp"
#include "tap/sockets/keygen.hpp"
#include "tap/sockets/socket_option.hpp"
#include "tap/text/usage_error.hpp"

namespace omzmq::tap {

/// Which ZeroMQ socket receives.
enum class SocketKind {
  kSub,     ///< from PUB
  kPull,    ///< from PUSH
  kRouter,  ///< from DEALER; packed batches are acknowledged
};

/// CURVE, by files and keys as they were given; all empty: none.
struct CurveOptions {
  std::string server_certificate;  ///< this end is the CURVE server, and this its certificate
  std::string clients;             ///< server: who may connect, see CurveClients; empty: everybody
  std::string server_key;          ///< this end is a client of the server with this Z85 key
  std::string certificate;         ///< client: its own; empty: new keys for this run
};

/// The socket and its peers.
struct SourceOptions {
  SocketKind kind = SocketKind::kSub;
  std::vector<Endpoint> endpoints;    ///< at least one
  std::vector<std::string> prefixes;  ///< kSub: at least one; "" lets everything through
  std::vector<SocketOption> socket_options;
  std::uint64_t max_message_bytes = std::uint64_t{64} << 20;
  int receive_mark = 1000;  ///< frames that libzmq holds for each peer
  CurveOptions curve;

  /// Of a frame, and of a batch after decompression: lengths or separators of records and headers
  /// are not counted against their bound.
  [[nodiscard]] std::uint64_t max_frame_bytes() const noexcept {
    return max_message_bytes + max_message_bytes / 16 + 4096;
  }
};

/// What the command line asks for. Plain values, complete and checked once parse_command_line
/// has returned them.
struct Options {
  SourceOptions source;
  std::vector<Endpoint> proxies;  ///< where subscribers get what comes; empty: it is written
  Format format = Format::kAuto;
  OutputFormat output_format = OutputFormat::kPlain;
  std::string text;  ///< of -f
  OutputOptions output;
  bool unbuffered = false;               ///< flush each record
  std::uint64_t count = 0;               ///< end after so many records; 0: no bound
  std::chrono::milliseconds timeout{0};  ///< end after so long without one; 0: no bound
  bool end_when_idle = false;
  bool allow_gaps = false;
  bool allow_duplicates = false;
  bool quiet = false;    ///< only errors on standard error
  bool verbose = false;  ///< connections, new senders and streams, too
  bool stats = false;    ///< a line a second on standard error, and a summary
  bool top = false;
  CountOptions counting;

  [[nodiscard]] bool counts_fields() const noexcept {
    return counting.count_by.has_value() || counting.distinct.has_value();
  }
  /// Standard output shows something else than records; these go to a file, or nowhere.
  [[nodiscard]] bool watches() const noexcept { return top || counts_fields(); }
  [[nodiscard]] bool writes_records() const noexcept { return !watches() || !output.file.empty(); }
};

/// The command line asked for a text instead of a run: --help, --version or -X list.
struct TextRequest {
  std::string text;
};

using Request = std::variant<Options, TextRequest, KeygenRequest>;

/// Reads the command line, argv[0] included. Throws UsageError.
[[nodiscard]] Request parse_command_line(int argc, const char* const* argv);

/// What --help prints; wide as a terminal of 80 columns.
[[nodiscard]] std::string help_text();

/// Each option with all its names, such as "-c,--count", in no order: for whoever compares them
/// with the texts about them.
[[nodiscard]] std::vector<std::string> option_names();

}  // namespace omzmq::tap
