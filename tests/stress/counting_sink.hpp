// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <string_view>

#include "core/frame_sink.hpp"
#include "core/settings.hpp"

namespace omzmq::stress {

/// Payload `number` of worker `worker`: printable, without LF, and a checksum is in it.
[[nodiscard]] std::string make_payload(std::uint64_t worker, std::uint64_t number,
                                       std::size_t filling);

/// What arrived. Read it when the sink's thread has ended.
struct Arrivals {
  std::uint64_t messages = 0;
  std::uint64_t frames = 0;
  std::uint64_t bytes = 0;
  std::map<std::uint64_t, std::uint64_t> next;  ///< by worker: behind the number that came last
  std::uint64_t skipped = 0;                    ///< numbers that were left out before that one
};

/// A sink that takes frames at random moments, breaks now and then, and checks that what it is
/// given is whole, comes once, and in the order of each worker.
class CountingSink final : public FrameSink {
 public:
  CountingSink(Arrivals& arrivals, Format format, std::mt19937 random);
  ~CountingSink() override;

  void open() override;
  SendResult send(Frame& frame) noexcept override;
  [[nodiscard]] bool writable() noexcept override;
  [[nodiscard]] std::optional<std::string_view> try_receive() noexcept override { return {}; }
  void watch_peers(PeerListener& /*listener*/, Clock::time_point /*now*/) noexcept override {}
  [[nodiscard]] bool has_lost_peer() noexcept override { return false; }
  [[nodiscard]] std::vector<Frame> recover(Frame* /*offered*/) noexcept override { return {}; }
  [[nodiscard]] int fd() const noexcept override { return is_open_ ? timer_ : -1; }
  [[nodiscard]] std::size_t unsent() const noexcept override { return 0; }
  void close(std::chrono::milliseconds linger) noexcept override;

 private:
  [[nodiscard]] SendResult send_run(Frame& run, std::size_t most);
  [[nodiscard]] SendResult refuse(const Frame& frame, SendResult how);
  void check_body(std::string_view body);
  void check_message(std::string_view payload);

  Arrivals& arrivals_;
  const Format format_;
  std::mt19937 random_;
  const int timer_;  ///< expires when the socket is "writable" again
  bool is_open_ = false;
  bool is_writable_ = true;
  std::string refused_;    ///< body of the frame that has to come next; empty: any
  std::size_t taken_ = 0;  ///< messages of a run that was refused then
};

}  // namespace omzmq::stress
