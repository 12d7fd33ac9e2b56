// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Runs one workload, of which valgrind counts omzmq_counted() and what it calls; see check.py.
//
//   instruction_workloads NAME   prints for how many messages the work was done
//   instruction_workloads        prints on what the numbers depend, then the names
#include <gnu/libc-version.h>
#include <omzmq/crc32c.hpp>

#include <cstddef>
#include <cstdio>
#include <exception>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "bench/instructions/workload.hpp"

namespace {

/// The first run fills what is allocated once; it counts as little as one of several.
constexpr int kRuns = 4;

std::vector<omzmq::bench::NamedWorkload> all_workloads() {
  auto all = omzmq::bench::core_workloads();
  for (auto& one : omzmq::bench::socket_workloads()) all.push_back(one);
  return all;
}

void print_platform() {
#if defined(__clang__)
  std::printf("clang %d", __clang_major__);
#else
  std::printf("g++ %d", __GNUC__);
#endif
#if defined(__x86_64__)
  std::printf(", x86_64");
#elif defined(__aarch64__)
  std::printf(", aarch64");
#else
  std::printf(", another architecture");
#endif
  const auto [major, minor, patch] = zmq::version();
  std::printf(", glibc %s, libzmq %d.%d.%d, CRC by %s\n", ::gnu_get_libc_version(), major, minor,
              patch, omzmq::wire::crc32c_detail::has_instruction() ? "instruction" : "table");
}

}  // namespace

/// The name that check.py gives to valgrind.
extern "C" [[gnu::noinline]] std::size_t omzmq_counted(omzmq::bench::Workload& workload) {
  return workload.run();
}

int main(int argc, char** argv) {
  try {
    const auto all = all_workloads();
    if (argc < 2) {
      print_platform();
      for (const auto& one : all) std::printf("%s\n", one.name);
      return 0;
    }
    for (const auto& one : all) {
      if (one.name != std::string_view(argv[1])) continue;
      const auto workload = one.make();
      std::size_t messages = 0;
      for (int run = 0; run < kRuns; ++run) {
        workload->prepare();
        messages += omzmq_counted(*workload);
      }
      std::printf("%zu\n", messages);
      return 0;
    }
    std::fprintf(stderr, "there is no workload '%s'; without an argument, all are listed\n",
                 argv[1]);
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "instruction_workloads: %s\n", error.what());
    return 1;
  }
}
