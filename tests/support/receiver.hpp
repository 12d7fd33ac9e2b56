// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "process.hpp"
#include "test_directory.hpp"

namespace omzmq::test {

// A ZeroMQ receiver in another process (the program test_receiver), which writes each message with
// all its parts into a file. Threads: one.
class Receiver {
 public:
  using Message = std::vector<std::string>;  // its parts
  struct Options {
    std::string type = "PULL";  // PULL, SUB, ROUTER, DEALER
    bool bind = true;           // else connect
    std::string endpoint;
    std::vector<std::string> subscriptions = {""};
    int receive_hwm = 0;     // 0: no limit
    int receive_buffer = 0;  // bytes of SO_RCVBUF; 0: the system's
  };

  Receiver(const TestDirectory& directory, const std::string& name, Options options);

  // Returns when the socket is bound, or its connect was called.
  void start();
  // SIGTERM, and waits for the end; what it had received is kept.
  void stop();
  void kill();
  void pause() { process_.pause(); }
  void resume() { process_.resume(); }

  // True when ZMTP handshakes were completed so many times in all.
  bool wait_connected(int handshakes = 1);
  // True when so many messages in all were received within the bound.
  bool wait_for(std::size_t count, std::chrono::milliseconds bound = default_bound());
  std::size_t count();
  // All messages so far, over all starts, in their order.
  const std::vector<Message>& messages();
  // The messages with one part, or the part with this index of each.
  std::vector<std::string> payloads(std::size_t part = 0);

 private:
  void read_more();

  std::string base_;
  Options options_;
  int starts_ = 0;
  std::string data_file_;
  std::uint64_t offset_ = 0;
  std::vector<Message> messages_;
  Process process_;
};

}  // namespace omzmq::test
