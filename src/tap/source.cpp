// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/source.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstdint>

namespace omzmq::tap {
namespace {

/// Receive high-water marks, in ZeroMQ messages for each peer. A publisher drops what its
/// subscriber does not take at once, so many small messages find room; a PUSH waits instead, and
/// a frame of lines may be large.
constexpr int kRawSubscriberMark = 100'000;
constexpr int kOtherMark = 1000;

/// A peer that announces a larger message is disconnected. A frame of lines has up to 64 MiB of
/// messages and a separator for each.
constexpr std::int64_t kMaxMessageBytes = std::int64_t{64 + 1} << 20;

int receive_mark(const Options& options) {
  const bool small_and_lossy =
      options.socket_kind == SocketKind::Sub && options.format == Format::Raw;
  return small_and_lossy ? kRawSubscriberMark : kOtherMark;
}

}  // namespace

Source::Source(const Options& options)
    : socket_(context_, options.socket_kind == SocketKind::Pull ? zmq::socket_type::pull
                                                                : zmq::socket_type::sub) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.set(zmq::sockopt::rcvhwm, receive_mark(options));
  socket_.set(zmq::sockopt::maxmsgsize, kMaxMessageBytes);
  for (const std::string& prefix : options.prefixes) {
    socket_.set(zmq::sockopt::subscribe, prefix);
  }
  for (const Endpoint& endpoint : options.endpoints) {
    attach(endpoint);
  }
}

void Source::attach(const Endpoint& endpoint) {
  const bool binds = endpoint.attachment == Attachment::Bind;
  // With this option on, libzmq resolves "localhost" to ::1 only and misses who listens on
  // 127.0.0.1; so it is on for literal IPv6 addresses alone.
  const bool is_ipv6 = endpoint.address.find('[') != std::string::npos;
  try {
    socket_.set(zmq::sockopt::ipv6, is_ipv6 ? 1 : 0);
    if (binds) {
      socket_.bind(endpoint.address);
    } else {
      socket_.connect(endpoint.address);
    }
  } catch (const zmq::error_t& error) {
    throw SourceError(fmt::format("cannot {} {}: {}", binds ? "bind" : "connect to",
                                  endpoint.address, error.what()));
  }
}

std::optional<std::string_view> Source::try_receive() {
  try {
    // The parts of a message arrive together: when the first is there, the others are.
    do {
      if (!socket_.recv(part_, zmq::recv_flags::dontwait)) {
        return std::nullopt;
      }
    } while (part_.more());
  } catch (const zmq::error_t& error) {
    if (error.num() == EINTR) {
      return std::nullopt;
    }
    throw;
  }
  return std::string_view(static_cast<const char*>(part_.data()), part_.size());
}

Source::Wake Source::wait(int stop_fd, int output_fd, std::chrono::milliseconds timeout) {
  std::array<zmq::pollitem_t, 3> items{
      zmq::pollitem_t{socket_.handle(), 0, ZMQ_POLLIN, 0},
      zmq::pollitem_t{nullptr, stop_fd, ZMQ_POLLIN, 0},
      zmq::pollitem_t{nullptr, output_fd, ZMQ_POLLERR, 0},
  };
  const std::size_t watched = output_fd < 0 ? items.size() - 1 : items.size();
  try {
    zmq::poll(items.data(), watched, timeout);
  } catch (const zmq::error_t& error) {
    if (error.num() != EINTR) {
      throw;
    }
    return {};
  }
  return Wake{items[1].revents != 0, items[2].revents != 0};
}

}  // namespace omzmq::tap
