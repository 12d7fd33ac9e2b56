// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmqtap_fixture.hpp"

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <thread>

namespace omzmq::tap {

void ZmqtapTest::SetUp() {
  std::string name = (std::filesystem::temp_directory_path() / "zmqtap-XXXXXX").string();
  ASSERT_NE(mkdtemp(name.data()), nullptr);
  directory_ = name;
}

Arguments ZmqtapTest::command(const Arguments& arguments) {
  Arguments all{OMZMQ_ZMQTAP};
  all.insert(all.end(), arguments.begin(), arguments.end());
  return all;
}

zmq::socket_t ZmqtapTest::make_socket(zmq::socket_type type) {
  zmq::socket_t socket(context_, type);
  socket.set(zmq::sockopt::linger, 10'000);
  socket.set(zmq::sockopt::sndtimeo, kPatienceMs);
  socket.set(zmq::sockopt::rcvtimeo, kPatienceMs);
  return socket;
}

std::string ZmqtapTest::bind_to_free_port(zmq::socket_t& socket) {
  socket.bind("tcp://127.0.0.1:*");
  return socket.get(zmq::sockopt::last_endpoint);
}

bool ZmqtapTest::send(zmq::socket_t& socket, std::string_view text, zmq::send_flags flags) {
  return socket.send(zmq::buffer(text), flags).has_value();
}

bool ZmqtapTest::await_subscriptions(zmq::socket_t& xpub, int count) {
  for (int i = 0; i < count; ++i) {
    zmq::message_t subscription;
    if (!xpub.recv(subscription)) {
      return false;
    }
  }
  return true;
}

int ZmqtapTest::pull(const Arguments& arguments, const std::vector<std::string>& frames) {
  zmq::socket_t push = make_socket(zmq::socket_type::push);
  Arguments all{"--pull", "-e", bind_to_free_port(push)};
  all.insert(all.end(), arguments.begin(), arguments.end());
  Process tap(command(all));
  for (const std::string& frame : frames) {
    EXPECT_TRUE(send(push, frame));
  }
  const int code = tap.wait();
  output_ = tap.output();
  errors_ = tap.errors();
  return code;
}

bool ZmqtapTest::eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(kPatienceMs);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::string ZmqtapTest::read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

void ZmqtapTest::write_file(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string numbered_batch(std::uint64_t first, std::uint32_t count, std::uint64_t epoch,
                           std::uint64_t stream) {
  std::vector<std::string> records;
  for (std::uint32_t i = 0; i < count; ++i) {
    records.push_back(std::to_string(first + i));
  }
  wire::BatchHeader header;
  header.epoch = epoch;
  header.stream = stream;
  header.first = first;
  header.time_ns = 1'700'000'000'000'000'000;
  return packed_batch(header, records);
}

std::string numbered_lines(std::uint64_t first, std::uint32_t count) {
  std::string lines;
  for (std::uint32_t i = 0; i < count; ++i) {
    lines += std::to_string(first + i) + '\n';
  }
  return lines;
}

}  // namespace omzmq::tap
