// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// The collectors of conf/collectors as they stand there, on a host of their own with the engine
// that they write to; a sender on another host. With OMZMQ_TEST_FULL_FAULTS=1 enough messages to
// say how fast that is.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <functional>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "counts.hpp"
#include "fault_test.hpp"
#include "network_hosts.hpp"

#ifndef OMZMQ_TEST_KAFKA_CLUSTER
#define OMZMQ_TEST_KAFKA_CLUSTER ""
#endif

namespace omzmq::test {
namespace {

constexpr unsigned kMessages = 5000;
constexpr unsigned kManyMessages = 100000;

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  EXPECT_NE(text.find(what), std::string::npos) << "nothing to replace: " << what;
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// The numbers of all "msgnum:00000042:" in the text.
std::vector<unsigned> numbers_in(const std::string& text) {
  constexpr std::string_view kMark = "msgnum:";
  std::vector<unsigned> numbers;
  for (auto at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at + 1)) {
    numbers.push_back(number_of(std::string_view(text).substr(at)));
  }
  return numbers;
}

double cpu_seconds(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

class Engines : public SystemTest {
 protected:
  // Skips where something is missing; `module`: of rsyslog; `program`: by its path or through PATH.
  void prepare(const std::string& module, const std::string& program) {
    const std::string why_not = why_no_namespaces(directory_);
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    for (const std::string& needed : {std::string("imczmq"), module}) {
      if (!std::filesystem::exists(std::string(OMZMQ_TEST_RSYSLOG_MODULES "/") + needed + ".so")) {
        GTEST_SKIP() << "rsyslog's module " << needed << " is not installed";
      }
    }
    const Output found =
        run({"sh", "-c", R"(command -v "$0")", program.empty() ? "no program" : program},
            directory_.file("which"));
    if (found.ended.exit_code != 0) {
      GTEST_SKIP() << "not installed: " << (program.empty() ? "librdkafka-dev" : program);
    }
    network_.emplace(directory_);
    sending_ = &network_->add_host("sending");
    collecting_ = &network_->add_host("collecting");
  }

  // The file with our own impstats and an input that shows when the daemon is up.
  void start_collector(const std::string& text) {
    const Configuration names = configuration("collector");
    collector_ = std::make_unique<Rsyslogd>(directory_, "collector",
                                            text + fmt::format(R"(
module(load="imptcp")
module(load="impstats" interval="1" format="json" log.syslog="off" log.file="{}")
input(type="imptcp" path="{}" ruleset="store")
)",
                                                               names.statistics(), names.input()),
                                            names.input());
    collector_->run_behind(collecting_->command());
    collector_->start();
  }

  static std::string collector_file(const std::string& name) {
    return read_file(std::filesystem::path(OMZMQ_TEST_COLLECTORS) / name);
  }

  // What the files tell senders to use.
  void start_sender() {
    sender_ = std::make_unique<Rsyslogd>(
        directory_,
        configuration("sender").action(fmt::format(
            R"(action(type="omzmq" sockType="PUSH" endpoints="tcp://{}:5555" statsName="sender" )"
            R"(template="RSYSLOG_SyslogProtocol23Format" {}))",
            collecting_->address(), kMemoryQueue)));
    sender_->run_behind(sending_->command());
    sender_->start();
  }

  // Numbers first … first + count - 1, from a program on a host.
  void send(unsigned first, unsigned count) const {
    Injector injector(sender_->input());
    for (unsigned i = first; i < first + count; ++i) {
      injector.message("<13>Nov 22 10:00:00 web01 app: " + numbered_line(i, 100));
    }
  }

  // Sends this many and returns whether all of them have come; says how long it took.
  bool send_and_wait(unsigned count, const std::function<bool()>& all_have_come) {
    const auto begun = std::chrono::steady_clock::now();
    const double cpu = cpu_seconds(collector_->process().pid());
    send(0, count);
    const bool came = wait_until(all_have_come);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begun;
    std::cout << fmt::format("{} messages in {:.2f} s: {:.0f}/s, {:.1f} us of the collector each\n",
                             count, took.count(), count / took.count(),
                             (cpu_seconds(collector_->process().pid()) - cpu) * 1e6 / count);
    return came;
  }

  std::string inside(const std::vector<std::string>& argv) const {
    return collecting_->inside().run_inside(argv);
  }

  void end_daemons() {
    EXPECT_EQ(stopped(*sender_), "exit 0");
    // imczmq frees a ruleset that rsyslogd frees again: how this one ends says nothing.
    collector_->stop();
  }

  std::optional<Network> network_;
  Host* sending_ = nullptr;
  Host* collecting_ = nullptr;
  std::unique_ptr<Rsyslogd> collector_;
  std::unique_ptr<Rsyslogd> sender_;
  Process engine_;
};

// ---- Redis

class Redis : public Engines {
 protected:
  void SetUp() override { prepare("omhiredis", "redis-server"); }

