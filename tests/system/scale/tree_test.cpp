// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// A thousand subscribers that one publisher reaches over a tree of proxies, each proxy a host of
// its own.
#include <fmt/format.h>

#include <csignal>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "network_hosts.hpp"
#include "system_test.hpp"

namespace omzmq::test {
namespace {

constexpr int kPort = 5555;
constexpr unsigned kBranches = 2;       // proxies that the publisher serves
constexpr unsigned kLeaves = 5;         // proxies that each of these serves
constexpr unsigned kSubscribers = 100;  // of each leaf, in a process
constexpr unsigned kAll = kBranches * kLeaves * kSubscribers;
constexpr unsigned kMessages = 2000;

// The number behind "name": in a line of JSON; -1 where there is none.
long long member(const std::string& json, const std::string& name) {
  const auto at = json.find('"' + name + "\": ");
  return at == std::string::npos ? -1 : std::stoll(json.substr(at + name.size() + 4));
}

class Tree : public SystemTest, public testing::WithParamInterface<const char*> {
 protected:
  struct Running {
    std::string name;
    std::unique_ptr<Process> process;
  };

  void SetUp() override {
    const std::string why_not = why_no_namespaces(directory_);
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    network_.emplace(directory_);
    publisher_host_ = &network_->add_host("publisher");
  }

  std::string out(const std::string& name) const { return directory_.file(name + ".out"); }
  std::string err(const std::string& name) const { return directory_.file(name + ".err"); }

  void start(std::vector<Running>& into, const std::string& name, const Host& host,
             const std::vector<std::string>& argv) const {
    std::vector<std::string> whole = host.command();
    whole.insert(whole.end(), argv.begin(), argv.end());
    into.push_back({name, std::make_unique<Process>()});
    into.back().process->start(whole, out(name), err(name));
  }

  // Its endpoint for subscribers.
  std::string add_proxy(const std::string& name, const std::string& publisher) {
    const Host& host = network_->add_host(name);
    start(proxies_, name, host, {OMZMQ_TEST_ZMQTAP, "--proxy", host.endpoint(kPort), publisher});
    return host.endpoint(kPort);
  }

  // The publisher, two proxies behind it, five behind each of these, and a hundred subscribers on
  // the host of each of the ten.
  void plant() {
    for (unsigned branch = 0; branch < kBranches; ++branch) {
      const std::string middle =
          add_proxy(fmt::format("branch{}", branch), publisher_host_->endpoint(kPort));
      for (unsigned leaf = 0; leaf < kLeaves; ++leaf) {
        const std::string name = fmt::format("leaf{}-{}", branch, leaf);
        const std::string endpoint = add_proxy(name, middle);
        const Host& host = *hosts_.emplace_back(&network_->add_host("s" + name));
        start(receivers_, "sub" + name, host,
              {OMZMQ_TEST_BENCH_RECEIVE, "--sub", "--connect", endpoint, "--sockets",
               std::to_string(kSubscribers), "--messages", std::to_string(kMessages), "--format",
               GetParam()});
      }
    }
  }

  // Lines that a program has written so far.
  static std::vector<std::string> lines_of(const std::string& file) {
    std::vector<std::string> lines = split_lines({read_file(file)});
    lines.pop_back();
    return lines;
  }
  // Until each process with subscribers has written so many lines.
  bool wait_for_lines(
      std::size_t count, const std::function<void()>& meanwhile = [] {}) {
    return wait_until([&] {
      meanwhile();
      return std::all_of(receivers_.begin(), receivers_.end(), [&](const Running& receiver) {
        return lines_of(out(receiver.name)).size() >= count;
      });
    });
  }

  std::optional<Network> network_;
  Host* publisher_host_ = nullptr;
  std::vector<Host*> hosts_;
  std::vector<Running> proxies_;
  std::vector<Running> receivers_;
};

INSTANTIATE_TEST_SUITE_P(scale, Tree, testing::Values("raw", "packed"),
                         [](const auto& format) { return std::string(format.param); });

TEST_P(Tree, BringsEachMessageToEachOfAThousandSubscribers) {
  plant();
  Rsyslogd daemon(directory_, configuration()
                                  .top(R"(template(name="msg" type="string" string="%msg%"))")
                                  .action(fmt::format(
                                      R"(action(type="omzmq" statsName="publisher" sockType="PUB" )"
                                      R"(endpoints="@{}" format="{}" template="msg"))",
                                      publisher_host_->endpoint(kPort), GetParam())));
  daemon.run_behind(publisher_host_->command());
  daemon.start();
  // The first line of a receiver says that it is there, the second that a probe has come to all of
  // its sockets: then each subscription has reached the publisher.
  Injector injector(daemon.input());
  ASSERT_TRUE(wait_for_lines(
      2,
      [&] { injector.message("<13>Nov 22 10:00:00 host bench: 9999999999 0000000000000000000"); }))
      << read_file(err(receivers_.front().name)) << read_file(err(proxies_.front().name));

  Process load;
  load.start(
      {OMZMQ_TEST_BENCH_LOAD, "--path", daemon.input(), "--messages", std::to_string(kMessages)},
      out("load"), err("load"));
  ASSERT_TRUE(load.wait()) << read_file(err("load"));
  EXPECT_TRUE(wait_for_lines(3));
  long long received = 0;
  for (const Running& receiver : receivers_) {
    // One that is not through says what it has.
    receiver.process->send_signal(SIGTERM);
    const auto ended = receiver.process->wait();
    EXPECT_TRUE(ended && ended->exit_code == 0) << read_file(err(receiver.name));
    const std::string last = lines_of(out(receiver.name)).back();
    for (const char* name : {"lost", "duplicates", "foreign", "corrupt"}) {
      EXPECT_EQ(member(last, name), 0) << receiver.name << ": " << last;
    }
    received += member(last, "received");
  }
  EXPECT_EQ(received, static_cast<long long>(kAll) * kMessages);
  EXPECT_TRUE(statistics("publisher").wait_for_report());
  EXPECT_EQ(statistics("publisher").value("peers"), kBranches);
  for (const Running& proxy : proxies_) {
    proxy.process->send_signal(SIGTERM);
    const auto ended = proxy.process->wait();
    EXPECT_TRUE(ended && ended->exit_code == 0) << proxy.name << read_file(err(proxy.name));
  }
  EXPECT_EQ(stopped(daemon), "exit 0");
}

}  // namespace
}  // namespace omzmq::test
