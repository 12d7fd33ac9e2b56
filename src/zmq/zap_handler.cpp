// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/zap_handler.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "core/own_thread.hpp"

namespace omzmq {
namespace {

constexpr const char* kAddress = "inproc://zeromq.zap.01";
constexpr std::string_view kVersion = "1.0";

/// RFC 27: what is in a reply.
constexpr std::string_view kAllowed = "200";
constexpr std::string_view kRefused = "400";
constexpr std::string_view kMalformed = "500";

/// How long to leave it when libzmq fails in a way that it should not.
constexpr std::chrono::milliseconds kPause{10};

/// The frames of a request, by their place.
enum Part : std::size_t {
  kVersionPart,
  kIdPart,
  kDomainPart,
  kAddressPart,
  kRoutingIdPart,
  kMechanismPart,
  kKeyPart,
  kPartsOfCurve
};

}  // namespace

struct ZapHandler::Request {
  std::array<zmq::message_t, kPartsOfCurve> parts;
  std::size_t count = 0;  ///< parts that came; what is beyond the array was thrown away

  [[nodiscard]] std::string_view text(Part part) const noexcept {
    return part < count ? parts[part].to_string_view() : std::string_view();
  }
};

ZapHandler::ZapHandler(zmq::context_t& context) : socket_(context, zmq::socket_type::rep) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.bind(kAddress);
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

ZapHandler::~ZapHandler() {
  is_stopping_ = true;
  wake_.notify();
  thread_.join();
}

void ZapHandler::add(const std::string& domain, std::shared_ptr<CurveClients> clients) {
  const std::lock_guard lock(mutex_);
  clients_.insert_or_assign(domain, std::move(clients));
}

void ZapHandler::remove(const std::string& domain) noexcept {
  const std::lock_guard lock(mutex_);
  clients_.erase(domain);
}

void ZapHandler::run() noexcept {
  name_this_thread("zap");
  std::array<zmq::pollitem_t, 2> items{
      {{socket_.handle(), 0, ZMQ_POLLIN, 0}, {nullptr, wake_.fd(), ZMQ_POLLIN, 0}}};
  while (!is_stopping_) {
    if (::zmq_poll(items.data(), static_cast<int>(items.size()), -1) < 0 && errno != EINTR) {
      std::this_thread::sleep_for(kPause);
    }
    while (!is_stopping_ && answer_one()) {
    }
  }
}

/// False: nobody asks anything.
bool ZapHandler::answer_one() noexcept {
  Request request;
  for (bool is_more = true; is_more;) {
    zmq::message_t surplus;
    zmq::message_t& part =
        request.count < request.parts.size() ? request.parts[request.count] : surplus;
    if (::zmq_msg_recv(part.handle(), socket_.handle(), ZMQ_DONTWAIT) < 0) {
      if (errno == EINTR) continue;
      return false;
    }
    is_more = part.more();
    ++request.count;
  }
  reply(request, status_for(request));
  return true;
}

std::string_view ZapHandler::status_for(const Request& request) noexcept {
  const bool is_ours = request.text(kVersionPart) == kVersion;
  if (is_ours && request.text(kMechanismPart) == "NULL" &&
      request.text(kDomainPart) == kPlainDomain) {
    return kAllowed;
  }
  const std::string_view bytes = request.text(kKeyPart);
  CurveKey key{};
  if (request.count != kPartsOfCurve || !is_ours || request.text(kMechanismPart) != "CURVE" ||
      bytes.size() != key.size()) {
    return kMalformed;
  }
  std::transform(bytes.begin(), bytes.end(), key.begin(),
                 [](char byte) { return static_cast<std::uint8_t>(byte); });
  std::shared_ptr<CurveClients> clients;
  {
    const std::lock_guard lock(mutex_);
    const auto found = clients_.find(request.text(kDomainPart));
    if (found != clients_.end()) clients = found->second;
  }
  return clients && clients->admit(key, request.text(kAddressPart)) ? kAllowed : kRefused;
}

void ZapHandler::reply(const Request& request, std::string_view status) noexcept {
  // The version, the request's own id, the status with a text, a user id, metadata.
  const std::array<std::string_view, 6> parts{kVersion, request.text(kIdPart), status, "", "", ""};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const int more = i + 1 < parts.size() ? ZMQ_SNDMORE : 0;
    // The peer has no limit for what waits, so that this never has to; if it is gone, no matter.
    while (::zmq_send(socket_.handle(), parts[i].data(), parts[i].size(), ZMQ_DONTWAIT | more) <
               0 &&
           errno == EINTR) {
    }
  }
}

}  // namespace omzmq
