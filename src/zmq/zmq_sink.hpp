// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "core/frame_sink.hpp"
#include "core/settings.hpp"
#include "zmq/curve.hpp"
#include "zmq/doorkeeper.hpp"
#include "zmq/given_up.hpp"
#include "zmq/in_flight.hpp"
#include "zmq/peer_input.hpp"
#include "zmq/peer_monitor.hpp"
#include "zmq/sleep_set.hpp"
#include "zmq/subscribers.hpp"
#include "zmq/zmq_context.hpp"

namespace omzmq {

/// The ZeroMQ socket of an action.
///
/// With waitForPeers it takes nothing until so many subscribers are there; each time that it is
/// opened it waits anew.
///
/// A DEALER reads what peers send; the others never do.
///
/// Threads: one, the sender's: it makes, uses and closes the socket.
class ZmqSink final : public FrameSink {
 public:
  using ContextSource = std::function<std::shared_ptr<ZmqContext>()>;

  /// Opens nothing. Keeps a reference to the settings.
  /// \param context_source  called by the first open()
  /// \param curve  null: curve.mode is off
  ZmqSink(const Settings& settings, ContextSource context_source,
          std::shared_ptr<const Curve> curve = nullptr);
  ~ZmqSink() override;

  void open() override;
  SendResult send(Frame& frame) noexcept override;
  [[nodiscard]] bool writable() noexcept override;
  [[nodiscard]] int fd() const noexcept override;
  [[nodiscard]] std::size_t unsent() const noexcept override;
  [[nodiscard]] std::optional<std::string_view> try_receive() noexcept override;
  void watch_peers(PeerListener& listener, Clock::time_point now) noexcept override;
  [[nodiscard]] bool has_lost_peer() noexcept override;
  /// A PUB gives back nothing but what was offered: of the rest, some subscribers have had it. For
  /// the others, what libzmq did not give up in time counts as unsent() until it does. If that is
  /// the offered one, it then holds nothing.
  [[nodiscard]] std::vector<Frame> recover(Frame* offered) noexcept override;
  [[nodiscard]] SpareBuffers* spares() noexcept override {
    return in_flight_ == nullptr ? nullptr : &in_flight_->spares();
  }
  void close(std::chrono::milliseconds linger) noexcept override;

 private:
  void make_socket();
  void secure(zmq::socket_t& socket);
  void listen_to_peers(zmq::socket_t& socket);
  void connect_anew(PeerListener& listener, Clock::time_point now);
  void attach(const Endpoint& endpoint);
  void bind_port(const Endpoint& endpoint);
  void bind_path(const Endpoint& endpoint);
  void bind_door(const Endpoint& endpoint, std::unique_ptr<Door> door);
  [[nodiscard]] bool send_whole(Frame& frame);
  [[nodiscard]] bool send_copy(Frame& frame);
  [[nodiscard]] bool send_run(Frame& frame);
  [[nodiscard]] bool may_send();
  [[nodiscard]] int events();
  void forget_peers() noexcept;
  void close_socket(std::chrono::milliseconds linger) noexcept;
  [[nodiscard]] std::vector<Frame> frames_of(std::vector<InFlight::Body> bodies) noexcept;

  const Settings& settings_;
  const ContextSource context_source_;
  const std::shared_ptr<const Curve> curve_;
  std::shared_ptr<ZmqContext> context_;
  std::unique_ptr<ZapDomain> zap_domain_;  ///< of a CURVE server, from its first open() on
  InFlight* in_flight_ = nullptr;          ///< lives in the context

  zmq::socket_t socket_;
  std::size_t attached_ = 0;  ///< endpoints that are bound or connected
  std::deque<WatchedDoor> doors_;
  std::optional<Subscribers> subscribers_;  ///< while open, with waitForPeers
  std::optional<GivenUp> given_up_;         ///< while open
  std::vector<std::string> detached_;       ///< given up, and not connected to anew yet
  std::optional<PeerMonitor> monitor_;      ///< while open
  std::optional<SleepSet> sleep_set_;       ///< while open: the socket and its monitor
  std::optional<PeerInput> input_;          ///< while open, of a DEALER
  std::uint64_t losses_told_ = 0;           ///< of the monitor's
  std::size_t unread_sends_ = 0;            ///< sends since the subscribers were read

  zmq::message_t body_;            ///< of the frame in progress
  std::uint64_t body_number_ = 0;  ///< in in_flight_
  InFlight::Rest rest_;            ///< of the run in progress
  std::size_t body_messages_ = 0;  ///< that in_flight_ counts for it and that were not sent
  bool has_body_ = false;
  bool topic_is_out_ = false;  ///< of the copy in progress: its body has to follow
  std::size_t lost_ = 0;       ///< messages that came back to recover() and could not be given back
};

}  // namespace omzmq
