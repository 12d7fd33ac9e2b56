// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/zmq_sink.hpp"

#include <ifaddrs.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "core/format.hpp"
#include "zmq/zmq_options.hpp"

namespace omzmq {
namespace {

/// libzmq's own default for ZMQ_BACKLOG.
constexpr int kDefaultBacklog = 100;

/// How often a sender that never sleeps reads what subscribers say.
constexpr std::size_t kSendsBetweenReads = 256;
/// How often at most before it sleeps: it would take a flood of messages from peers to get there.
constexpr int kReadsBeforeSleep = 16;

/// Kept in the headroom of a body that libzmq holds.
struct Hint {
  std::atomic<std::size_t>* in_flight;
  std::uint32_t messages;
};
static_assert(sizeof(Hint) <= FrameBuffer::kHeadroom);

/// libzmq calls this from its own threads when nobody needs the body any more.
void free_body(void* /*data*/, void* block) {
  Hint hint{};
  std::memcpy(&hint, block, sizeof hint);
  hint.in_flight->fetch_sub(hint.messages, std::memory_order_relaxed);
  std::free(block);
}

/// libzmq ends the process when it cannot list the network interfaces, which it does for every tcp
/// address that it binds but "*": so this tries first.
void require_interface_list() {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) {
    throw std::system_error(
        errno, std::generic_category(),
        "the network interfaces cannot be listed (a sandbox without AF_NETLINK?); "
        "bind tcp://*:port, or allow AF_NETLINK");
  }
  ::freeifaddrs(list);
}

/// libzmq looks a name up as IPv6 *instead* of IPv4 when the option is on: "localhost" would miss a
/// receiver at 127.0.0.1. So a name is IPv4 unless the user asked for the other.
bool wants_ipv6(const Settings& settings, const Endpoint& endpoint) {
  const std::string_view host = endpoint.host_and_port();
  return settings.ipv6 &&
         (host.starts_with('[') || host.starts_with('*') || settings.was_given("ipv6"));
}

int backlog_of(const Settings& settings) {
  for (const auto& [name, value] : settings.socket_options) {
    if (name == "backlog") return std::stoi(value);
  }
  return kDefaultBacklog;
}

}  // namespace

ZmqSink::ZmqSink(const Settings& settings, ContextSource context_source)
    : settings_(settings), context_source_(std::move(context_source)) {}

ZmqSink::~ZmqSink() { close(std::chrono::milliseconds(0)); }

void ZmqSink::open() {
  if (!context_) {
    context_ = context_source_();
    in_flight_ = &context_->new_counter();
  }
  if (!socket_) {
    require_file_descriptors(context_->descriptors_for_socket());
    zmq::socket_t socket(context_->get(), socket_type_of(settings_));
    apply_options(settings_, socket);
    fd_ = socket.get(zmq::sockopt::fd);
    socket_ = std::move(socket);
    if (settings_.wait_for_peers > 0) {
      subscribers_.emplace(static_cast<std::size_t>(settings_.wait_for_peers));
    }
  }
  // Between two attempts to bind the last endpoint, peers come and go at the first.
  if (subscribers_) subscribers_->read(socket_);
  while (attached_ < settings_.endpoints.size()) {
    attach(settings_.endpoints[attached_]);
    ++attached_;
  }
}

void ZmqSink::attach(const Endpoint& endpoint) {
  const bool binds = settings_.binds(endpoint);
  try {
    socket_.set(zmq::sockopt::ipv6, wants_ipv6(settings_, endpoint) ? 1 : 0);
    if (!binds) {
      socket_.connect(endpoint.address);
    } else if (endpoint.transport == Endpoint::Transport::kIpc &&
               !endpoint.path().starts_with('@')) {
      bind_path(endpoint);
    } else {
      const bool is_tcp = endpoint.transport == Endpoint::Transport::kTcp;
      if (is_tcp && !endpoint.host_and_port().starts_with("*:")) require_interface_list();
      socket_.bind(endpoint.address);
    }
  } catch (const std::exception& error) {
    throw std::runtime_error(formatted("cannot {} '{}': {}", binds ? "bind" : "connect to",
                                       endpoint.address, error.what()));
  }
}

