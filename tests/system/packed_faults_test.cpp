// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// The packed format when something is wrong: what a receiver learns from numbers, beats and epochs.

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include "packed_system.hpp"

namespace omzmq::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// ---- Losses at a publisher's high-water mark

class PackedLoss : public PackedTest {
 protected:
  static constexpr unsigned kStep = 100;    // messages: ten frames
  static constexpr unsigned kCount = 3000;  // 3 MB: more than all queues on the way hold
  static constexpr std::size_t kSize = 1000;

  // One frame for ten messages, whenever they come.
  void start_publisher() {
    start("PUB", R"(waitForPeers="2" sendHWM="64" sendBuffer="16k" batch.maxMessages="10" )"
                 R"(batch.linger="60000" beat.interval="200")");
    healthy_.start();
  }
  void send_first() {
    inject(0, kStep, kSize);
    ASSERT_TRUE(healthy_.wait_for_records(kStep));
  }
  // The rest of kCount messages, no faster than the healthy subscriber takes them.
  void send_more() {
    for (unsigned first = kStep; first < kCount; first += kStep) {
      inject(first, kStep, kSize);
      ASSERT_TRUE(healthy_.wait_for_records(first + kStep));
    }
  }
  // The other subscriber stands still while most of the messages are sent.
  void lose(Receiver& still) {
    start_publisher();
    still.start();
    send_first();
    ASSERT_TRUE(still.wait_for(kStep / 10));
    still.pause();
    send_more();
    still.resume();
  }
  // What `still` counts as missed is what it does not have.
  void compare(PackedReceiver& still, unsigned count) {
    EXPECT_TRUE(is_complete(healthy_));
    EXPECT_EQ(healthy_.record_count(), count);
    EXPECT_TRUE(are_numbered_in_order(healthy_.records(), count, kSize));
    EXPECT_TRUE(has_numbers_as_sent(still, kSize));
    EXPECT_GT(still.missed(), 0U);
    EXPECT_EQ(still.duplicated(), 0U);
    const auto records = still.records();
    const std::set<std::string> different(records.begin(), records.end());
    EXPECT_EQ(still.missed(), count - different.size());
    EXPECT_EQ(still.missed() + still.record_count(), healthy_.record_count());
    EXPECT_EQ(still.flow().stream, healthy_.flow().stream);
  }

  PackedReceiver healthy_ = subscriber("healthy");
};

TEST_F(PackedLoss, IsCountedExactlyByASubscriberThatStoodStill) {
  constexpr unsigned kAll = kCount + kStep;
  PackedReceiver still = narrow_subscriber("still");
  lose(still);
  inject(kCount, kStep, kSize);
  ASSERT_TRUE(healthy_.wait_for_records(kAll));
  ASSERT_TRUE(still.wait_until_next(kAll));
  compare(still, kAll);
}

TEST_F(PackedLoss, OfTheLastMessagesIsRevealedByABeat) {
  PackedReceiver still = narrow_subscriber("still");
  lose(still);
  ASSERT_TRUE(still.wait_until_next(kCount));
  compare(still, kCount);
  const auto& frames = still.frames();
  const auto last = std::find_if(frames.rbegin(), frames.rend(),
                                 [](const PackedFrame& frame) { return !frame.header.is_beat; });
  ASSERT_NE(last, frames.rend());
  EXPECT_LT(last->header.first + last->header.count, kCount);
  EXPECT_TRUE(still.flow().ends_with_beat);
}

// ---- What zmqtap says about it