  // `sync`: when it has a command on disk.
  void start_redis(const std::string& sync = "everysec") {
    std::vector<std::string> argv = collecting_->command();
    for (const std::string& word :
         {std::string("redis-server"), std::string("--port"), std::string("6379"),
          std::string("--bind"), std::string("127.0.0.1"), std::string("--dir"),
          directory_.path().string(), std::string("--appendonly"), std::string("yes"),
          std::string("--appendfsync"), sync, std::string("--save"), std::string()}) {
      argv.push_back(word);
    }
    engine_.start(argv, directory_.file("redis.out"), directory_.file("redis.err"));
    ASSERT_TRUE(wait_until([&] {
      return run(cli({"PING"}), directory_.file("ping")).out == "PONG\n";
    })) << read_file(directory_.file("redis.out"));
  }

  std::vector<std::string> cli(const std::vector<std::string>& words) const {
    std::vector<std::string> argv = collecting_->command();
    argv.emplace_back("redis-cli");
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
  }
  unsigned long length() const { return std::stoul(inside({"redis-cli", "XLEN", "events"})); }
  // Each entry is three lines: its id, "event", and the event.
  std::string entries() const { return inside({"redis-cli", "XRANGE", "events", "-", "+"}); }
};

TEST_F(Redis, HasAStreamAsLongAsWhatWasSent) {
  start_redis();
  start_collector(collector_file("redis.conf"));
  start_sender();
  const unsigned count = is_full_length() ? kManyMessages : kMessages;
  EXPECT_TRUE(send_and_wait(count, [&] { return length() >= count; }))
      << collector_->standard_error();
  EXPECT_EQ(length(), count);
  EXPECT_TRUE(is_everything_once(numbers_in(entries()), count));
  end_daemons();
}

// The command is made of the event: what an event holds must not become a part of the command.
TEST_F(Redis, KeepsAnEventWhatItIsWhateverItHolds) {
  start_redis();
  start_collector(collector_file("redis.conf"));
  start_sender();
  const std::vector<std::string> texts = {
      "two  blanks and a third ",
      "100% %s %n %b %d %%",
      R"("quoted" 'quoted' back\slash \u0020 {"json": [1, 2]})",
      "x * event y MAXLEN 1",
      "\xc3\xbc ber \xe2\x82\xac",
      "%",
  };
  Injector injector(sender_->input());
  for (const std::string& text : texts) {
    injector.message("<13>Nov 22 10:00:00 web01 app: " + text);
  }
  ASSERT_TRUE(wait_until([&] { return length() >= texts.size(); }))
      << length() << collector_->standard_error();
  EXPECT_EQ(length(), texts.size());
  write_file(directory_.file("entries"), entries());
  // Whatever reads JSON gets the text back.
  const Output messages =
      run({"sh", "-c", R"(sed -n '3~3p' "$0" | jq -r .message)", directory_.file("entries")},
          directory_.file("jq"));
  std::string expected;
  for (const std::string& text : texts) expected += " " + text + "\n";
  EXPECT_EQ(messages.out, expected) << messages.err;
  end_daemons();
}

TEST_F(Redis, GetsWhatWaitedWhileItWasAway) {
  start_redis("always");
  start_collector(collector_file("redis.conf"));
  start_sender();
  send(0, kMessages);
  ASSERT_TRUE(wait_until([&] { return length() >= kMessages / 10; }));
  engine_.kill();
  send(kMessages, kMessages);
  start_redis("always");
  EXPECT_TRUE(wait_until([&] {
    return count_numbers(numbers_in(entries()), 2 * kMessages).missing == 0;
  })) << count_numbers(numbers_in(entries()), 2 * kMessages);
  std::cout << count_numbers(numbers_in(entries()), 2 * kMessages) << '\n';
  end_daemons();
}

// ---- Kafka

class Kafka : public Engines {
 protected:
  void SetUp() override { prepare("omkafka", OMZMQ_TEST_KAFKA_CLUSTER); }

