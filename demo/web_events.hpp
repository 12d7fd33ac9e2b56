// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace omzmq::demo {

/// Makes web access events that look like those of a shop: few pages and few clients make most of
/// the requests, most answers are 200, and failures are slow. Each event is a JSON object inside
/// an RFC 3164 syslog line. The same seed makes the same events, but for their times.
///
/// Threads: one.
class WebEvents {
 public:
  using TimePoint = std::chrono::system_clock::time_point;

  explicit WebEvents(std::uint64_t seed);

  /// Appends one line, LF included, for an event that happens at `now`.
  void append_line(TimePoint now, std::string& out);

 private:
  void append_time(TimePoint now, std::string& out);
  [[nodiscard]] int draw_status(bool is_page_known);
  [[nodiscard]] std::uint32_t draw_bytes(int status);
  [[nodiscard]] double draw_duration_ms(int status);
  [[nodiscard]] std::string make_client_address();

  std::mt19937_64 random_;
  std::discrete_distribution<std::size_t> page_;
  std::discrete_distribution<std::size_t> client_;
  std::discrete_distribution<std::size_t> method_;
  std::discrete_distribution<std::size_t> user_agent_;
  std::discrete_distribution<std::size_t> status_;
  std::lognormal_distribution<double> size_;
  std::lognormal_distribution<double> duration_;
  std::vector<std::string> client_addresses_;
  std::uint64_t next_request_ = 0;
  std::time_t formatted_second_ = -1;  // what the two texts below say
  std::string syslog_time_;            // Mmm dd hh:mm:ss, local time as RFC 3164 has it
  std::string iso_second_;             // yyyy-mm-ddThh:mm:ss, UTC
};

}  // namespace omzmq::demo
