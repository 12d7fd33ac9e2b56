// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "counts.hpp"
#include "fault_length.hpp"
#include "load.hpp"
#include "numbered_file.hpp"
#include "system_test.hpp"
#include "tapped_receiver.hpp"

namespace omzmq::test {

// How far an action waits for the fate of its messages, and what goes with it.
struct Way {
  std::string_view confirm;  // handoff, sent, acked
  std::string_view type;     // PUSH, DEALER
  std::string_view source;   // of zmqtap
};
inline constexpr Way kHandoff{"handoff", "PUSH", "--pull"};
inline constexpr Way kSent{"sent", "PUSH", "--pull"};
inline constexpr Way kAcked{"acked", "DEALER", "--router"};

// A queue of its own for an action, in memory; what cannot be handed over stays in it.
inline constexpr const char* kMemoryQueue =
    R"(queue.type="LinkedList" queue.size="400000" queue.dequeueBatchSize="1024" )"
    R"(queue.timeoutEnqueue="60000" action.resumeRetryCount="-1" action.resumeInterval="1")";

// The same, which goes to disk when there is much in it, and at the stop.
inline constexpr const char* kDiskAssistedQueue =
    R"(queue.type="LinkedList" queue.size="20000" queue.dequeueBatchSize="1024" )"
    R"(queue.filename="assisted" queue.maxFileSize="64m" queue.saveOnShutdown="on" )"
    R"(queue.timeoutEnqueue="60000" action.resumeRetryCount="-1" action.resumeInterval="1")";

// A test with one daemon whose packed action "faulty" suffers a fault. Each message that goes to it
// goes to the file of a neighbour action in the same ruleset too.
class FaultTest : public SystemTest {
 protected:
  FaultTest() : endpoint_(free_tcp_endpoint()) { neighbour_.follow(directory_.file("neighbour")); }

  // The neighbour comes after the faulty action.
  Configuration with_faulty(const Way& way, const std::string& parameters) const {
    return with_neighbour(faulty(way, parameters));
  }
  // The same with any action in its place.
  Configuration with_neighbour(const std::string& action) const {
    return configuration()
        .top(R"(template(name="line" type="string" string="%rawmsg%\n"))")
        .action(action)
        .action(omfile(directory_.file("neighbour"), "line"));
  }
  std::string faulty(const Way& way, const std::string& parameters) const {
    const std::string_view reconnects =
        std::string_view(way.type) == "PUB" || endpoint_.starts_with('@')
            ? ""
            : R"(reconnect.interval="20" reconnect.maxInterval="100")";
    return fmt::format(R"(action(type="omzmq" template="raw" statsName="faulty" format="packed" )"
                       R"(endpoints="{}" sockType="{}" confirm="{}" {} {}))",
                       endpoint_, way.type, way.confirm, reconnects, parameters);
  }
  void start(const Configuration& configuration) {
    daemon_ = std::make_unique<Rsyslogd>(directory_, configuration);
    daemon_->start();
  }
  TappedReceiver receiver(const Way& way, std::vector<std::string> arguments = {}) const {
    return receiver("receiver", way, endpoint_, std::move(arguments));
  }
  TappedReceiver receiver(const std::string& name, const Way& way, const std::string& endpoint,
                          std::vector<std::string> arguments = {}) const {
    return {directory_,
            name,
            {.source = std::string(way.source),
             .endpoint = endpoint,
             .arguments = std::move(arguments)}};
  }
  std::int64_t counter(const std::string& name) const {
    return statistics("faulty").value(name).value_or(-1);
  }
  bool wait_until_neighbour_has(unsigned count) {
    return wait_until([&] { return neighbour_.different() >= count; });
  }

  std::string endpoint_;
  NumberedFile neighbour_;
  std::unique_ptr<Rsyslogd> daemon_;
};

}  // namespace omzmq::test
