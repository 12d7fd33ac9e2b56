// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>
#include <string_view>

namespace omzmq::test {

// The text of message number n: "msgnum:00000042:" and then x up to size bytes; at least 16 bytes.
std::string numbered_line(unsigned number, std::size_t size = 0);

// Sends messages to imptcp over one connection. Each call returns when the kernel has taken all of
// it. Failures throw std::system_error. Threads: one.
class Injector {
 public:
  explicit Injector(const std::string& socket_path);
  ~Injector();
  Injector(const Injector&) = delete;
  Injector& operator=(const Injector&) = delete;

  // Messages first … first + count - 1, each of size bytes (see numbered_line).
  void numbered(unsigned first, unsigned count, std::size_t size = 0);
  // One message of any bytes, framed by its length.
  void message(std::string_view bytes);

 private:
  void write(std::string_view bytes) const;

  int fd_;
};

}  // namespace omzmq::test