// One zmqtap that writes what it gets into a file, a line for each message, without delay.
class Tapped : public PackedLoss {
 protected:
  void start_tap(const std::vector<std::string>& arguments) {
    std::vector<std::string> argv = {OMZMQ_TEST_ZMQTAP, "--unbuffered"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    tap_.start(argv, directory_.file("tap.out"), directory_.file("tap.err"));
  }
  std::vector<std::string> lines() const {
    auto lines = split_lines({read_file(directory_.file("tap.out"))});
    lines.pop_back();  // what follows the last LF
    return lines;
  }
  bool wait_for_lines(std::size_t count) const {
    return wait_until([&] { return lines().size() >= count; });
  }
  std::string said() const { return read_file(directory_.file("tap.err")); }
  // Of its last summary: "7 messages missing in 1 gap, …".
  std::optional<std::size_t> missing() const {
    const std::string text = said();
    const auto end = text.rfind(" missing in ");
    if (end == std::string::npos) return std::nullopt;
    const auto begin = text.find_last_not_of("0123456789", text.rfind(" message", end) - 1) + 1;
    return std::stoul(text.substr(begin));
  }
  // Asks for summaries until one says so.
  bool wait_until_missing(const std::function<bool(std::size_t)>& condition) const {
    return wait_until([&] {
      tap_.send_signal(SIGUSR1);
      return condition(missing().value_or(0));
    });
  }
  int exit_code_of_tap() {
    tap_.send_signal(SIGTERM);
    const auto ended = tap_.wait();
    return ended ? ended->exit_code : -1;
  }

  Process tap_;
};

TEST_F(Tapped, ALossIsCountedExactlyAndEndsWithCode4) {
  start_publisher();
  start_tap({"--sub", endpoint_, "-X", "rcvhwm=1", "-X", "rcvbuf=4096"});
  send_first();
  ASSERT_TRUE(wait_for_lines(kStep));
  tap_.pause();
  send_more();
  tap_.resume();
  EXPECT_TRUE(wait_until_missing([&](std::size_t missing) {
    return missing > 0 && missing + lines().size() == healthy_.record_count();
  })) << said();
  EXPECT_EQ(exit_code_of_tap(), 4) << said();
  EXPECT_EQ(missing(), kCount - lines().size()) << said();
  EXPECT_NE(said().find("gap: "), std::string::npos) << said();
  EXPECT_NE(said().find(", 0 duplicates, 0 restarts, 0 corrupt frames"), std::string::npos)
      << said();
  EXPECT_TRUE(is_complete(healthy_));
  EXPECT_EQ(healthy_.record_count(), kCount);
  EXPECT_TRUE(are_rising(lines()));
}

TEST_F(Tapped, ARestartIsARestartAndEndsWithCode0) {
  const Configuration with_push =
      with_action("PUSH", R"(compression.driver="zstd" beat.interval="100")");
  start_tap({"--pull", "--bind", endpoint_});
  for (unsigned run = 1; run <= 2; ++run) {
    start(with_push);
    inject(0, kCount);
    EXPECT_TRUE(wait_for_lines(std::size_t{run} * kCount)) << said();
    EXPECT_EQ(stopped(*daemon_), "exit 0");
  }
  EXPECT_TRUE(wait_until([&] { return said().find("restart: ") != std::string::npos; })) << said();
  EXPECT_TRUE(wait_until_missing([&](std::size_t missing) {
    return missing == 0 && said().find(", 1 restart, 0 corrupt frames") != std::string::npos;
  })) << said();
  EXPECT_EQ(exit_code_of_tap(), 0) << said();
  EXPECT_NE(said().find("0 messages missing in 0 gaps, 0 duplicates, 1 restart, 0 corrupt frames"),
            std::string::npos)
      << said();
  auto first_run = lines();
  EXPECT_EQ(first_run.size(), 2UL * kCount);
  first_run.resize(kCount);
  EXPECT_TRUE(are_numbered_in_order(first_run, kCount));
}

// ---- Beats

class Beats : public PackedTest {
 protected:
  // An action of its own for each interval, all in one daemon that has sent kCount messages.
  static constexpr unsigned kCount = 5;

  void start_with_intervals(const std::vector<int>& intervals) {
    Configuration all = configuration();
    for (const int interval : intervals) {
      const std::string name = fmt::format("every-{}", interval);
      const std::string endpoint = ipc_endpoint(name);
      receivers_[interval] = std::make_unique<PackedReceiver>(
          directory_, name, Receiver::Options{.endpoint = endpoint});
      receivers_[interval]->start();
      all.omzmq(fmt::format(R"(endpoints=">{}" sockType="PUSH" format="packed" beat.interval="{}")",
                            endpoint, interval));
    }
    start(all);
    inject(0, kCount);
    for (const auto& [interval, receiver] : receivers_) {
      EXPECT_TRUE(receiver->wait_for_records(kCount)) << interval;
    }
  }

