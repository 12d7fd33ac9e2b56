// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace omzmq::test {

// Connections to one place that say what they are told to, and are kept open. Nothing waits: what
// the other side refuses, or takes later, is no matter here.
// Threads: one.
class Connections {
 public:
  explicit Connections(int port) : port_(port) {}  // of 127.0.0.1
  explicit Connections(std::string path) : path_(std::move(path)) {}
  ~Connections();
  Connections(Connections&&) = default;
  Connections& operator=(Connections&&) = delete;

  // Throws std::system_error when this process has no descriptor left.
  void open(unsigned count, std::string_view first_words = {});
  // To how many the other side has said something, or has closed them.
  unsigned heard() const;
  std::size_t count() const { return fds_.size(); }

 private:
  int port_ = 0;
  std::string path_;
  std::vector<int> fds_;
};

}  // namespace omzmq::test
