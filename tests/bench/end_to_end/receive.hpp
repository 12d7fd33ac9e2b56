// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <csignal>
#include <cstdint>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "latency_log.hpp"
#include "ledger.hpp"
#include "payloads.hpp"
#include "sockets.hpp"

namespace omzmq::bench {

struct ReceiveSettings {
  ReceiverSocket socket;
  bool is_curve_server = false;  ///< with a key of its own, made anew
  unsigned sockets = 1;          ///< each is to get all messages
  Framing framing = Framing::kRaw;
  std::uint64_t messages = 0;  ///< that each socket is to get, besides probes
  bool measures_latency = false;
  std::uint64_t idle_ms = 0;  ///< ends when nothing came for so long after the first; 0: never
};

/// Receives a load and says what came.
///
/// Threads: one.
class Receiver {
 public:
  /// Opens the sockets. \throws zmq::error_t
  explicit Receiver(const ReceiveSettings& settings);

  /// JSON: "endpoints", and "key", the public one in Z85, of a CURVE server.
  [[nodiscard]] std::string description() const;

  /// Returns once every socket got a probe, or `stop` is set.
  void wait_for_probes(const volatile std::sig_atomic_t& stop);

  /// Returns once every socket got all messages, nothing came for idle_ms, or `stop` is set.
  void receive(const volatile std::sig_atomic_t& stop);

  /// JSON: "received" (with duplicates), "lost" and "duplicates" by the numbers, "foreign" (no line
  /// of the load), "corrupt" (no sound batch), "frames", "first_ns" and "last_ns" (CLOCK_MONOTONIC
  /// of the first and the last message), "cpu_us" of this process between these two, and the
  /// latency if asked for.
  [[nodiscard]] std::string report() const;

 private:
  struct Place {
    zmq::socket_t socket;
    Ledger ledger;
    bool has_probe = false;
  };

  [[nodiscard]] bool receive_from(Place& place, zmq::recv_flags flags);
  bool receive_from_some();
  void take(Place& place, std::string_view message);
  void note_arrival();
  [[nodiscard]] bool complete() const;

  const ReceiveSettings settings_;
  Payloads payloads_;
  std::chrono::milliseconds poll_time_;
  std::string public_key_;
  zmq::context_t context_;
  std::vector<Place> places_;
  std::vector<zmq::pollitem_t> poll_items_;
  zmq::message_t message_;
  LatencyLog latency_;
  std::uint64_t frames_ = 0;
  std::uint64_t corrupt_ = 0;
  std::uint64_t unclocked_ = 0;  ///< frames since the clock was read
  std::uint64_t first_ns_ = 0;
  std::uint64_t last_ns_ = 0;
  std::uint64_t first_cpu_us_ = 0;
  std::uint64_t last_cpu_us_ = 0;
};

}  // namespace omzmq::bench
