// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>

#include "bench/pipeline/plan.hpp"
#include "bench/pipeline/processes.hpp"

namespace omzmq::bench {

using namespace std::chrono_literals;

Measured measure(const Plan& plan) {
  constexpr auto kLongest = 120s;
  const Shared<Progress> progress;
  const Shared<Measured> measured;
  const std::string address = "tcp://127.0.0.1:" + std::to_string(free_port());
  Process receiver([&] { receive_all(plan, address, progress.get()); });
  const auto deadline = std::chrono::steady_clock::now() + kLongest;
  while (!progress.get().is_ready.load()) {
    if (std::chrono::steady_clock::now() > deadline) throw std::runtime_error("no receiver");
    std::this_thread::sleep_for(1ms);
  }
  Process sender([&] {
    send_all(plan, (plan.is_pub ? "@" : ">") + address, receiver.pid(), progress.get(),
             measured.get());
  });
  sender.wait(kLongest);
  progress.get().is_over.store(true);
  receiver.wait(kLongest);
  return measured.get();
}

}  // namespace omzmq::bench
