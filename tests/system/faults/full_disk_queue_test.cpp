// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// rsyslog's disk queues before actions whose receivers are gone, on a file system that is full.
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include "fault_test.hpp"
#include "full_disk_volume.hpp"

namespace omzmq::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kDiskKib = 512;
constexpr std::size_t kSize = 100;
// On disk a message of this size takes some 450 bytes: this many need four times the room.
constexpr unsigned kCount = 5000;

const std::string kDisk = R"(queue.type="Disk" queue.size="100000")";
const std::string kAssisted =
    R"(queue.type="LinkedList" queue.size="2000" queue.highWatermark="1000" )"
    R"(queue.lowWatermark="500" queue.dequeueBatchSize="100")";

std::string name_of(const testing::TestParamInfo<std::string>& info) {
  return info.param == kDisk ? "disk" : "assisted";
}

// Processor time of a process so far, in ticks.
std::uint64_t ticks_of(pid_t pid) {
  const std::string stat = read_file(fmt::format("/proc/{}/stat", pid));
  std::istringstream in(stat.substr(stat.rfind(')') + 2));
  std::string word;
  constexpr int kBeforeUserTime = 11;
  for (int i = 0; i < kBeforeUserTime; ++i) in >> word;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  in >> user >> system;
  return user + system;
}

// One daemon with two of our actions, and one with two of omfwd in their places, each with its own
// small disk. Nobody receives.
class FullDiskQueues : public SystemTest {
 protected:
  FullDiskQueues() : acked_endpoint_(ipc_endpoint("acked.socket")) {}

  void SetUp() override {
    const std::string why_not = why_no_namespaces(directory_);
    if (!why_not.empty()) GTEST_SKIP() << why_not;
    disk_.emplace(directory_, "disk", kDiskKib);
    other_disk_.emplace(directory_, "other-disk", kDiskKib);
    neighbour_.follow(directory_.file("neighbour"));
  }
  static std::string queue(const std::string& name, const std::string& parameters,
                           const SmallDisk& disk) {
    return fmt::format(R"(name="{0}" {1} queue.filename="{0}" queue.spoolDirectory="{2}" )"
                       R"(queue.maxFileSize="64k" queue.timeoutEnqueue="60000" )"
                       R"(action.resumeRetryCount="-1" action.resumeInterval="1")",
                       name, parameters, disk.path());
  }
  void start(const std::string& queues) {
    const std::string common = R"(format="packed" handoff.size="64k" reconnect.maxInterval="100" )";
    Configuration ours =
        configuration()
            .top(R"(template(name="line" type="string" string="%rawmsg%\n"))")
            .action(omfile(directory_.file("neighbour"), "line"))
            .omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" statsName="taking" {})",
                               ipc_endpoint(), common + queue("taking", queues, *disk_)))
            .omzmq(fmt::format(
                R"(endpoints="{}" sockType="DEALER" confirm="acked" statsName="waiting" {})",
                acked_endpoint_, common + queue("waiting", queues, *disk_)));
    Configuration others = configuration("others").without_omzmq();
    const int nobody = free_tcp_port();
    for (const char* name : {"one", "other"}) {
      others.action(fmt::format(R"(action(type="omfwd" target="127.0.0.1" port="{}" )"
                                R"(protocol="tcp" template="raw" {}))",
                                nobody, queue(name, queues, *other_disk_)));
    }
    daemon_ = start_on(*disk_, ours);
    other_daemon_ = start_on(*other_disk_, others);
  }
  std::unique_ptr<Rsyslogd> start_on(const SmallDisk& disk,
                                     const Configuration& configuration) const {
    auto daemon = std::make_unique<Rsyslogd>(directory_, configuration);
    daemon->run_behind(disk.command());
    daemon->start();
    return daemon;
  }
  void inject(unsigned first, unsigned count) const {
    for (const auto* daemon : {daemon_.get(), other_daemon_.get()}) {
      Injector(daemon->input()).numbered(first, count, kSize);
    }
  }
  // The daemon uses little more processor time than the one with omfwd does in the same seconds. A
  // thread that never sleeps gets a tenth of a core even on a busy machine.
  testing::AssertionResult is_calm() const {
    const auto used = [this] { return ticks_of(daemon_->process().pid()); };
    const auto others = [this] { return ticks_of(other_daemon_->process().pid()); };
    const auto since = std::chrono::steady_clock::now();
    const std::uint64_t before = used();
    const std::uint64_t others_before = others();
    if (!statistics("taking").wait_for_report()) return testing::AssertionFailure() << "no report";
    const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - since;
    const double all = static_cast<double>(::sysconf(_SC_CLK_TCK)) * lasted.count();
    const std::uint64_t ours = used() - before;
    const std::uint64_t theirs = others() - others_before;
    const bool is = static_cast<double>(ours) <= static_cast<double>(theirs) + all / 10;
    return (is ? testing::AssertionSuccess() : testing::AssertionFailure())
           << fmt::format("{} ticks of {:.0f}, with omfwd {}", ours, all, theirs);
  }
  TappedReceiver taker() const {
    return {directory_, "taker", {.endpoint = ipc_endpoint(), .arguments = {"--allow-gaps"}}};
  }
  TappedReceiver acknowledger() const {
    return {directory_,
            "acknowledger",
            {.source = "--router", .endpoint = acked_endpoint_, .arguments = {"--allow-gaps"}}};
  }
  bool has_failed_to_write() const {
    return daemon_->standard_error().find("No space left on device") != std::string::npos;
  }

  std::string acked_endpoint_;
  std::optional<SmallDisk> disk_;
  std::optional<SmallDisk> other_disk_;
  NumberedFile neighbour_;
  std::unique_ptr<Rsyslogd> daemon_;
  std::unique_ptr<Rsyslogd> other_daemon_;
};

