// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "stress.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

namespace omzmq::stress {
namespace {

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): no thread sets it
  return value == nullptr ? otherwise : std::stoull(value);
}

}  // namespace

Run::Run()
    : seed_(from_environment("OMZMQ_STRESS_SEED", std::random_device()())),
      end_(std::chrono::steady_clock::now() +
           std::chrono::milliseconds(from_environment("OMZMQ_STRESS_MS", 1500))) {
  std::printf("OMZMQ_STRESS_SEED=%llu\n", static_cast<unsigned long long>(seed_));
  static_cast<void>(std::fflush(stdout));
}

std::mt19937 Run::random(std::uint64_t thread) const {
  std::seed_seq sequence{seed_, seed_ >> 32U, thread};
  return std::mt19937(sequence);
}

void pause_at_random(std::mt19937& random) {
  const auto chance = random() % 256;
  if (chance == 0) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 300));
  } else if (chance < 8) {
    std::this_thread::yield();
  }
}

void fill(std::span<std::byte> to, std::uint64_t key) noexcept {
  std::uint64_t state = key * 0x9e3779b97f4a7c15U + 0x2545f4914f6cdd1dU;
  for (std::byte& byte : to) {
    state ^= state << 13U;
    state ^= state >> 7U;
    state ^= state << 17U;
    byte = static_cast<std::byte>(state >> 56U);
  }
}

std::uint64_t checksum(std::span<const std::byte> bytes) noexcept {
  std::uint64_t sum = 0xcbf29ce484222325U;
  for (const std::byte byte : bytes) {
    sum = (sum ^ static_cast<std::uint64_t>(byte)) * 0x100000001b3U;
  }
  return sum;
}

}  // namespace omzmq::stress
