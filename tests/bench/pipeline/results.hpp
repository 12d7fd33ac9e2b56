// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "bench/pipeline/plan.hpp"

namespace omzmq::bench {

using Parameter = std::pair<std::string, std::variant<std::uint64_t, std::string>>;

/// What is measured, under the names by which results are put together.
struct Case {
  std::string part;
  std::string name;
  std::string peer;  ///< the name of what it is to be compared with; empty: nothing
  std::vector<Parameter> parameters;
  Plan plan;
};

/// Does what the command line says: measures all cases by turns, some rounds long, and writes one
/// line of JSON for each.
///
/// A line's values: messages_per_s; lost and wrong, messages; and processor time a message, in
/// microseconds: sending_us the whole sending process, of which worker_us are the threads that make
/// and submit messages, sender_us the action's sender thread, io_us libzmq's thread; receiver_us
/// the whole receiving process, for all of its sockets. And of omzmq messages_per_frame. \param
/// rounds  where the command line says nothing \param about  one line for its help \return the exit
/// status: 1 when something does not work, or messages were lost or wrong
[[nodiscard]] int run_benchmark(int argc, char** argv, int rounds, const char* about,
                                const std::vector<Case>& cases);

}  // namespace omzmq::bench
