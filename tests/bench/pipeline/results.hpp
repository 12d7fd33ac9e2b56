// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bench/pipeline/plan.hpp"

namespace omzmq::bench {

/// What a benchmark's command line says.
struct Options {
  int rounds = 1;
  bool is_quick = false;  ///< one round with few messages: to see whether it works
  std::string out;        ///< empty: standard output
  std::string only;       ///< measure what has this in its name only

  /// \param rounds  where the words say nothing
  /// Prints a help text, or what is wrong, and ends the process, where the words ask for it.
  [[nodiscard]] static Options parse(int argc, char** argv, int rounds, const char* about);
};

using Parameter = std::pair<std::string, std::variant<std::uint64_t, std::string>>;

/// What is measured, under the names by which results are put together.
struct Case {
  std::string part;
  std::string name;
  std::string peer;  ///< the name of what it is to be compared with; empty: nothing
  std::vector<Parameter> parameters;
  Plan plan;
};

/// Measures all cases by turns, as often as the options say, and writes one line of JSON for each.
///
/// A line's values: messages_per_s; lost and wrong, messages; and processor time a message, in
/// microseconds: sending_us the whole sending process, of which worker_us are the threads that make
/// and submit messages, sender_us the action's sender thread, io_us libzmq's thread; receiver_us
/// the whole receiving process, for all of its sockets. \return false when messages were lost or
/// wrong \throws std::exception
[[nodiscard]] bool measure_all(const std::vector<Case>& cases, const Options& options);

}  // namespace omzmq::bench
