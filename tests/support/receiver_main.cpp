// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// A ZeroMQ receiver for the system tests. Writes each message into a file as: number of parts, and
// for each part its length and its bytes; numbers are 32 bits in the machine's byte order. Standard
// output gets "ready" when the socket is bound or connecting, and "handshake" or "disconnected" as
// peers come and go. SIGTERM ends it.
#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

namespace {

volatile std::sig_atomic_t g_stop = 0;

void on_terminate(int /*signal*/) { g_stop = 1; }

struct Arguments {
  zmq::socket_type type = zmq::socket_type::pull;
  bool bind = true;
  std::string endpoint;
  std::string file;
  std::vector<std::string> subscriptions;
  int hwm = 0;
  int buffer = 0;
};

Arguments parse(const std::vector<std::string>& words) {
  const std::map<std::string, zmq::socket_type> types = {{"PULL", zmq::socket_type::pull},
                                                         {"SUB", zmq::socket_type::sub},
                                                         {"ROUTER", zmq::socket_type::router},
                                                         {"DEALER", zmq::socket_type::dealer}};
  Arguments arguments;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const std::string& name = words[i];
    const std::string& value = words[i + 1];
    if (name == "--type") {
      arguments.type = types.at(value);
    } else if (name == "--bind" || name == "--connect") {
      arguments.bind = name == "--bind";
      arguments.endpoint = value;
    } else if (name == "--file") {
      arguments.file = value;
    } else if (name == "--subscribe") {
      arguments.subscriptions.push_back(value);
    } else if (name == "--hwm") {
      arguments.hwm = std::stoi(value);
    } else if (name == "--buffer") {
      arguments.buffer = std::stoi(value);
    } else {
      throw std::invalid_argument("unknown argument " + name);
    }
  }
  return arguments;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t taken = ::write(fd, bytes.data(), bytes.size());
    if (taken < 0) throw std::runtime_error("write failed");
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
}

class Monitor : public zmq::monitor_t {
 public:
  void on_event_handshake_succeeded(const zmq_event_t& /*event*/, const char* /*peer*/) override {
    write_all(STDOUT_FILENO, "handshake\n");
  }
  void on_event_disconnected(const zmq_event_t& /*event*/, const char* /*peer*/) override {
    write_all(STDOUT_FILENO, "disconnected\n");
  }
};

// Appends one message; false when there is none at the moment.
bool receive(zmq::socket_t& socket, std::string& buffer) {
  std::string body;
  std::uint32_t parts = 0;
  zmq::message_t part;
  do {
    const auto flags = parts == 0 ? zmq::recv_flags::dontwait : zmq::recv_flags::none;
    if (!socket.recv(part, flags)) return false;
    const auto size = static_cast<std::uint32_t>(part.size());
    body.append(reinterpret_cast<const char*>(&size), sizeof size);
    body.append(part.data<char>(), part.size());
    ++parts;
  } while (part.more());
  buffer.append(reinterpret_cast<const char*>(&parts), sizeof parts);
  buffer += body;
  return true;
}

void serve(const Arguments& arguments) {
  const int file = ::open(arguments.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (file < 0) throw std::runtime_error("cannot open " + arguments.file);
  zmq::context_t context;
  zmq::socket_t socket(context, arguments.type);
  socket.set(zmq::sockopt::rcvhwm, arguments.hwm);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::ipv6, 1);
  socket.set(zmq::sockopt::reconnect_ivl, 20);
  if (arguments.buffer > 0) socket.set(zmq::sockopt::rcvbuf, arguments.buffer);
  if (arguments.type == zmq::socket_type::sub) {
    for (const auto& prefix : arguments.subscriptions) {
      socket.set(zmq::sockopt::subscribe, prefix);
    }
  }
  Monitor monitor;
  monitor.init(socket, "inproc://monitor", ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED);
  if (arguments.bind) {
    socket.bind(arguments.endpoint);
  } else {
    socket.connect(arguments.endpoint);
  }
  write_all(STDOUT_FILENO, "ready\n");

  constexpr std::size_t kFlushAt = 1U << 20U;
  std::string buffer;
  while (g_stop == 0) {
    while (g_stop == 0 && buffer.size() < kFlushAt && receive(socket, buffer)) {
    }
    write_all(file, buffer);
    const bool idle = buffer.empty();
    buffer.clear();
    if (idle) {
      zmq::pollitem_t items[] = {{socket.handle(), 0, ZMQ_POLLIN, 0}};
      zmq_poll(items, 1, 20);
    }
    while (monitor.check_event(0)) {
    }
  }
  ::close(file);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    struct sigaction action {};
    action.sa_handler = on_terminate;
    if (::sigaction(SIGTERM, &action, nullptr) != 0) return 1;
    serve(parse({argv + 1, argv + argc}));
    return 0;
  } catch (const std::exception& failure) {
    std::cerr << "test_receiver: " << failure.what() << '\n';
    return 1;
  }
}
