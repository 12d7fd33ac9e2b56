// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "packed_receiver.hpp"
#include "system_test.hpp"

namespace omzmq::test {

// A test with one daemon whose action has format="packed" and statsName="packed".
class PackedTest : public SystemTest {
 protected:
  PackedTest() : endpoint_(free_tcp_endpoint()) {}

  Configuration with_action(const std::string& type, const std::string& parameters) const {
    return configuration().omzmq(
        fmt::format(R"(endpoints="{}" sockType="{}" format="packed" statsName="packed" {})",
                    endpoint_, type, parameters));
  }
  void start(const Configuration& configuration) {
    daemon_ = std::make_unique<Rsyslogd>(directory_, configuration);
    daemon_->start();
  }
  void start(const std::string& type, const std::string& parameters) {
    start(with_action(type, parameters));
  }
  void inject(unsigned first, unsigned count, std::size_t size = 0) const {
    Injector(daemon_->input()).numbered(first, count, size);
  }
  bool wait_submitted(unsigned count) const {
    return statistics("packed").wait_for("submitted", count);
  }
  std::int64_t counter(const std::string& name) const {
    return statistics("packed").value(name).value_or(-1);
  }

  PackedReceiver puller() const {
    return PackedReceiver(directory_, "puller", {.endpoint = endpoint_});
  }
  PackedReceiver subscriber(const std::string& name,
                            std::vector<std::string> prefixes = {""}) const {
    return PackedReceiver(directory_, name,
                          {.type = "SUB",
                           .bind = false,
                           .endpoint = endpoint_,
                           .subscriptions = std::move(prefixes)});
  }
  // One whose socket and connection hold next to nothing.
  PackedReceiver narrow_subscriber(const std::string& name) const {
    return PackedReceiver(directory_, name,
                          {.type = "SUB",
                           .bind = false,
                           .endpoint = endpoint_,
                           .receive_hwm = 1,
                           .receive_buffer = 4096});
  }

  std::string endpoint_;
  std::unique_ptr<Rsyslogd> daemon_;
};

}  // namespace omzmq::test