// ---- The disk is full

class AFullDisk : public FullDiskQueues, public testing::WithParamInterface<std::string> {};
INSTANTIATE_TEST_SUITE_P(queue, AFullDisk, testing::Values(kDisk, kAssisted), name_of);

// rsyslog loses what it can't write into its queue, with a line on standard error for each message.
// Where a record was cut by the end of the room, it loses another one or two when it reads on. From
// 8.2608 on a disk-assisted queue waits for room instead, and so holds up what feeds it.
TEST_P(AFullDisk, StopsNobodyAndItsQueuesGoOnWhenThereIsRoomAgain) {
  constexpr unsigned kMore = 1000;
  constexpr unsigned kCutRecords = 5;
  constexpr unsigned kOnDisk = 200;  // far less than half the disk holds
  constexpr std::uintmax_t kAlmostFull = kDiskKib * 1024 / 4;
  constexpr int kFirstThatWaits = 82608;
  const bool waits = GetParam() == kAssisted && rsyslogd_version() >= kFirstThatWaits;
  start(GetParam());
  inject(0, kCount);
  if (waits) {
    EXPECT_TRUE(wait_until([&] { return disk_->free_bytes() < kAlmostFull; }));
  } else {
    EXPECT_TRUE(wait_until([&] { return neighbour_.different() == kCount; }));
    EXPECT_TRUE(wait_until([&] { return has_failed_to_write(); }));
  }
  const auto calm = is_calm();
  std::cout << calm.message() << '\n';
  EXPECT_TRUE(calm);

  disk_->resize(64 * kDiskKib);
  TappedReceiver taker = this->taker();
  TappedReceiver acknowledger = this->acknowledger();
  taker.start();
  acknowledger.start();
  inject(kCount, kMore);
  for (TappedReceiver* receiver : {&taker, &acknowledger}) {
    const auto missing = [&](unsigned count, unsigned first) {
      return count_numbers(receiver->numbers(), count, first).missing;
    };
    EXPECT_TRUE(wait_until([&] { return missing(kMore, kCount) <= kCutRecords; }));
    const unsigned early = missing(kCount, 0);
    std::cout << fmt::format("rsyslog lost {} of {}, and {} of the {} later ones\n", early, kCount,
                             missing(kMore, kCount), kMore);
    // What the queue had in its files is not lost.
    EXPECT_LT(early, waits ? kCount / 10 : kCount - kOnDisk);
  }
  EXPECT_TRUE(wait_until([&] { return neighbour_.different() == kCount + kMore; }));
  EXPECT_NE(has_failed_to_write(), waits) << daemon_->standard_error();
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

// ---- The queue is full before

// A disk queue that knows how much room it has is full before the disk is: nothing is lost. (A
// disk-assisted one must not be given that: in rsyslog 8.2302 its worker sleeps for ever then.)
TEST_F(FullDiskQueues, LoseNothingWhereTheyKnowTheirRoom) {
  start(kDisk + R"( queue.maxDiskSpace="150k")");
  inject(0, kCount);
  const auto calm = is_calm();
  std::cout << calm.message() << '\n';
  EXPECT_TRUE(calm);
  TappedReceiver taker = this->taker();
  TappedReceiver acknowledger = this->acknowledger();
  taker.start();
  acknowledger.start();
  for (TappedReceiver* receiver : {&taker, &acknowledger}) {
    EXPECT_TRUE(receiver->wait_for_all(kCount));
    EXPECT_TRUE(is_everything_once(receiver->numbers(), kCount));
  }
  EXPECT_TRUE(wait_until([&] { return neighbour_.different() == kCount; }));
  EXPECT_FALSE(has_failed_to_write()) << daemon_->standard_error();
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

}  // namespace
}  // namespace omzmq::test
