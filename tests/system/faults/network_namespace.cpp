// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "network_namespace.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace omzmq::test {
namespace {

std::filesystem::path namespace_of(const std::string& pid, const std::string& kind) {
  std::error_code ignored;
  return std::filesystem::read_symlink(
      fmt::format("/proc/{}/ns/{}", pid, kind == "net" ? "net" : "mnt"), ignored);
}

}  // namespace

Namespace::Namespace(const TestDirectory& directory, const std::string& name, Kind kind)
    : base_(directory.file("namespace-" + name)), kind_(kind == Kind::kNetwork ? "net" : "mount") {
  holder_.start({"unshare", "--" + kind_, "sleep", "infinity"}, base_ + ".out", base_ + ".err");
  const auto own = namespace_of("self", kind_);
  const bool made = wait_until([&] {
    const auto its = namespace_of(std::to_string(holder_.pid()), kind_);
    return !holder_.running() || (!its.empty() && its != own);
  });
  if (!made || !holder_.running()) {
    throw std::runtime_error("no namespace: " + read_file(base_ + ".err"));
  }
}

std::vector<std::string> Namespace::command() const {
  return {"nsenter",
          fmt::format("--{}=/proc/{}/ns/{}", kind_, holder_.pid(), kind_ == "net" ? "net" : "mnt")};
}

std::string Namespace::run_inside(const std::vector<std::string>& argv) const {
  std::vector<std::string> whole = command();
  whole.insert(whole.end(), argv.begin(), argv.end());
  const Output output = run(whole, base_ + ".run");
  if (output.ended.exit_code != 0) {
    throw std::runtime_error(
        fmt::format("{} in a namespace: {}{}", fmt::join(argv, " "), output.out, output.err));
  }
  return output.out;
}

std::string why_no_namespaces(const TestDirectory& directory) {
  const Output output = run({"unshare", "--net", "--mount", "sh", "-c",
                             "ip link add switch type bridge && "
                             "ip link add one type veth peer name other && "
                             "mount -t tmpfs -o size=64k none /mnt"},
                            directory.file("namespace-try"));
  if (output.ended.exit_code == 0) return {};
  return "this test needs root, unshare, nsenter, ip, bridges, veth and tmpfs: " + output.err;
}

}  // namespace omzmq::test