  std::map<int, std::unique_ptr<PackedReceiver>> receivers_;  // by interval
};

TEST_F(Beats, SayTheNextNumberAtTheirInterval) {
  constexpr int kSlow = 400;
  start_with_intervals({100, kSlow});
  PackedReceiver& slow = *receivers_[kSlow];
  PackedReceiver& fast = *receivers_[100];
  ASSERT_TRUE(slow.wait_for_beats(4));
  EXPECT_GT(fast.beats(), slow.beats());
  std::vector<wire::BatchHeader> beats;
  std::uint64_t next = 0;
  for (const PackedFrame& frame : slow.frames()) {
    next += frame.records.size();
    if (!frame.header.is_beat) continue;
    EXPECT_EQ(frame.wire_bytes, wire::kHeaderBytes);
    EXPECT_EQ(frame.header.first, next);
    beats.push_back(frame.header);
  }
  EXPECT_EQ(next, kCount);
  // A thread may be late for one, and so seem early for the next: the mean tells.
  const auto lasted = nanoseconds(beats.back().time_ns - beats.front().time_ns);
  EXPECT_GT(lasted / (beats.size() - 1), milliseconds(kSlow / 2));
  EXPECT_TRUE(is_complete(slow));
  EXPECT_TRUE(is_complete(fast));
}

TEST_F(Beats, DoNotComeWithIntervalZero) {
  start_with_intervals({100, 0});
  ASSERT_TRUE(receivers_[100]->wait_for_beats(10));
  EXPECT_EQ(receivers_[0]->beats(), 0U);
}

TEST_F(Beats, AreTheLastWordOfAnActionThatStops) {
  PackedReceiver receiver = puller();
  receiver.start();
  start("PUSH", R"(beat.interval="3600000")");
  inject(0, kCount);
  EXPECT_TRUE(receiver.wait_for_records(kCount));
  EXPECT_EQ(receiver.beats(), 0U);
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_TRUE(receiver.wait_for_beats(1));
  EXPECT_TRUE(receiver.flow().ends_with_beat);
  EXPECT_EQ(receiver.flow().next, kCount);
  EXPECT_TRUE(is_complete(receiver));
}

TEST_F(Beats, AreTheLastWordOfEachTopic) {
  start("PUB", R"(topics=["red", "blue"] waitForPeers="1" beat.interval="3600000")");
  PackedReceiver receiver = subscriber("subscriber");
  receiver.start();
  inject(0, kCount);
  EXPECT_TRUE(receiver.wait_for_records(2UL * kCount));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_TRUE(receiver.wait_for_beats(2));
  for (const char* topic : {"red", "blue"}) {
    EXPECT_TRUE(receiver.flow(topic).ends_with_beat) << topic;
    EXPECT_EQ(receiver.flow(topic).next, kCount) << topic;
  }
}

// ---- Restarts

class PackedRestart : public PackedTest {
 protected:
  static constexpr unsigned kCount = 1000;
};

TEST_F(PackedRestart, BeginsANewEpochAndNoGap) {
  PackedReceiver receiver = puller();
  receiver.start();
  const Configuration with_push = with_action("PUSH", R"(reconnect.interval="20")");
  for (unsigned run = 1; run <= 3; ++run) {
    start(with_push);
    inject(0, kCount);
    EXPECT_TRUE(receiver.wait_for_records(std::uint64_t{run} * kCount));
    EXPECT_EQ(stopped(*daemon_), "exit 0");
  }
  EXPECT_TRUE(is_complete(receiver));
  ASSERT_EQ(receiver.flows().size(), 3U);
  std::set<std::uint64_t> epochs;
  for (const Flow& flow : receiver.flows()) {
    EXPECT_EQ(flow.next, kCount);
    epochs.insert(flow.epoch);
  }
  EXPECT_EQ(epochs.size(), 3U);
}

TEST_F(PackedRestart, AfterAKillIsNoGapEither) {
  const Configuration with_pub =
      with_action("PUB", R"(waitForPeers="1" batch.maxMessages="10" sendHWM="0")");
  PackedReceiver receiver = subscriber("subscriber");
  receiver.start();
  start(with_pub);
  inject(0, 30 * kCount);
  EXPECT_TRUE(receiver.wait_for_records(kCount));
  daemon_->kill();
  start(with_pub);
  EXPECT_TRUE(wait_until([&] { return receiver.flows().size() == 2; }));
  inject(0, kCount);
  EXPECT_TRUE(wait_until([&] { return receiver.flows().back().received == kCount; }));
  EXPECT_TRUE(is_complete(receiver));
  ASSERT_EQ(receiver.flows().size(), 2U);
  EXPECT_NE(receiver.flows().front().epoch, receiver.flows().back().epoch);
  EXPECT_TRUE(has_numbers_as_sent(receiver));
}

// ---- Nobody there

// Clock ticks that the action's sender thread has used so far; nothing when there is none.
std::optional<std::uint64_t> ticks_of_sender(pid_t pid) {
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", pid))) {
    const std::string stat = read_file(task.path() / "stat");
    if (stat.find("(omzmq:packed)") == std::string::npos) continue;
    std::istringstream fields(stat.substr(stat.rfind(')') + 1));
    std::string skipped;
    for (int field = 3; field < 14; ++field) fields >> skipped;
    std::uint64_t user = 0;
    std::uint64_t system = 0;
    fields >> user >> system;
    return user + system;
  }
  return std::nullopt;
}

