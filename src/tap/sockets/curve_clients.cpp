// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "tap/sockets/curve_clients.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <vector>

#include "tap/sockets/certificate.hpp"

namespace omzmq::tap {
namespace {

constexpr const char* kHandlerAddress = "inproc://zeromq.zap.01";
constexpr std::string_view kProtocolVersion = "1.0";
constexpr std::size_t kKeyBytes = 32;

/// The frames of a request, by their place.
enum Part : std::size_t { kVersion, kRequestId, kDomain, kAddress, kIdentity, kMechanism, kKey };
constexpr std::size_t kPartsOfCurve = kKey + 1;

std::unordered_set<std::string> read_directory(const std::string& path) {
  std::unordered_set<std::string> keys;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    const std::string name = entry.path().filename().string();
    if (entry.is_regular_file() && !name.starts_with('.') && !name.ends_with(kSecretSuffix)) {
      keys.insert(load_public_key(entry.path().string()));
    }
  }
  return keys;
}

/// Nothing when the file is not a list of keys.
std::unordered_set<std::string> read_list(const std::string& path) {
  std::unordered_set<std::string> keys;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    line.erase(0, line.find_first_not_of(" \t"));
    line.erase(line.find_last_not_of(" \t\r") + 1);
    // '#' is also a character of Z85: a key comes before a comment.
    if (is_key(line)) {
      keys.insert(line);
    } else if (!line.empty() && line.front() != '#') {
      return {};
    }
  }
  return keys;
}

std::unordered_set<std::string> read_keys(const std::string& path) {
  std::unordered_set<std::string> keys;
  try {
    if (std::filesystem::is_directory(path)) {
      keys = read_directory(path);
    } else {
      keys = read_list(path);
      if (keys.empty()) {
        keys.insert(load_public_key(path));
      }
    }
  } catch (const std::filesystem::filesystem_error& error) {
    throw CertificateError(fmt::format("cannot read '{}': {}", path, error.code().message()));
  }
  if (keys.empty()) {
    throw CertificateError(
        fmt::format("'{}' holds no public certificate: nobody could connect", path));
  }
  return keys;
}

}  // namespace

CurveClients::CurveClients(zmq::context_t& context, std::string path)
    : path_(std::move(path)), keys_(read_keys(path_)), socket_(context, zmq::socket_type::rep) {
  socket_.set(zmq::sockopt::linger, 0);
  socket_.bind(kHandlerAddress);
}

void CurveClients::reload() { keys_ = read_keys(path_); }

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
  std::array<char, kKeyCharacters + 1> z85{};
  return key.size() == kKeyBytes &&
         zmq_z85_encode(z85.data(), static_cast<const std::uint8_t*>(key.data()), kKeyBytes) !=
             nullptr &&
         keys_.contains(z85.data());
}

}  // namespace omzmq::tap
