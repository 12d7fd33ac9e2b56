// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "full_disk_volume.hpp"

#include <fmt/format.h>

namespace omzmq::test {

SmallDisk::SmallDisk(const TestDirectory& directory, const std::string& name, unsigned kib)
    : namespace_(directory, name, Namespace::Kind::kMount), path_(directory.file(name)) {
  std::filesystem::create_directory(path_);
  namespace_.run_inside(
      {"mount", "-t", "tmpfs", "-o", fmt::format("size={}k,mode=0700", kib), "none", path_});
}

std::filesystem::path SmallDisk::from_outside(const std::string& name) const {
  return fmt::format("/proc/{}/root{}", namespace_.holder(), file(name));
}

void SmallDisk::resize(unsigned kib) const {
  namespace_.run_inside({"mount", "-o", fmt::format("remount,size={}k", kib), path_});
}

std::uintmax_t SmallDisk::free_bytes() const {
  return std::filesystem::space(from_outside("")).available;
}

}  // namespace omzmq::test
