// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/peer_input.hpp"

namespace omzmq {
namespace {

/// Parts of a message that one try_receive() reads at most.
constexpr int kPartsAtOnce = 64;

}  // namespace

std::optional<std::string_view> PeerInput::try_receive() {
  if (!socket_.recv(received_, zmq::recv_flags::dontwait)) {
    const int events = socket_.get(zmq::sockopt::events);
    has_news_ = (events & ZMQ_POLLIN) != 0 || ((events & ZMQ_POLLOUT) != 0 && !told_room_);
    return std::nullopt;
  }
  has_news_ = true;  // there may be more
  const bool is_alone = !is_in_parts_ && !received_.more();
  for (int n = 1; n < kPartsAtOnce && received_.more(); ++n) {
    if (!socket_.recv(received_, zmq::recv_flags::dontwait)) break;
  }
  is_in_parts_ = received_.more();
  return is_alone ? received_.to_string_view() : std::string_view();
}

void PeerInput::note_events(int events) noexcept {
  told_room_ = (events & ZMQ_POLLOUT) != 0;
  has_news_ = (events & ZMQ_POLLIN) != 0;
}

}  // namespace omzmq
