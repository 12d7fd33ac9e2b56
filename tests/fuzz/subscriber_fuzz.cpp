// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Any messages of subscribers, over connections that come and go and use each other's descriptors.
// Input: steps of two bytes, what and on which descriptor; a message has a length and bytes after
// them.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "core/subscriber_table.hpp"
#include "property.hpp"

namespace omzmq::fuzz {
namespace {

constexpr std::size_t kDescriptors = 8;

enum Step : unsigned { kOpen, kClose, kMessage, kForget, kSteps };

struct Connection {
  std::optional<ino_t> inode;  // nothing: it is closed
  std::size_t subscriptions = 0;
};

class World {
  auto inode_of() const {
    return [this](int fd) { return connections_[static_cast<std::size_t>(fd)].inode; };
  }

 public:
  void open(std::size_t fd) { connections_[fd] = {++last_inode_, 0}; }
  void close(std::size_t fd) { connections_[fd] = {}; }
  void say(std::size_t fd, std::string_view message) {
    table_.note(static_cast<int>(fd), message, inode_of());
    Connection& from = connections_[fd];
    if (message.empty() || !from.inode) return;
    if (message.front() == 1) ++from.subscriptions;
    if (message.front() == 0 && from.subscriptions != 0) --from.subscriptions;
  }
  void check_bound() const {
    require(table_.size() <= kDescriptors, "there is one entry for each descriptor at most");
  }
  void check_after_forgetting() {
    table_.forget_who_left(inode_of());
    const auto subscribed =
        std::count_if(connections_.begin(), connections_.end(),
                      [](const Connection& connection) { return connection.subscriptions != 0; });
    require(table_.size() == static_cast<std::size_t>(subscribed),
            "who has a subscription is there, and nobody else");
  }

 private:
  SubscriberTable table_;
  std::array<Connection, kDescriptors> connections_;
  ino_t last_inode_ = 0;
};

}  // namespace
}  // namespace omzmq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace omzmq::fuzz;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  World world;
  while (input.size() >= 2) {
    const unsigned step = static_cast<unsigned char>(input[0]) % kSteps;
    const std::size_t fd = static_cast<unsigned char>(input[1]) % kDescriptors;
    input.remove_prefix(2);
    if (step == kOpen) world.open(fd);
    if (step == kClose) world.close(fd);
    if (step == kForget) world.check_after_forgetting();
    if (step == kMessage && !input.empty()) {
      const std::size_t length = static_cast<unsigned char>(input[0]);
      input.remove_prefix(1);
      world.say(fd, input.substr(0, length));
      input.remove_prefix(std::min(length, input.size()));
    }
    world.check_bound();
  }
  world.check_after_forgetting();
  return 0;
}
