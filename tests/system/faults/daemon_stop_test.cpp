// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// SIGTERM under load: what is lost, what the spool file keeps, and how long it takes.
#include <chrono>

#include "fault_test.hpp"

namespace omzmq::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr unsigned kPerSecond = 20000;
constexpr std::size_t kSize = 100;
constexpr unsigned kEnough = 10000;     // messages: more than the lane, or ZeroMQ, holds
constexpr unsigned kHighest = 1000000;  // no number is as high
constexpr unsigned kFrameBytes = 4096;
constexpr milliseconds kCloseTimeout = 500ms;
constexpr const char* kNoQueue = R"(action.resumeRetryCount="-1" action.resumeInterval="1")";

enum class Peer { kThere, kAbsent, kStopped };

struct Case {
  Way way;
  bool has_queue;
  Peer peer;
};

std::string describe(const Case& tested) {
  const char* const peer = tested.peer == Peer::kThere    ? "receiver_there"
                           : tested.peer == Peer::kAbsent ? "receiver_absent"
                                                          : "receiver_stopped";
  return std::string(tested.way.confirm) + (tested.has_queue ? "_with_queue_" : "_without_queue_") +
         peer;
}

std::ostream& operator<<(std::ostream& out, const Case& tested) { return out << describe(tested); }

std::string name_of(const testing::TestParamInfo<Case>& info) { return describe(info.param); }

class StoppedDaemon : public FaultTest, public testing::WithParamInterface<Case> {
 protected:
  // Small buffers, so that much is left in each place on the way when the daemon stops.
  std::string parameters(const std::string& more) const {
    return fmt::format(R"(closeTimeout="{}" handoff.size="256k" batch.maxBytes="{}" sendHWM="16" )"
                       R"(sendBuffer="16k" )",
                       kCloseTimeout.count(), kFrameBytes) +
           (GetParam().has_queue ? kDiskAssistedQueue : kNoQueue) + more;
  }
  void start_receiver_of(Peer peer) {
    if (peer == Peer::kAbsent) return;
    receiver_.start();
  }
  // Starts the daemon, stops it under load, and says how long that took.
  milliseconds start_and_stop(const Configuration& configuration) {
    start(configuration);
    Load load(daemon_->input(), {.per_second = kPerSecond, .size = kSize});
    if (GetParam().peer != Peer::kAbsent) {
      EXPECT_TRUE(receiver_.wait_for(1000)) << receiver_.errors();
      if (GetParam().peer == Peer::kStopped) receiver_.pause();
    }
    EXPECT_TRUE(load.wait_for(load.injected() + kEnough));
    const auto since = Clock::now();
    EXPECT_EQ(stopped(*daemon_), "exit 0") << daemon_->standard_error();
    return std::chrono::duration_cast<milliseconds>(Clock::now() - since);
  }
  // The same with an omfile action in the place of the faulty one, in another directory.
  milliseconds time_with_omfile() const {
    const TestDirectory directory;
    Rsyslogd daemon(
        directory,
        Configuration(directory)
            .top(R"(template(name="line" type="string" string="%rawmsg%\n"))")
            .action(fmt::format(
                R"(action(type="omfile" file="{}" template="line" asyncWriting="off" {}))",
                directory.file("instead"), GetParam().has_queue ? kDiskAssistedQueue : ""))
            .action(omfile(directory.file("neighbour"), "line")));
    daemon.start();
    Load load(daemon.input(), {.per_second = kPerSecond, .size = kSize});
    EXPECT_TRUE(load.wait_for(kEnough));
    const auto since = Clock::now();
    EXPECT_EQ(stopped(daemon), "exit 0");
    return std::chrono::duration_cast<milliseconds>(Clock::now() - since);
  }
  // No longer than closeTimeout and a second more; what is beyond is for a busy machine.
  void expect_a_stop_in_time(milliseconds took) const {
    const milliseconds instead = time_with_omfile();
    std::cout << fmt::format("stopped in {} ms, with omfile in its place {} ms\n", took.count(),
                             instead.count());
    const milliseconds busy = under_wrapper() ? 60s : 3s;
    EXPECT_LE(took, instead + kCloseTimeout + 1s + busy);
  }
  // The daemon comes back, with a receiver that reads.
  void start_again(const Configuration& configuration) {
    if (GetParam().peer == Peer::kAbsent) receiver_.start();
    start(configuration);
    if (GetParam().peer == Peer::kStopped) receiver_.resume();
  }
  // What the neighbour has and the receiver has not.
  unsigned lost() { return how_many_lack(receiver_.numbers(), neighbour_.numbers()); }
  // Of a peer that reads nothing libzmq loses, as it closes, what it has copied into the buffer of
  // its engine; acknowledgements tell.
  static unsigned allowed_loss() {
    constexpr unsigned kEngineBuffer = 8192;
    const bool may_lose = GetParam().peer == Peer::kStopped && GetParam().way.confirm != "acked";
    return may_lose ? kEngineBuffer / kSize : 0;
  }
  // Of the line "stopped with 7 messages unsent": how many.
  unsigned said_to_be_lost() const {
    const std::string text = daemon_->standard_error();
    const std::string words = "stopped with ";
    const auto at = text.find(words);
    if (at == std::string::npos) return 0;
    return static_cast<unsigned>(std::stoul(text.substr(at + words.size())));
  }

