// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/subscribers.hpp"

#include <sys/stat.h>

#include <optional>

namespace omzmq {
namespace {

/// What tells the socket behind this descriptor from the others; nothing when there is none.
std::optional<ino_t> socket_inode(int fd) {
  struct stat status {};
  if (::fstat(fd, &status) != 0 || !S_ISSOCK(status.st_mode)) return std::nullopt;
  return status.st_ino;
}

}  // namespace

void Subscribers::read(zmq::socket_t& socket) {
  zmq::message_t message;
  for (std::size_t n = 0; n < kMostAtOnce; ++n) {
    if (!socket.recv(message, zmq::recv_flags::dontwait)) break;
    if (!are_enough_) note(message);
  }
  if (are_enough_ || peers_.size() < wanted_) return;
  peers_.forget_who_left(socket_inode);
  if (peers_.size() < wanted_) return;
  are_enough_ = true;
  peers_.clear();
  socket.set(zmq::sockopt::xpub_verboser, 0);  // less to read from now on
}

// libzmq says of a message which descriptor it came from, not which connection, and by now the
// descriptor may be closed or belong to another one. The inode tells.
//
// No subscriber is left out for good, which would hold up the action for ever: while its connection
// lives, the descriptor is its own, so the inode that is found here is its own, and stays it.
//
// Somebody may be counted in error: a subscriber that left before its message was read here, when
// its descriptor went to another connection in that moment. If that one subscribes, it takes over
// this entry; if it closes, the entry goes.
void Subscribers::note(zmq::message_t& message) {
  // Without a descriptor are the subscriptions that libzmq makes up for peers of ZMTP 1 and 2, and
  // those it takes back for a peer that left.
  const int fd = ::zmq_msg_get(message.handle(), ZMQ_SRCFD);
  if (fd < 0) return;
  peers_.note(fd, message.to_string_view(), socket_inode);
}

}  // namespace omzmq
