// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <cstddef>
#include <deque>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <zmq.hpp>

#include "bench/instructions/workload.hpp"
#include "core/encoder.hpp"
#include "core/frame.hpp"
#include "core/settings.hpp"
#include "zmq/zmq_context.hpp"
#include "zmq/zmq_sink.hpp"

namespace omzmq::bench {
namespace {

/// Frames into the pipe of a PUSH socket, whose peer is a socket of this thread: so no other thread
/// has a part in it. The peer reads them when nothing is counted, and the frames are freed there.
class SocketSend final : public Workload {
 public:
  SocketSend(std::size_t frames, std::size_t messages_each, bool are_runs = false)
      : frames_(frames), messages_each_(messages_each), are_runs_(are_runs) {
    peer_.set(zmq::sockopt::linger, 0);
    peer_.set(zmq::sockopt::rcvhwm, 0);
    peer_.bind(kAddress);
    sink_.open();
  }

  void prepare() override {
    zmq::message_t message;
    while (peer_.recv(message, zmq::recv_flags::dontwait)) {
    }
    ready_.clear();
    for (std::size_t n = 0; n < frames_; ++n) {
      Frame& frame = ready_.emplace_back();
      if (are_runs_) {
        for (std::size_t i = 0; i < messages_each_; ++i) append_record(frame.body, message_);
      } else {
        frame.body.append(text_);
      }
      frame.is_run = are_runs_;
      frame.messages = static_cast<std::uint32_t>(messages_each_);
      frame.held = frame.messages;
      frame.seal();
    }
  }

  std::size_t run() override {
    for (Frame& frame : ready_) {
      if (sink_.send(frame) != SendResult::kSent) throw std::logic_error("the socket is full");
    }
    return frames_ * messages_each_;
  }

 private:
  static constexpr const char* kAddress = "inproc://peer";

  static Settings settings() {
    Settings settings;
    settings.sock_type = SocketType::kPush;
    settings.send_hwm = 0;
    // No user can write this address: it is what has a peer without a connection.
    settings.endpoints = {{kAddress, Endpoint::Transport::kIpc, false}};
    return settings;
  }

  const std::size_t frames_;
  const std::size_t messages_each_;
  const bool are_runs_;
  const std::string message_ = std::string(kMessageBytes, 'p');
  const std::string text_ = std::string(messages_each_ * kMessageBytes, 'p');
  const Settings settings_ = settings();
  const std::shared_ptr<ZmqContext> context_ = std::make_shared<ZmqContext>(1);
  zmq::socket_t peer_{context_->get(), zmq::socket_type::pull};
  ZmqSink sink_{settings_, [this] { return context_; }};
  std::deque<Frame> ready_;
};

}  // namespace

std::vector<NamedWorkload> socket_workloads() {
  return {{"socket_run", [] { return std::make_unique<SocketSend>(64, 256, true); }},
          {"socket_alone", [] { return std::make_unique<SocketSend>(16384, 1); }},
          {"socket_frame",
           [] { return std::make_unique<SocketSend>(64, kFrameBytes / kMessageBytes); }}};
}

}  // namespace omzmq::bench
