// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "process_memory.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <string>

#include "test_directory.hpp"

namespace omzmq::test {

std::size_t resident_bytes(pid_t pid) {
  const std::string status = read_file(fmt::format("/proc/{}/status", pid));
  const std::string name = "VmRSS:";
  const auto at = status.find(name);
  if (at == std::string::npos) throw std::runtime_error(fmt::format("no process {}", pid));
  return std::stoul(status.substr(at + name.size())) * 1024;
}

std::size_t open_descriptors(pid_t pid) {
  const std::filesystem::directory_iterator all(fmt::format("/proc/{}/fd", pid));
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace omzmq::test
