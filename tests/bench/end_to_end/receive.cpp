// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "receive.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <zmq.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "common/curve_key.hpp"
#include "line.hpp"

namespace omzmq::bench {
namespace {

/// Between two looks at the stop flag, beside those that the signal itself causes. An idle receiver
/// that computes more often could not be told from one that is busy.
constexpr std::chrono::milliseconds kPollTime{1000};

std::uint64_t cpu_us() noexcept {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000U +
           static_cast<std::uint64_t>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

}  // namespace

Receiver::Receiver(const ReceiveSettings& settings)
    : settings_(settings), payloads_(settings.framing), poll_time_(kPollTime) {
  ReceiverSocket socket = settings.socket;
  if (settings.idle_ms != 0)
    poll_time_ = std::min(kPollTime, std::chrono::milliseconds(settings.idle_ms));
  socket.receive_timeout_ms = static_cast<int>(poll_time_.count());
  if (settings.is_curve_server) {
    std::array<char, kKeyCharacters + 1> public_key{};
    std::array<char, kKeyCharacters + 1> secret_key{};
    if (::zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) throw zmq::error_t();
    public_key_ = public_key.data();
    socket.curve_secret_key = secret_key.data();
  }
  for (unsigned i = 0; i < settings.sockets; ++i) {
    places_.push_back({open_receiver(context_, socket), Ledger(settings.messages)});
    poll_items_.push_back({places_.back().socket.handle(), 0, ZMQ_POLLIN, 0});
  }
}

std::string Receiver::description() const {
  std::string endpoints;
  for (const Place& place : places_) {
    endpoints += fmt::format(R"({}"{}")", endpoints.empty() ? "" : ", ",
                             place.socket.get(zmq::sockopt::last_endpoint));
  }
  return fmt::format(R"({{"endpoints": [{}], "key": "{}"}})", endpoints, public_key_);
}

void Receiver::wait_for_probes(const volatile std::sig_atomic_t& stop) {
  const auto has_probe = [](const Place& place) { return place.has_probe; };
  while (stop == 0 && !std::all_of(places_.begin(), places_.end(), has_probe)) {
    static_cast<void>(receive_from_some());
  }
}

void Receiver::receive(const volatile std::sig_atomic_t& stop) {
  while (stop == 0 && !complete()) {
    const bool got = receive_from_some();
    const std::uint64_t idle_ns = got || first_ns_ == 0 ? 0 : now_ns() - last_ns_;
    if (settings_.idle_ms != 0 && idle_ns > settings_.idle_ms * 1'000'000) break;
  }
  if (complete()) last_ns_ = now_ns();
  last_cpu_us_ = cpu_us();
}

bool Receiver::complete() const {
  return std::all_of(places_.begin(), places_.end(),
                     [](const Place& place) { return place.ledger.complete(); });
}

/// \return false when nothing came
bool Receiver::receive_from(Place& place, zmq::recv_flags flags) {
  try {
    if (!place.socket.recv(message_, flags)) return false;
  } catch (const zmq::error_t& error) {
    if (error.num() == EINTR) return false;
    throw;
  }
  // What is in front of the last part is a topic.
  if (!message_.more()) take(place, {message_.data<char>(), message_.size()});
  return true;
}

/// \return false when nothing came for a while
bool Receiver::receive_from_some() {
  if (places_.size() == 1) {
    // Waits in it: what most receivers do.
    return receive_from(places_.front(), zmq::recv_flags::none);
  }
  bool got = false;
  for (Place& place : places_) {
    while (receive_from(place, zmq::recv_flags::dontwait)) got = true;
  }
  if (got) return true;
  try {
    return zmq::poll(poll_items_, poll_time_) != 0;
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) throw;
  }
  return false;
}

void Receiver::take(Place& place, std::string_view message) {
  const std::uint64_t now = settings_.measures_latency ? now_ns() : 0;
  bool is_load = false;
  const bool sound = payloads_.for_each(message, [&](std::string_view payload) {
    const auto number = number_of(payload);
    if (number == kProbe) {
      place.has_probe = true;
      return;
    }
    is_load = true;
    place.ledger.note(number.value_or(kProbe));
    if (!settings_.measures_latency) return;
    if (const auto sent_ns = time_of(payload)) latency_.record(now - std::min(now, *sent_ns));
  });
  if (!sound) ++corrupt_;
  if (is_load) note_arrival();
}

void Receiver::note_arrival() {
  if (++frames_ == 1) {
    first_ns_ = now_ns();
    first_cpu_us_ = cpu_us();
  }
  // With a look at the clock for each message, that would be a part of what a raw message costs.
  constexpr std::uint64_t kFramesAClock = 32;
  if (settings_.framing == Framing::kRaw && ++unclocked_ < kFramesAClock && frames_ != 1) return;
  unclocked_ = 0;
  last_ns_ = now_ns();
}

std::string Receiver::report() const {
  std::uint64_t distinct = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t foreign = 0;
  for (const Place& place : places_) {
    distinct += place.ledger.distinct();
    lost += place.ledger.lost();
    duplicates += place.ledger.duplicates();
    foreign += place.ledger.foreign();
  }
  std::string latency = latency_.json_members();
  if (!latency.empty()) latency.insert(0, ", ");
  return fmt::format(
      R"({{"received": {}, "lost": {}, "duplicates": {}, "foreign": {}, "corrupt": {}, )"
      R"("frames": {}, "first_ns": {}, "last_ns": {}, "cpu_us": {}{}}})",
      distinct + duplicates, lost, duplicates, foreign, corrupt_, frames_, first_ns_, last_ns_,
      last_cpu_us_ - first_cpu_us_, latency);
}

}  // namespace omzmq::bench
