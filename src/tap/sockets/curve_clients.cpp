// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/sockets/curve_clients.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "common/key_list.hpp"

namespace omzmq::tap {
namespace {

constexpr const char* kHandlerAddress = "inproc://zeromq.zap.01";
constexpr std::string_view kProtocolVersion = "1.0";

/// The frames of a request, by their place.
enum Part : std::size_t { kVersion, kRequestId, kDomain, kAddress, kIdentity, kMechanism, kKey };
constexpr std::size_t kPartsOfCurve = kKey + 1;

}  // namespace

CurveClients::CurveClients(zmq::context_t& context, std::string path)
    : path_(std::move(path)),
      keys_(load_client_keys(path_)),
      socket_(context, zmq::socket_type::rep) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.bind(kHandlerAddress);
}

void CurveClients::reload() { keys_ = load_client_keys(path_); }

void CurveClients::serve() {
  while (answer_one()) {
  }
}

bool CurveClients::answer_one() {
  std::vector<zmq::message_t> request;
  do {
    if (!socket_.recv(request.emplace_back(), zmq::recv_flags::dontwait)) {
      return false;
    }
  } while (request.back().more());
  // Only libzmq itself asks; what it did not write gets no answer that makes sense.
  const std::string id = request.size() > kRequestId ? request[kRequestId].to_string() : "";
  const bool allowed = request.size() == kPartsOfCurve &&
                       request[kVersion].to_string_view() == kProtocolVersion &&
                       request[kMechanism].to_string_view() == "CURVE" && is_allowed(request[kKey]);
  const std::array<std::string_view, 6> reply{kProtocolVersion,
                                              id,
                                              allowed ? "200" : "400",
                                              allowed ? "OK" : "not among the clients",
                                              "",
                                              ""};
  for (std::size_t i = 0; i < reply.size(); ++i) {
    socket_.send(zmq::buffer(reply[i]),
                 i + 1 < reply.size() ? zmq::send_flags::sndmore : zmq::send_flags::none);
  }
  return true;
}

bool CurveClients::is_allowed(const zmq::message_t& key) const {
  CurveKey bytes{};
  if (key.size() != bytes.size()) {
    return false;
  }
  std::copy_n(key.data<std::uint8_t>(), bytes.size(), bytes.begin());
  return keys_.contains(bytes);
}

}  // namespace omzmq::tap
