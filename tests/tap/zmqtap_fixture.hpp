// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "packed_frame.hpp"
#include "process.hpp"

namespace omzmq::tap {

using Arguments = std::vector<std::string>;

/// Runs the real zmqtap against sockets of this process, with a directory of its own.
class ZmqtapTest : public testing::Test {
 protected:
  static constexpr int kPatienceMs = 60'000;

  void SetUp() override;
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static Arguments command(const Arguments& arguments);

  std::string path(std::string_view name) const { return (directory_ / name).string(); }
  std::string ipc_endpoint() const { return "ipc://" + path("socket"); }

  /// A sending socket whose every send() waits for a receiver, a minute at most.
  zmq::socket_t make_socket(zmq::socket_type type);

  static std::string bind_to_free_port(zmq::socket_t& socket);

  static bool send(zmq::socket_t& socket, std::string_view text,
                   zmq::send_flags flags = zmq::send_flags::none);

  /// Waits until `count` subscriptions have come.
  static bool await_subscriptions(zmq::socket_t& xpub, int count);

  /// Pulls `frames` with `arguments`, until nothing more comes; returns the exit code.
  int pull(const Arguments& arguments, const std::vector<std::string>& frames);

  /// Whether `condition` comes true within a minute.
  static bool eventually(const std::function<bool()>& condition);

  static std::string read_file(const std::string& path);
  static void write_file(const std::string& path, std::string_view text);

  std::filesystem::path directory_;
  zmq::context_t context_;
  std::string output_;  // of pull()
  std::string errors_;
};

/// A batch of records "<first>", "<first + 1>" and so on.
std::string numbered_batch(std::uint64_t first, std::uint32_t count, std::uint64_t epoch = 7,
                           std::uint64_t stream = 1);

/// These records as plain lines.
std::string numbered_lines(std::uint64_t first, std::uint32_t count);

}  // namespace omzmq::tap
