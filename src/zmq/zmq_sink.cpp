// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/zmq_sink.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "common/format.hpp"
#include "zmq/listening_path.hpp"
#include "zmq/listening_port.hpp"
#include "zmq/zmq_options.hpp"

namespace omzmq {
namespace {

/// How often a sender that never sleeps reads what subscribers say.
constexpr std::size_t kSendsBetweenReads = 256;
/// How often at most before it sleeps: it would take a flood of messages from peers to get there.
constexpr int kReadsBeforeSleep = 16;

/// How long libzmq may take at the stop to give up what it holds.
constexpr std::chrono::milliseconds kPatience{1000};

/// libzmq looks a name up as IPv6 *instead* of IPv4 when the option is on: "localhost" would miss a
/// receiver at 127.0.0.1. So a name is IPv4 unless the user asked for the other.
bool wants_ipv6(const Settings& settings, const Endpoint& endpoint) {
  const std::string_view host = endpoint.host_and_port();
  return settings.ipv6 &&
         (host.starts_with('[') || host.starts_with('*') || settings.was_given("ipv6"));
}

}  // namespace

ZmqSink::ZmqSink(const Settings& settings, ContextSource context_source,
                 std::shared_ptr<const Curve> curve)
    : settings_(settings), context_source_(std::move(context_source)), curve_(std::move(curve)) {}

ZmqSink::~ZmqSink() {
  close(std::chrono::milliseconds(0));
  if (in_flight_ != nullptr) in_flight_->give_back(rest_);
}

void ZmqSink::open() {
  if (!context_) context_ = context_source_();
  if (in_flight_ == nullptr) in_flight_ = &context_->new_in_flight();
  if (!socket_) make_socket();
  // Between two attempts to bind the last endpoint, peers come and go at the first.
  if (subscribers_) subscribers_->read(socket_);
  while (attached_ < settings_.endpoints.size()) {
    attach(settings_.endpoints[attached_]);
    ++attached_;
  }
}

void ZmqSink::make_socket() {
  zmq::socket_t socket = context_->new_socket(socket_type_of(settings_));
  apply_options(settings_, socket);
  secure(socket);
  listen_to_peers(socket);
  socket_ = std::move(socket);
  lost_ = 0;
}

void ZmqSink::secure(zmq::socket_t& socket) {
  if (!curve_) return;
  if (curve_->clients() && !zap_domain_) {
    zap_domain_ = context_->new_zap_domain(curve_->clients());
  }
  curve_->apply(socket, zap_domain_ ? zap_domain_->name() : std::string());
}

void ZmqSink::listen_to_peers(zmq::socket_t& socket) {
  try {
    // libzmq keeps a connection whose messages nobody reads, even when the peer is gone.
    if (settings_.sock_type == SocketType::kDealer) input_.emplace(socket);
    if (settings_.wait_for_peers > 0) {
      subscribers_.emplace(static_cast<std::size_t>(settings_.wait_for_peers));
    }
    monitor_.emplace(context_->get(), socket, context_->new_inproc_address());
    monitor_->tell(given_up_.emplace(settings_));
    losses_told_ = 0;
    sleep_set_.emplace();
    sleep_set_->add(socket.get(zmq::sockopt::fd));
    sleep_set_->add(monitor_->fd());
  } catch (...) {
    forget_peers();  // the socket goes
    throw;
  }
}

void ZmqSink::attach(const Endpoint& endpoint) {
  const bool binds = settings_.binds(endpoint);
  try {
    socket_.set(zmq::sockopt::use_fd, -1);
    socket_.set(zmq::sockopt::ipv6, wants_ipv6(settings_, endpoint) ? 1 : 0);
    if (!binds) {
      socket_.connect(endpoint.address);
    } else if (endpoint.transport == Endpoint::Transport::kTcp) {
      bind_port(endpoint);
    } else if (endpoint.path().starts_with('@')) {
      socket_.bind(endpoint.address);
    } else {
      bind_path(endpoint);
    }
  } catch (const std::exception& error) {
    throw std::runtime_error(formatted("cannot {} '{}': {}", binds ? "bind" : "connect to",
                                       endpoint.address, error.what()));
  }
}

void ZmqSink::bind_port(const Endpoint& endpoint) {
  ListeningPort::Options options = listening_options(settings_);
  options.ipv6 = wants_ipv6(settings_, endpoint);
  bind_door(endpoint, std::make_unique<ListeningPort>(endpoint.host_and_port(), options));
}

void ZmqSink::bind_path(const Endpoint& endpoint) {
  bind_door(endpoint,
            std::make_unique<ListeningPath>(std::string(endpoint.path()), settings_.ipc_mode,
                                            listening_options(settings_).backlog));
}

/// Gives libzmq a descriptor of its own for a socket that listens already. Last of all: nothing
/// that fails may leave libzmq listening without us.
void ZmqSink::bind_door(const Endpoint& endpoint, std::unique_ptr<Door> door) {
  const int listening = door->fd();
  doors_.emplace_back(context_->doorkeeper(), std::move(door));
  int copy = -1;
  try {
    copy = ::fcntl(listening, F_DUPFD_CLOEXEC, 0);
    if (copy < 0) throw std::system_error(errno, std::generic_category());
    socket_.set(zmq::sockopt::use_fd, copy);
    socket_.bind(endpoint.address);
  } catch (...) {
    if (copy >= 0) ::close(copy);
    doors_.pop_back();
    throw;
  }
}

SendResult ZmqSink::send(Frame& frame) noexcept {
  try {
    if (subscribers_ && !may_send()) return SendResult::kWouldBlock;
    return (frame.is_run ? send_run(frame) : send_whole(frame)) ? SendResult::kSent
                                                                : SendResult::kWouldBlock;
  } catch (const zmq::error_t& error) {
    return error.num() == EINTR || error.num() == ENOMEM ? SendResult::kWouldBlock
                                                         : SendResult::kBroken;
  } catch (const std::bad_alloc&) {
    return SendResult::kWouldBlock;
  }
}

bool ZmqSink::send_whole(Frame& frame) {
  if (!has_body_) {
    body_number_ = in_flight_->hand_over(frame, body_);
    body_messages_ = frame.held;
    has_body_ = true;
  }
  for (; frame.copies_sent < frame.copies(); ++frame.copies_sent) {
    if (!send_copy(frame)) return false;
  }
  has_body_ = false;
  return true;
}

bool ZmqSink::send_run(Frame& frame) {
  if (!has_body_) {
    rest_ = in_flight_->hand_over_run(frame);
    body_number_ = rest_.number;
    body_messages_ = frame.held;
    has_body_ = true;
  }
  for (; frame.held != 0; body_messages_ = frame.held) {
    // Else the message is there, which the socket did not take the last time.
    if (rest_.messages == frame.held) in_flight_->make_next(rest_, body_);
    const std::size_t bytes = body_.size();
    if (!socket_.send(body_, zmq::send_flags::dontwait)) return false;
    frame.note_taken(bytes);
  }
  has_body_ = false;
  return true;
}

bool ZmqSink::send_copy(Frame& frame) {
  if (!frame.topics.empty() && !topic_is_out_) {
    const std::string& topic = frame.topics[frame.copies_sent];
    zmq::message_t part(topic.data(), topic.size());
    if (!socket_.send(part, zmq::send_flags::dontwait | zmq::send_flags::sndmore)) return false;
    topic_is_out_ = true;
  }
  const bool is_last = frame.copies_sent + 1 == frame.copies();
  const auto try_send = [this](zmq::message_t& body) {
    return socket_.send(body, zmq::send_flags::dontwait).has_value();
  };
  if (is_last) {
    if (!try_send(body_)) return false;
  } else {
    zmq::message_t copy;
    copy.copy(body_);
    if (!try_send(copy)) return false;
  }
  topic_is_out_ = false;
  return true;
}

std::size_t ZmqSink::unsent() const noexcept {
  if (in_flight_ == nullptr) return 0;
  return lost_ + in_flight_->messages() - (has_body_ ? body_messages_ : 0);
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
    const int found = events();
    if (input_) input_->note_events(found);
    return (found & ZMQ_POLLOUT) != 0 && (!subscribers_ || subscribers_->are_enough());
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

int ZmqSink::fd() const noexcept {
  if (!sleep_set_) return -1;
  const bool has_news = (input_ && input_->has_news()) || (monitor_ && monitor_->has_more());
  return has_news ? sleep_set_->ready_fd() : sleep_set_->fd();
}

std::optional<std::string_view> ZmqSink::try_receive() noexcept {
  try {
    return input_ ? input_->try_receive() : std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;  // interrupted: the next call goes on
  }
}

void ZmqSink::watch_peers(PeerListener& listener, Clock::time_point now) noexcept {
  if (!monitor_) return;
  MarkRepeats marked(*given_up_, listener);
  monitor_->read(marked, now);
  try {
    connect_anew(listener, now);
  } catch (const std::exception&) {
    // No memory; the next call is soon.
  }
}

// Of what libzmq has given up there is nothing left but its name, which would keep a DEALER or a
// PUB from connecting again. What does not even have that is not disconnected: libzmq would look a
// name up, and wait for the answer.
void ZmqSink::connect_anew(PeerListener& listener, Clock::time_point now) {
  const std::vector<std::string> addresses = given_up_->take_due(now);
  const auto detached = [this](const std::string& address) {
    return std::find(detached_.begin(), detached_.end(), address);
  };
  for (const std::string& address : addresses) {
    if (detached(address) != detached_.end()) continue;
    detached_.push_back(address);
    ::zmq_disconnect(socket_.handle(), address.c_str());
  }
  for (const Endpoint& endpoint : settings_.endpoints) {
    const auto found = detached(endpoint.address);
    const bool is_due =
        std::find(addresses.begin(), addresses.end(), endpoint.address) != addresses.end();
    if (!is_due || found == detached_.end()) continue;
    try {
      attach(endpoint);
      detached_.erase(found);
    } catch (const std::exception&) {
      // The others are not held up. It is due again later, and an outage until then.
      listener.note({PeerEvent::Kind::kNoWay, endpoint.address, {}}, now);
    }
  }
}

bool ZmqSink::has_lost_peer() noexcept {
  const std::uint64_t losses = monitor_ ? monitor_->losses() : 0;
  return std::exchange(losses_told_, losses) != losses;
}

// libzmq gives a body up when it is written, or copied into the buffer of a connection, or when it
// is dropped because of the closing. keep_all() cannot tell these apart: so what is written in the
// moment between it and libzmq's threads learning of the closing comes back, although its peer gets
// it. For a peer that reads nothing that is one message at most.
std::vector<Frame> ZmqSink::recover(Frame* offered) noexcept {
  if (in_flight_ == nullptr) return {};
  const bool had_body = std::exchange(has_body_, false);
  forget_peers();
  in_flight_->keep_all();
  close_socket(std::chrono::milliseconds(0));
  body_ = zmq::message_t();  // this one comes back by the same way
  in_flight_->give_back(rest_);
  InFlight::Returned returned = in_flight_->take_back(kPatience);
  lost_ = returned.lost;
  if (had_body && offered != nullptr) {
    std::vector<InFlight::Body>& bodies = returned.bodies;
    if (!bodies.empty() && bodies.back().number == body_number_) {
      offered->body = std::move(bodies.back().buffer);
      if (offered->is_run) {  // what of it was taken may have come back, too
        offered->messages = bodies.back().messages;
        offered->held = bodies.back().messages;
        offered->seal();
      }
      bodies.pop_back();
    } else {
      offered->held = 0;
      offered->messages = 0;
    }
  }
  return frames_of(std::move(returned.bodies));
}

std::vector<Frame> ZmqSink::frames_of(std::vector<InFlight::Body> bodies) noexcept {
  std::vector<Frame> frames;
  if (settings_.sock_type == SocketType::kPub) return frames;
  try {
    frames.reserve(bodies.size());
  } catch (const std::bad_alloc&) {
    for (const InFlight::Body& body : bodies) lost_ += body.messages;
    return frames;
  }
  for (InFlight::Body& body : bodies) {
    Frame& frame = frames.emplace_back();
    frame.body = std::move(body.buffer);
    frame.messages = body.messages;
    frame.held = body.messages;
    frame.is_replayed = body.is_replayed;
    frame.is_run = body.is_run;
    frame.seal();
  }
  return frames;
}

void ZmqSink::close(std::chrono::milliseconds linger) noexcept {
  forget_peers();
  close_socket(linger);
}

void ZmqSink::forget_peers() noexcept {
  doors_.clear();
  attached_ = 0;
  subscribers_.reset();
  unread_sends_ = 0;
  input_.reset();
  sleep_set_.reset();
  monitor_.reset();
  given_up_.reset();
  detached_.clear();
  losses_told_ = 0;
}

void ZmqSink::close_socket(std::chrono::milliseconds linger) noexcept {
  topic_is_out_ = false;
  if (!socket_) return;
  const int linger_ms = static_cast<int>(linger.count());
  ::zmq_setsockopt(socket_.handle(), ZMQ_LINGER, &linger_ms, sizeof linger_ms);
  socket_.close();
}

}  // namespace omzmq