  void start_all() {
    std::vector<std::string> argv = collecting_->command();
    argv.emplace_back(OMZMQ_TEST_KAFKA_CLUSTER);
    engine_.start(argv, consumed_file(), directory_.file("kafka.err"));
    ASSERT_TRUE(wait_until([&] { return consumed().find('\n') != std::string::npos; }))
        << read_file(directory_.file("kafka.err"));
    const std::string brokers = consumed().substr(0, consumed().find('\n'));
    start_collector(replaced(
        replaced(collector_file("kafka.conf"), "/var/spool/rsyslog", directory_.path().string()),
        "127.0.0.1:9092", brokers));
    start_sender();
  }

  std::string consumed_file() const { return directory_.file("kafka.out"); }
  std::string consumed() const { return read_file(consumed_file()); }
  std::int64_t counter(const std::string& name) const {
    return Statistics(configuration("collector").statistics(), "omkafka", "omkafka")
        .value(name)
        .value_or(-1);
  }
  // Until the cluster has acknowledged so many and a consumer has all. omkafka counts what was
  // acknowledged only when it is given the next message, so some more are sent until it has;
  // returns how many were sent in all.
  unsigned wait_until_acknowledged(unsigned count) const {
    unsigned sent = count;
    const auto has_all = [&] { return count_numbers(numbers_in(consumed()), sent).missing == 0; };
    EXPECT_TRUE(wait_until(has_all));
    EXPECT_TRUE(wait_until([&] {
      const bool has_counted = counter("acked") >= count;
      if (!has_counted) send(sent++, 1);
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      return has_counted;
    })) << counter("acked");
    EXPECT_TRUE(wait_until(has_all));
    EXPECT_EQ(counter("failures"), 0);
    return sent;
  }
  void end_all() {
    end_daemons();
    engine_.send_signal(SIGTERM);
    const auto ended = engine_.wait();
    EXPECT_TRUE(ended && ended->exit_code == 0) << read_file(directory_.file("kafka.err"));
  }
};

TEST_F(Kafka, AcknowledgesWhatWasSent) {
  start_all();
  const unsigned count = is_full_length() ? kManyMessages : kMessages;
  EXPECT_TRUE(send_and_wait(count, [&] { return numbers_in(consumed()).size() >= count; }));
  const unsigned sent = wait_until_acknowledged(count);
  EXPECT_TRUE(is_everything_once(numbers_in(consumed()), sent));
  EXPECT_LE(counter("acked"), sent);
  end_all();
}

TEST_F(Kafka, AcknowledgesAllWhenABrokerGoesAndComesBack) {
  start_all();
  send(0, kMessages);
  ASSERT_TRUE(wait_until([&] { return numbers_in(consumed()).size() >= kMessages / 10; }));
  engine_.send_signal(SIGUSR1);
  send(kMessages, kMessages);
  ASSERT_TRUE(wait_until([&] { return counter("submitted") >= 2 * kMessages; }));
  engine_.send_signal(SIGUSR2);
  // omkafka hands back the message at which it notices, though Kafka gets it all the same.
  const unsigned sent = wait_until_acknowledged(2 * kMessages);
  EXPECT_TRUE(is_everything(numbers_in(consumed()), sent));
  std::cout << count_numbers(numbers_in(consumed()), sent) << '\n';
  end_all();
}

}  // namespace
}  // namespace omzmq::test