// Nobody is at the other end of the action "packed", nor of the action "control", which gets the
// message "control" only, and says so when it has to hold it back.
class PackedAlone : public PackedTest {
 protected:
  void start_alone(const std::string& type, const std::string& parameters) {
    const std::string control =
        fmt::format(R"(endpoints="{}" sockType="PUSH" statsName="control" closeTimeout="0")",
                    free_tcp_endpoint());
    start(configuration()
              .global(R"(processInternalMessages="on")")
              .top(omfile(log_file(), "RSYSLOG_FileFormat"))
              .action(R"(if $rawmsg == "control" then {)")
              .omzmq(control)
              .action("} else {")
              .omzmq(fmt::format(
                  R"(endpoints="{}" sockType="{}" format="packed" statsName="packed" {})",
                  endpoint_, type, parameters))
              .action("}"));
  }
  // In the daemon's log, or in what it wrote to standard error as it stopped.
  bool has_said(const std::string& text) const {
    return (read_file(log_file()) + daemon_->standard_error()).find(text) != std::string::npos;
  }
  // When the control action says that it holds something back, the other one, which began to beat
  // before, has had its time too. Meanwhile its thread uses no twentieth of a core.
  void expect_silence_and_calm() const {
    Injector(daemon_->input()).message("control");
    EXPECT_TRUE(is_calm());
    EXPECT_TRUE(wait_until([&] { return has_said("omzmq[control]: no peer is there"); }));
    EXPECT_FALSE(has_said("omzmq[packed]"));
    EXPECT_EQ(counter("sent.frames"), 0);
    EXPECT_EQ(counter("lane.bytes"), 0);
  }
  // Even where seven others want the processor, a thread that never sleeps gets more than this.
  testing::AssertionResult is_calm() const {
    const auto pid = daemon_->process().pid();
    std::optional<std::uint64_t> before;
    static_cast<void>(wait_until([&] { return (before = ticks_of_sender(pid)).has_value(); }));
    const auto since = std::chrono::steady_clock::now();
    if (!statistics("packed").wait_for_report()) return testing::AssertionFailure() << "no report";
    const auto after = ticks_of_sender(pid);
    const std::chrono::duration<double> lasted = std::chrono::steady_clock::now() - since;
    if (!before || !after) return testing::AssertionFailure() << "no sender thread";
    const double all = static_cast<double>(::sysconf(_SC_CLK_TCK)) * lasted.count();
    const double bound = all / (under_wrapper() ? 2 : 20);
    if (static_cast<double>(*after - *before) < bound) return testing::AssertionSuccess();
    return testing::AssertionFailure() << *after - *before << " of " << all << " ticks";
  }

