// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <zmq.hpp>

#include "core/curve_clients.hpp"
#include "core/event_fd.hpp"

namespace omzmq {

/// The domain of sockets without CURVE. Without any, libzmq takes whatever does not begin like ZMTP
/// 3, such as HTTP or the banner of another service, for a peer of ZMTP 1, and gives it messages: a
/// PUSH its share, which is gone, and a PUB a copy of everything, up to sendHWM.
/// With one it ends such connections, and asks the handler, if there is one, about the others.
inline constexpr std::string_view kPlainDomain = "omzmq.plain";

/// Answers libzmq's question, for each CURVE handshake with a server socket of the context, whether
/// that client may connect: the handler of ZeroMQ's authentication protocol (ZAP, RFC 27), of which
/// a context has one. Each server socket has a domain of its own, by which it is told apart.
/// Whoever comes to a socket of kPlainDomain may.
///
/// libzmq lets in everybody when there is no handler. So it has to be there before a server socket
/// is bound, and until the last one is closed.
///
/// Threads: any. The questions are answered on a thread of its own, which nothing can end but the
/// destructor.
class ZapHandler {
 public:
  /// \throws zmq::error_t, std::system_error when threads or file descriptors are short
  explicit ZapHandler(zmq::context_t& context);
  ~ZapHandler();
  ZapHandler(const ZapHandler&) = delete;
  ZapHandler& operator=(const ZapHandler&) = delete;

  /// From now on `clients` are asked for the domain. A domain that nobody has is refused.
  void add(const std::string& domain, std::shared_ptr<CurveClients> clients);
  void remove(const std::string& domain) noexcept;

 private:
  struct Request;

  void run() noexcept;
  [[nodiscard]] bool answer_one() noexcept;
  [[nodiscard]] std::string_view status_for(const Request& request) noexcept;
  void reply(const Request& request, std::string_view status) noexcept;

  zmq::socket_t socket_;  ///< the thread's, once that runs
  EventFd wake_;
  std::atomic<bool> is_stopping_ = false;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<CurveClients>, std::less<>>
      clients_;         ///< guarded by mutex_
  std::thread thread_;  ///< the last member: all others are there when it begins
};

/// The domain of one server socket, as long as it lives.
///
/// Threads: one.
class ZapDomain {
 public:
  /// \param handler  outlives this
  ZapDomain(ZapHandler& handler, std::string name, std::shared_ptr<CurveClients> clients)
      : handler_(handler), name_(std::move(name)) {
    handler_.add(name_, std::move(clients));
  }
  ~ZapDomain() { handler_.remove(name_); }
  ZapDomain(const ZapDomain&) = delete;
  ZapDomain& operator=(const ZapDomain&) = delete;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }

 private:
  ZapHandler& handler_;
  const std::string name_;
};

}  // namespace omzmq