void ZmqSink::bind_path(const Endpoint& endpoint) {
  ListeningPath path(std::string(endpoint.path()), settings_.ipc_mode, backlog_of(settings_));
  socket_.set(zmq::sockopt::use_fd, path.fd());
  socket_.bind(endpoint.address);
  path.release_fd();  // the socket closes it
  socket_.set(zmq::sockopt::use_fd, -1);
  paths_.push_back(std::move(path));
}

SendResult ZmqSink::send(Frame& frame) noexcept {
  try {
    if (subscribers_ && !may_send()) return SendResult::kWouldBlock;
    if (!has_body_) keep_body(frame);
    for (; frame.copies_sent < frame.copies(); ++frame.copies_sent) {
      if (!send_copy(frame)) return SendResult::kWouldBlock;
    }
    has_body_ = false;
    return SendResult::kSent;
  } catch (const zmq::error_t& error) {
    return error.num() == EINTR || error.num() == ENOMEM ? SendResult::kWouldBlock
                                                         : SendResult::kBroken;
  } catch (const std::bad_alloc&) {
    return SendResult::kWouldBlock;
  }
}

void ZmqSink::keep_body(Frame& frame) {
  const std::size_t size = frame.body.size();
  std::unique_ptr<char, decltype(&std::free)> block(frame.body.release(), &std::free);
  const Hint hint{in_flight_, frame.held};
  std::memcpy(block.get(), &hint, sizeof hint);
  body_ = zmq::message_t(block.get() + FrameBuffer::kHeadroom, size, free_body, block.get());
  static_cast<void>(block.release());
  // Counted before it is sent: libzmq may be through with it before send() returns.
  in_flight_->fetch_add(frame.held, std::memory_order_relaxed);
  body_messages_ = frame.held;
  has_body_ = true;
}

bool ZmqSink::send_copy(Frame& frame) {
  if (!frame.topics.empty() && !topic_is_out_) {
    const std::string& topic = frame.topics[frame.copies_sent];
    zmq::message_t part(topic.data(), topic.size());
    if (!socket_.send(part, zmq::send_flags::dontwait | zmq::send_flags::sndmore)) return false;
    topic_is_out_ = true;
  }
  const bool is_last = frame.copies_sent + 1 == frame.copies();
  zmq::message_t copy;
  if (!is_last) copy.copy(body_);
  if (!socket_.send(is_last ? body_ : copy, zmq::send_flags::dontwait)) return false;
  topic_is_out_ = false;
  return true;
}

std::size_t ZmqSink::unsent() const noexcept {
  if (in_flight_ == nullptr) return 0;
  return in_flight_->load(std::memory_order_relaxed) - (has_body_ ? body_messages_ : 0);
}

bool ZmqSink::may_send() {
  if (subscribers_->are_enough() && ++unread_sends_ >= kSendsBetweenReads) {
    unread_sends_ = 0;
    subscribers_->read(socket_);
  }
  return subscribers_->are_enough();
}

bool ZmqSink::writable() noexcept {
  try {
    const bool has_room = (events() & ZMQ_POLLOUT) != 0;
    return has_room && (!subscribers_ || subscribers_->are_enough());
  } catch (const std::exception&) {
    return false;
  }
}

// A subscription that has come when the events are looked at does not make fd() readable any more:
// so it is read before anybody sleeps. A peer that sends without end gets its turn again when the
// sender wakes next, a second later at most.
int ZmqSink::events() {
  int events = socket_.get(zmq::sockopt::events);
  for (int n = 0; subscribers_ && (events & ZMQ_POLLIN) != 0 && n < kReadsBeforeSleep; ++n) {
    subscribers_->read(socket_);
    events = socket_.get(zmq::sockopt::events);
  }
  return events;
}

void ZmqSink::close(std::chrono::milliseconds linger) noexcept {
  paths_.clear();
  attached_ = 0;
  fd_ = -1;
  topic_is_out_ = false;
  subscribers_.reset();
  unread_sends_ = 0;
  if (!socket_) return;
  const int linger_ms = static_cast<int>(linger.count());
  ::zmq_setsockopt(socket_.handle(), ZMQ_LINGER, &linger_ms, sizeof linger_ms);
  socket_.close();
}

}  // namespace omzmq