 private:
  std::string log_file() const { return directory_.file("log"); }
};

TEST_F(PackedAlone, APushIsSilentAndCalmAndStopsAtOnce) {
  start_alone("PUSH", R"(beat.interval="100" closeTimeout="60000")");
  expect_silence_and_calm();
  EXPECT_EQ(stopped(*daemon_),
            "exit 0");  // within the bound of 30 s: closeTimeout is not waited for
  EXPECT_FALSE(has_said("omzmq[packed]"));
}

TEST_F(PackedAlone, APubThatWaitsForPeersIsSilentAndCalmAndStopsAtOnce) {
  start_alone("PUB", R"(topics=["red", "blue"] waitForPeers="1" beat.interval="100" )"
                     R"(closeTimeout="60000")");
  expect_silence_and_calm();
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_FALSE(has_said("omzmq[packed]"));
}

TEST_F(PackedAlone, APushBeatsAsSoonAsSomebodyIsThere) {
  start_alone("PUSH", R"(beat.interval="20" reconnect.interval="20" reconnect.maxInterval="20")");
  EXPECT_TRUE(statistics("packed").wait_for("sent.frames", 0));
  EXPECT_EQ(counter("sent.frames"), 0);
  PackedReceiver receiver = puller();
  receiver.start();
  EXPECT_TRUE(receiver.wait_for_beats(3));
  inject(0, 10);
  EXPECT_TRUE(receiver.wait_for_records(10));
  EXPECT_TRUE(is_complete(receiver));
}

TEST_F(PackedAlone, APushThatHoldsMessagesBackSaysSo) {
  start_alone("PUSH", R"(beat.interval="100" closeTimeout="300")");
  inject(0, 10);
  EXPECT_TRUE(wait_until([&] { return has_said("omzmq[packed]: no peer is there"); }));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_TRUE(has_said("omzmq[packed]: stopped with 10 messages unsent"));
}

// ---- More topics than streams are kept

class ManyTopics : public PackedTest {
 protected:
  static constexpr unsigned kTopics = 20000;
  static constexpr unsigned kAgain = 100;

  static std::string topic(unsigned number) { return fmt::format("t{:05}", number); }
};

TEST_F(ManyTopics, BeginNewStreamsWhenTheyComeBackAndNoGap) {
  start(configuration()
            .top(R"(template(name="topic" type="string" string="%rawmsg:F,124:1%"))")
            .omzmq(fmt::format(R"(endpoints="{}" sockType="PUB" format="packed" dynaTopic="on" )"
                               R"(topics="topic" template="payload" waitForPeers="1" sendHWM="0")",
                               endpoint_)));
  PackedReceiver receiver = subscriber("subscriber");
  receiver.start();
  {
    Injector injector(daemon_->input());
    for (unsigned i = 0; i < kTopics + kAgain; ++i) {
      injector.message(fmt::format("{}|{}", topic(i % kTopics), numbered_line(i)));
    }
  }
  EXPECT_TRUE(receiver.wait_for_records(kTopics + kAgain));
  EXPECT_TRUE(is_complete(receiver));
  EXPECT_EQ(receiver.duplicated(), 0U);
  EXPECT_EQ(receiver.flows().size(), kTopics + kAgain);
  std::set<std::uint64_t> streams;
  std::map<std::string, std::vector<Flow>> by_topic;
  for (const Flow& flow : receiver.flows()) {
    streams.insert(flow.stream);
    by_topic[flow.topic].push_back(flow);
  }
  EXPECT_EQ(streams.size(), kTopics + kAgain);
  EXPECT_EQ(by_topic.size(), kTopics);
  for (unsigned i = 0; i < kAgain; ++i) {
    const auto& both = by_topic[topic(i)];
    ASSERT_EQ(both.size(), 2U) << topic(i);
    EXPECT_TRUE(both[0].ends_with_beat) << "a stream is forgotten without a last word";
    EXPECT_EQ(both[0].next, 1U);
    EXPECT_EQ(both[1].first, 0U);
    EXPECT_EQ(both[1].received, 1U);
  }
}

}  // namespace
}  // namespace omzmq::test