  TappedReceiver receiver_ =
      receiver(GetParam().way, {"--allow-gaps", "-X", "rcvhwm=4", "-X", "rcvbuf=16384"});
};

// ---- With a spool file

class StopWithSpoolFile : public StoppedDaemon {};

TEST_P(StopWithSpoolFile, LosesNothing) {
  const std::string spool = directory_.file("spool");
  const Configuration configuration =
      with_faulty(GetParam().way, parameters(fmt::format(R"( spoolFile="{}")", spool)));
  start_receiver_of(GetParam().peer);
  const milliseconds took = start_and_stop(configuration);
  EXPECT_TRUE(std::filesystem::exists(spool)) << daemon_->standard_error();
  start_again(configuration);
  EXPECT_TRUE(statistics("faulty").wait_for("replayed", 1));
  EXPECT_TRUE(wait_until([&] { return !std::filesystem::exists(spool); }));
  EXPECT_TRUE(wait_until([&] { return lost() <= allowed_loss(); })) << daemon_->standard_error();
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  const Counts counts = count_numbers(receiver_.numbers(), kHighest);
  std::cout << fmt::format("{} at the neighbour, {} received, {} of them again, {} lost\n",
                           neighbour_.different(), counts.received, counts.repeated, lost());
  // One frame that ZeroMQ was writing as it closed may come again.
  EXPECT_LE(counts.repeated, kFrameBytes / kSize);
  EXPECT_EQ(receiver_.stop(), 0) << receiver_.errors();
  expect_a_stop_in_time(took);
}

INSTANTIATE_TEST_SUITE_P(
    Daemon, StopWithSpoolFile,
    testing::Values(Case{kHandoff, true, Peer::kAbsent}, Case{kHandoff, true, Peer::kStopped},
                    Case{kHandoff, false, Peer::kAbsent}, Case{kHandoff, false, Peer::kStopped},
                    Case{kSent, true, Peer::kAbsent}, Case{kSent, true, Peer::kStopped},
                    Case{kSent, false, Peer::kAbsent}, Case{kSent, false, Peer::kStopped},
                    Case{kAcked, true, Peer::kAbsent}, Case{kAcked, true, Peer::kStopped},
                    Case{kAcked, false, Peer::kAbsent}, Case{kAcked, false, Peer::kStopped}),
    name_of);

// ---- Without

class StopWithoutSpoolFile : public StoppedDaemon {};

TEST_P(StopWithoutSpoolFile, SaysHowManyAreLost) {
  const Configuration configuration = with_faulty(GetParam().way, parameters(""));
  start_receiver_of(GetParam().peer);
  const milliseconds took = start_and_stop(configuration);
  const unsigned lost = said_to_be_lost();
  EXPECT_GT(lost, 0U) << daemon_->standard_error();
  start_again(configuration);
  EXPECT_TRUE(wait_until([&] { return receiver_.different() + lost >= neighbour_.different(); }))
      << receiver_.different() << " received, " << lost << " lost, " << neighbour_.different();
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(receiver_.different() + lost, neighbour_.different());
  EXPECT_EQ(how_many_lack(neighbour_.numbers(), receiver_.numbers()), 0U);
  expect_a_stop_in_time(took);
}

INSTANTIATE_TEST_SUITE_P(
    Daemon, StopWithoutSpoolFile,
    testing::Values(Case{kHandoff, true, Peer::kAbsent}, Case{kHandoff, false, Peer::kAbsent},
                    Case{kSent, true, Peer::kAbsent}, Case{kSent, false, Peer::kAbsent},
                    Case{kAcked, true, Peer::kAbsent}, Case{kAcked, false, Peer::kAbsent}),
    name_of);

// ---- With a receiver that reads

class StopWithReceiver : public StoppedDaemon {};

TEST_P(StopWithReceiver, LosesNothing) {
  const Configuration configuration = with_faulty(GetParam().way, parameters(""));
  start_receiver_of(GetParam().peer);
  const milliseconds took = start_and_stop(configuration);
  EXPECT_EQ(said_to_be_lost(), 0U) << daemon_->standard_error();
  start_again(configuration);  // rsyslog's queue may have kept some
  EXPECT_TRUE(wait_until([&] { return lost() == 0; })) << lost();
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(count_numbers(receiver_.numbers(), kHighest).repeated, 0U);
  EXPECT_EQ(receiver_.stop(), 0) << receiver_.errors();
  expect_a_stop_in_time(took);
}

INSTANTIATE_TEST_SUITE_P(
    Daemon, StopWithReceiver,
    testing::Values(Case{kHandoff, true, Peer::kThere}, Case{kHandoff, false, Peer::kThere},
                    Case{kSent, true, Peer::kThere}, Case{kSent, false, Peer::kThere},
                    Case{kAcked, true, Peer::kThere}, Case{kAcked, false, Peer::kThere}),
    name_of);

}  // namespace
}  // namespace omzmq::test
