// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace omzmq::bench {

/// Bytes of a message, in all workloads.
inline constexpr std::size_t kMessageBytes = 256;
/// Bytes of a frame of many messages.
inline constexpr std::size_t kFrameBytes = std::size_t{64} << 10;

/// Work of a fixed size whose instructions are counted. It owns no clock and throws no dice, as far
/// as what it runs lets it.
///
/// Threads: one.
class Workload {
 public:
  Workload() = default;
  Workload(const Workload&) = delete;
  Workload& operator=(const Workload&) = delete;
  virtual ~Workload() = default;

  /// Before each run(), not counted.
  virtual void prepare() {}

  /// What is counted. \return messages that it was about, the same number each time
  virtual std::size_t run() = 0;
};

/// How to make each workload, by its name.
struct NamedWorkload {
  const char* name;
  std::function<std::unique_ptr<Workload>()> make;
};

/// What a message costs a worker, and the sender up to the socket.
[[nodiscard]] std::vector<NamedWorkload> core_workloads();

/// What a frame costs in the socket, as far as the thread that sends is concerned.
[[nodiscard]] std::vector<NamedWorkload> socket_workloads();

}  // namespace omzmq::bench
