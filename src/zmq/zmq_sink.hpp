// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>
#include <zmq.hpp>

#include "core/frame_sink.hpp"
#include "core/settings.hpp"
#include "zmq/listening_path.hpp"
#include "zmq/subscribers.hpp"
#include "zmq/zmq_context.hpp"

namespace omzmq {

/// The ZeroMQ socket of an action.
///
/// With waitForPeers it takes nothing until so many subscribers are there; each time that it is
/// opened it waits anew.
///
/// Threads: one, the sender's: it makes, uses and closes the socket.
class ZmqSink final : public FrameSink {
 public:
  using ContextSource = std::function<std::shared_ptr<ZmqContext>()>;

  /// Opens nothing. Keeps a reference to the settings.
  /// \param context_source  called by the first open()
  ZmqSink(const Settings& settings, ContextSource context_source);
  ~ZmqSink() override;

  void open() override;
  SendResult send(Frame& frame) noexcept override;
  [[nodiscard]] bool writable() noexcept override;
  [[nodiscard]] int fd() const noexcept override { return fd_; }
  [[nodiscard]] std::size_t unsent() const noexcept override;
  void close(std::chrono::milliseconds linger) noexcept override;

 private:
  void attach(const Endpoint& endpoint);
  void bind_path(const Endpoint& endpoint);
  void keep_body(Frame& frame);
  [[nodiscard]] bool send_copy(Frame& frame);
  [[nodiscard]] bool may_send();
  [[nodiscard]] int events();

  const Settings& settings_;
  const ContextSource context_source_;
  std::shared_ptr<ZmqContext> context_;
  std::atomic<std::size_t>* in_flight_ =
      nullptr;  ///< messages; libzmq's threads take off what left

  zmq::socket_t socket_;
  int fd_ = -1;
  std::size_t attached_ = 0;  ///< endpoints that are bound or connected
  std::vector<ListeningPath> paths_;
  std::optional<Subscribers> subscribers_;  ///< while open, with waitForPeers
  std::size_t unread_sends_ = 0;            ///< sends since these were read

  zmq::message_t body_;            ///< of the frame in progress
  std::size_t body_messages_ = 0;  ///< that in_flight_ counts for it
  bool has_body_ = false;
  bool topic_is_out_ = false;  ///< of the copy in progress: its body has to follow
};

}  // namespace omzmq
