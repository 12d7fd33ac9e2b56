// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string_view>
#include <unordered_map>

namespace omzmq {

/// Which connections have subscriptions, from the messages of an XPUB socket with
/// ZMQ_XPUB_VERBOSER: a byte, 1 or 0 for a subscription or its end, and the prefix.
///
/// Holds some bytes for each connection and no prefixes, so that a peer cannot make it grow.
///
/// Threads: one.
class SubscriberTable {
 public:
  /// A message that came over the connection with this file descriptor.
  /// \param inode_of  std::optional<ino_t>(int fd): of the socket that has the descriptor now
  template <typename InodeOf>
  void note(int fd, std::string_view message, const InodeOf& inode_of) {
    if (message.empty()) return;
    const auto known = peers_.find(fd);
    if (message.front() == kSubscribe) {
      const std::optional<ino_t> inode = inode_of(fd);
      if (!inode) return;
      if (known == peers_.end() || known->second.inode != *inode) {
        peers_.insert_or_assign(fd, Peer{*inode, 1});
      } else {
        ++known->second.subscriptions;
      }
    } else if (message.front() == kUnsubscribe && known != peers_.end()) {
      if (--known->second.subscriptions == 0) peers_.erase(known);
    }
  }

  /// Forgets connections that are over.
  template <typename InodeOf>
  void forget_who_left(const InodeOf& inode_of) {
    std::erase_if(peers_,
                  [&](const auto& peer) { return inode_of(peer.first) != peer.second.inode; });
  }

  void clear() noexcept { peers_.clear(); }
  [[nodiscard]] std::size_t size() const noexcept { return peers_.size(); }

 private:
  static constexpr char kUnsubscribe = 0;
  static constexpr char kSubscribe = 1;

  struct Peer {
    ino_t inode;                ///< of the connection: descriptors are used again, this is not
    std::size_t subscriptions;  ///< at least 1
  };

  std::unordered_map<int, Peer> peers_;  ///< by file descriptor
};

}  // namespace omzmq
