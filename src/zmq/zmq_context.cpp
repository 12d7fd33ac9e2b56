// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/zmq_context.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>
#include <vector>

#include "core/format.hpp"

namespace omzmq {

ZmqContext::ZmqContext(int io_threads) : io_threads_(io_threads) {
  context_.set(zmq::ctxopt::io_threads, io_threads);
  context_.set(zmq::ctxopt::blocky, 0);
}

int ZmqContext::descriptors_for_socket() const noexcept {
  constexpr int kSocketAndConnections = 32;
  constexpr int kEachThread = 2;                                   // an epoll and an eventfd
  return kSocketAndConnections + kEachThread * (io_threads_ + 1);  // and the reaper
}

InFlight& ZmqContext::new_in_flight() {
  const std::lock_guard lock(mutex_);
  return in_flight_.emplace_back();
}

std::string ZmqContext::new_inproc_address() {
  const std::lock_guard lock(mutex_);
  return formatted("inproc://omzmq-{}", ++addresses_);
}

std::unique_ptr<ZapDomain> ZmqContext::new_zap_domain(std::shared_ptr<CurveClients> clients) {
  const std::lock_guard lock(mutex_);
  if (!zap_handler_) zap_handler_.emplace(context_);
  return std::make_unique<ZapDomain>(*zap_handler_, formatted("omzmq-{}", ++domains_),
                                     std::move(clients));
}

void require_file_descriptors(int count) {
  std::vector<int> taken;
  taken.reserve(static_cast<std::size_t>(count));
  int error = 0;
  while (error == 0 && taken.size() < static_cast<std::size_t>(count)) {
    const int fd = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      error = errno;
    } else {
      taken.push_back(fd);
    }
  }
  for (const int fd : taken) ::close(fd);
  if (error != 0) {
    throw std::system_error(error, std::generic_category(),
                            formatted("{} file descriptors are needed to open a socket", count));
  }
}

}  // namespace omzmq
