// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <filesystem>
#include <string>

namespace omzmq::test {

// A new directory for one test. Its path is short, because the path of a unix socket may have 107
// bytes only. Removed by the destructor, but kept, and its path printed, when the test has failed.
// Threads: one.
class TestDirectory {
 public:
  TestDirectory();
  ~TestDirectory();
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

// The whole content of a file; empty when it is not there.
std::string read_file(const std::filesystem::path& path);
void write_file(const std::filesystem::path& path, const std::string& content);

// A TCP port of 127.0.0.1 that nobody listens on and that no other test is given. It lies below the
// ports that the kernel gives to outgoing connections, so that a connection to it can't be to
// itself.
int free_tcp_port();
std::string free_tcp_endpoint();

}  // namespace omzmq::test
