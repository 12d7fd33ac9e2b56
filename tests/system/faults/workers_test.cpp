// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// rsyslog's worker threads come and go while messages flow: each opens a lane and retires it.
#include <algorithm>
#include <array>
#include <deque>
#include <filesystem>
#include <fstream>

#include "fault_test.hpp"
#include "process_memory.hpp"

namespace omzmq::test {
namespace {

constexpr std::array kWays{kHandoff, kSent, kAcked};

// One action for each way to confirm, each with a queue and a number of workers of its own. A
// worker that has nothing to do goes after a second; the first of each queue stays.
class Workers : public SystemTest, public testing::WithParamInterface<unsigned> {
 protected:
  // Lanes are small, so that they are full now and then.
  void start(unsigned workers) {
    Configuration text = configuration();
    for (const Way& way : kWays) {
      const std::string endpoint = free_tcp_endpoint();
      text.omzmq(fmt::format(
          R"(endpoints="{}" sockType="{}" confirm="{}" statsName="{}" format="packed" )"
          R"(handoff.size="64k" reconnect.interval="20" )"
          R"(action.resumeRetryCount="-1" action.resumeInterval="1" )"
          R"(queue.type="LinkedList" queue.size="100000" queue.timeoutEnqueue="60000" )"
          R"(queue.dequeueBatchSize="32" queue.workerThreads="{}" )"
          R"(queue.workerThreadMinimumMessages="50" queue.timeoutWorkerThreadShutdown="1000")",
          endpoint, way.type, way.confirm, way.confirm, workers));
      receivers_.emplace_back(
          directory_, std::string(way.confirm),
          TappedReceiver::Options{.source = std::string(way.source), .endpoint = endpoint});
      receivers_.back().start();
    }
    daemon_ = std::make_unique<Rsyslogd>(directory_, text);
    daemon_->start();
    load_ = std::make_unique<Load>(daemon_->input(),
                                   Load::Options{.per_second = 200000, .count = 0, .size = kSize});
  }

  // Injects messages; true when all receivers have got all so far. Notes how many workers there
  // are meanwhile.
  bool burst(unsigned messages) {
    inject(messages);
    return wait_while_up([&] {
      most_workers_ = std::max(most_workers_, workers());
      return std::all_of(receivers_.begin(), receivers_.end(), [&](TappedReceiver& receiver) {
        return receiver.different() == injected_;
      });
    });
  }
  // With some messages all the time: true when only those workers are left that stay.
  bool wait_until_workers_are_gone() {
    constexpr unsigned kFew = 20;
    return wait_while_up([&] {
      inject(kFew);
      return workers() <= kWays.size();
    });
  }
  // False at once when the daemon is gone: a sanitizer ends it.
  template <typename Condition>
  bool wait_while_up(const Condition& holds) {
    bool is_up = true;
    return wait_until([&] {
             is_up = daemon_->process().running();
             return !is_up || holds();
           }) &&
           is_up;
  }
  void inject(unsigned messages) {
    injected_ += messages;
    load_->raise_count(injected_);
  }

  // rsyslog gives these threads the name of their queue.
  std::size_t workers() const {
    const std::filesystem::directory_iterator all(fmt::format("/proc/{}/task", pid()));
    return static_cast<std::size_t>(std::count_if(begin(all), end(all), [](const auto& thread) {
      // A thread may end while its name is read.
      std::ifstream file(thread.path() / "comm");
      std::string name;
      return std::getline(file, name) && name.starts_with("rs:action-");
    }));
  }
  pid_t pid() const { return daemon_->process().pid(); }

  void expect_that_counters_are_right() {
    const auto last = [](const Way& way) {
      return std::string(way.confirm == "acked" ? "acked" : "sent.messages");
    };
    for (const Way& way : kWays) {
      EXPECT_TRUE(counters(way).wait_for(last(way), injected_)) << way.confirm;
    }
    EXPECT_TRUE(counters(kAcked).wait_for_report());
    for (const Way& way : kWays) {
      EXPECT_EQ(counters(way).value("submitted"), injected_) << way.confirm;
      EXPECT_EQ(counters(way).value(last(way)), injected_) << way.confirm;
    }
  }
  Statistics counters(const Way& way) const { return statistics(std::string(way.confirm)); }

  std::deque<TappedReceiver> receivers_;
  std::unique_ptr<Rsyslogd> daemon_;
  std::unique_ptr<Load> load_;
  unsigned injected_ = 0;
  std::size_t most_workers_ = 0;

 private:
  static constexpr std::size_t kSize = 200;
};

TEST_P(Workers, ComeAndGoAndLoseNothing) {
  constexpr std::size_t kNoise = 8UL * 1024 * 1024;
  const unsigned each = under_wrapper() ? 1000 : 10000;
  start(GetParam());
  ASSERT_TRUE(burst(1)) << daemon_->standard_error();
  EXPECT_EQ(workers(), kWays.size());
  // By then impstats too has opened its file.
  ASSERT_TRUE(counters(kAcked).wait_for("submitted", 1));
  const std::size_t descriptors = open_descriptors(pid());
  std::size_t resident = 0;
  for (int bursts = 1; bursts <= 5; ++bursts) {
    ASSERT_TRUE(burst(each)) << daemon_->standard_error();
    ASSERT_TRUE(wait_until_workers_are_gone()) << daemon_->standard_error();
    // The sender takes a lane off when it next looks.
    ASSERT_TRUE(wait_while_up([&] { return open_descriptors(pid()) <= descriptors; }))
        << open_descriptors(pid()) << " instead of " << descriptors;
    if (bursts == 2) resident = resident_bytes(pid());
  }
  std::cout << fmt::format("{} workers at most; {} descriptors; {} KiB, then {} KiB\n",
                           most_workers_, open_descriptors(pid()), resident / 1024,
                           resident_bytes(pid()) / 1024);
  if (GetParam() > 1) {
    EXPECT_GT(most_workers_, 2 * kWays.size());
  }
  // The memory of valgrind or AddressSanitizer is another matter.
  if (!under_wrapper()) {
    EXPECT_LE(resident_bytes(pid()), resident + kNoise);
  }
  EXPECT_TRUE(burst(each)) << daemon_->standard_error();
  expect_that_counters_are_right();
  EXPECT_EQ(stopped(*daemon_), "exit 0") << daemon_->standard_error();
  EXPECT_EQ(load_->stop(), injected_);
  for (TappedReceiver& receiver : receivers_) {
    EXPECT_TRUE(is_everything_once(receiver.numbers(), injected_)) << receiver.errors();
    EXPECT_EQ(receiver.stop(), 0) << receiver.errors();
  }
}

INSTANTIATE_TEST_SUITE_P(One, Workers, testing::Values(1U));
INSTANTIATE_TEST_SUITE_P(Four, Workers, testing::Values(4U));
INSTANTIATE_TEST_SUITE_P(Sixteen, Workers, testing::Values(16U));

}  // namespace
}  // namespace omzmq::test
