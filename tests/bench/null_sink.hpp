// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "core/frame_sink.hpp"

namespace omzmq::bench {

/// Takes everything and keeps nothing.
///
/// Threads: one.
class NullSink final : public FrameSink {
 public:
  void open() override {}
  SendResult send(Frame& /*frame*/) noexcept override { return SendResult::kSent; }
  [[nodiscard]] bool writable() noexcept override { return true; }
  [[nodiscard]] int fd() const noexcept override { return -1; }
  [[nodiscard]] std::size_t unsent() const noexcept override { return 0; }
  [[nodiscard]] std::optional<std::string_view> try_receive() noexcept override { return {}; }
  void watch_peers(PeerListener& /*listener*/, Clock::time_point /*now*/) noexcept override {}
  [[nodiscard]] bool has_lost_peer() noexcept override { return false; }
  [[nodiscard]] std::vector<Frame> recover(Frame* /*offered*/) noexcept override { return {}; }
  void close(std::chrono::milliseconds /*linger*/) noexcept override {}
};

}  // namespace omzmq::bench
