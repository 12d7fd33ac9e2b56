// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "ping.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <string_view>

#include "common/descriptor.hpp"
#include "latency_log.hpp"
#include "line.hpp"

namespace omzmq::bench {
namespace {

constexpr int kProbeMs = 50;            ///< between two probes
constexpr std::uint64_t kProbes = 400;  ///< then nobody is there
constexpr int kPatienceMs = 2000;       ///< for one message

}  // namespace

Ping::Ping(const PingSettings& settings)
    : settings_(settings),
      payloads_(settings.framing),
      socket_(open_receiver(context_, settings.socket)) {}

std::string Ping::description() const {
  return fmt::format(R"({{"endpoints": ["{}"]}})", socket_.get(zmq::sockopt::last_endpoint));
}

std::string Ping::run(const volatile std::sig_atomic_t& stop) {
  const Descriptor input(connect_to(settings_.input));
  wait_for_way(input.get(), stop);
  LineBlock line(1, settings_.line_bytes);
  LatencyLog latency;
  std::uint64_t lost = 0;
  for (std::uint64_t i = 0; i < settings_.messages && stop == 0; ++i) {
    const std::uint64_t begun = now_ns();
    write_all(input.get(), line.stamp(i, 1, begun));
    if (wait_for(i)) {
      latency.record(now_ns() - begun);
    } else {
      ++lost;
    }
  }
  std::string members = latency.json_members();
  if (!members.empty()) members.insert(0, ", ");
  return fmt::format(R"({{"sent": {}, "lost": {}{}}})", settings_.messages, lost, members);
}

void Ping::wait_for_way(int input, const volatile std::sig_atomic_t& stop) {
  LineBlock probe(1, settings_.line_bytes);
  socket_.set(zmq::sockopt::rcvtimeo, kProbeMs);
  bool open = false;
  for (std::uint64_t i = 0; !open && stop == 0; ++i) {
    if (i == kProbes) throw std::runtime_error("no message comes from rsyslogd");
    write_all(input, probe.stamp(kProbe, 1, now_ns()));
    open = wait_for(kProbe);
  }
  // What else was on the way comes now; nothing else may be on the way later.
  while (wait_for(kProbe)) continue;
  socket_.set(zmq::sockopt::rcvtimeo, kPatienceMs);
}

bool Ping::wait_for(std::uint64_t number) {
  for (;;) {
    if (!socket_.recv(message_)) return false;
    bool found = false;
    const bool sound = payloads_.for_each(
        {message_.data<char>(), message_.size()},
        [&](std::string_view payload) { found |= number_of(payload) == number; });
    if (!sound) throw std::runtime_error("a frame is corrupt");
    if (found) return true;
  }
}

}  // namespace omzmq::bench
