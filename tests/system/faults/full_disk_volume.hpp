// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "network_namespace.hpp"

namespace omzmq::test {

// A small file system in memory, which only the processes see that run behind command(). It is gone
// when the object, or the test's process, is.
// Threads: one.
class SmallDisk {
 public:
  // Throws std::runtime_error where none can be made (see why_no_namespaces()).
  SmallDisk(const TestDirectory& directory, const std::string& name, unsigned kib);

  std::vector<std::string> command() const { return namespace_.command(); }  // see Namespace
  // Paths, as the processes behind command() see them.
  const std::string& path() const { return path_; }
  std::string file(const std::string& name) const { return path_ + "/" + name; }
  // The same file, as the test itself sees it.
  std::filesystem::path from_outside(const std::string& name) const;

  // Makes it larger or smaller; smaller than what is in it is an error.
  void resize(unsigned kib) const;
  std::uintmax_t free_bytes() const;

 private:
  Namespace namespace_;
  std::string path_;
};

}  // namespace omzmq::test
