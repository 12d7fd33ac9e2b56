// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <omzmq/omzmq.h>

#include <atomic>
#include <cstddef>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "core/log.hpp"

namespace omzmq::test {

/// The daemon's side of omzmq.h: notes what is logged, and says that it stops when told so. The
/// callbacks of an omzmq_host have no argument of their own, so all objects share one state; each
/// new one begins with an empty one. One at a time.
///
/// Threads: any.
class RecordingHost {
 public:
  using Line = std::pair<omzmq_severity, std::string>;

  RecordingHost() {
    const std::lock_guard lock(state().mutex);
    state().lines.clear();
    state().stopping = false;
  }
  RecordingHost(const RecordingHost&) = delete;
  RecordingHost& operator=(const RecordingHost&) = delete;
  ~RecordingHost() = default;

  [[nodiscard]] omzmq_host host() const noexcept { return {&take_line, &is_stopping, true}; }
  [[nodiscard]] Log log(std::string_view name = "test") const { return Log(host(), name); }

  [[nodiscard]] std::vector<Line> lines() const {
    const std::lock_guard lock(state().mutex);
    return state().lines;
  }

  /// How many lines of the severity have `part` in them.
  [[nodiscard]] std::size_t count(omzmq_severity severity, std::string_view part = {}) const {
    std::size_t n = 0;
    for (const auto& [line_severity, text] : lines()) {
      if (line_severity == severity && text.find(part) != std::string::npos) ++n;
    }
    return n;
  }

  void stop(bool stopping = true) const noexcept { state().stopping = stopping; }

 private:
  struct State {
    std::mutex mutex;
    std::vector<Line> lines;  ///< guarded by mutex
    std::atomic<bool> stopping{false};
  };
  static State& state() {
    static State only;
    return only;
  }
  static void take_line(omzmq_severity severity, const char* text) {
    const std::lock_guard lock(state().mutex);
    state().lines.emplace_back(severity, text);
  }
  static bool is_stopping() { return state().stopping; }
};

}  // namespace omzmq::test
