// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// Receivers that are killed, under load: what is lost with them, and what comes twice.
#include <array>

#include "fault_test.hpp"

namespace omzmq::test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kPerSecond = 20000;
constexpr std::size_t kSize = 200;
constexpr unsigned kFrame = 100;  // messages at most
constexpr unsigned kKills = 5;
std::string frames() { return fmt::format(R"(batch.maxMessages="{}" )", kFrame); }

class KilledReceiver : public FaultTest {
 protected:
  // The receiver is killed and started again, each time after it has got some more; every second
  // time it has stood still before, until all buffers on the way to it are full. Returns how many
  // messages were injected in all.
  unsigned kill_again_and_again(TappedReceiver& receiver) const {
    constexpr unsigned kMore = 5000;
    receiver.start();
    Load load(daemon_->input(), {.per_second = kPerSecond, .size = kSize});
    for (unsigned kills = 0; kills < kKills; ++kills) {
      EXPECT_TRUE(receiver.wait_for(receiver.different() + kMore)) << receiver.errors();
      if (kills % 2 == 1) {
        receiver.pause();
        EXPECT_TRUE(load.wait_for(load.injected() + 2 * kMore));
      }
      receiver.kill();
      receiver.start();
    }
    EXPECT_TRUE(receiver.wait_for(receiver.different() + kMore)) << receiver.errors();
    return load.stop();
  }
  // Where frames are given up with their receiver: no more are lost than it says in
  // docs/guarantees.md.
  void expect_that_little_is_lost(const Way& way) {
    constexpr unsigned kHwm = 4;      // frames, on either side
    constexpr unsigned kBuffer = 32;  // KiB of the kernel, on either side; it doubles what it gets
    constexpr unsigned kInHand = 3;   // frames: one that is written, one read, one used
    constexpr unsigned kPerKill =
        (2 * kHwm + kInHand) * kFrame + 2 * 2 * kBuffer * 1024 / static_cast<unsigned>(kSize);
    TappedReceiver receiver =
        this->receiver(way, {"--unbuffered", "-X", fmt::format("rcvhwm={}", kHwm), "-X",
                             fmt::format("rcvbuf={}", kBuffer * 1024)});
    start(with_faulty(
        way,
        frames() + fmt::format(R"(sendHWM="{}" sendBuffer="{}k" )", kHwm, kBuffer) + kMemoryQueue));
    const unsigned count = kill_again_and_again(receiver);
    EXPECT_TRUE(receiver.wait_for_all(1, default_bound(), count - 1));
    EXPECT_TRUE(wait_until_neighbour_has(count));
    EXPECT_EQ(stopped(*daemon_), "exit 0");
    const Counts counts = count_numbers(receiver.numbers(), count);
    std::cout << way.confirm << ", " << kKills << " kills: " << counts << "; at most "
              << kKills * kPerKill << " may be missing\n";
    EXPECT_LE(counts.missing, kKills * kPerKill);
    EXPECT_EQ(counts.repeated, 0U);
    EXPECT_EQ(counts.strange, 0U);
  }
};

TEST_F(KilledReceiver, LosesNothingThatItHasToAcknowledge) {
  constexpr unsigned kWindow = 16;
  TappedReceiver receiver = this->receiver(kAcked);
  start(with_faulty(kAcked, frames() + fmt::format(R"(ack.window="{}" )", kWindow) + kMemoryQueue));
  const unsigned count = kill_again_and_again(receiver);
  EXPECT_TRUE(receiver.wait_for_all(count)) << count_numbers(receiver.numbers(), count);
  EXPECT_TRUE(statistics("faulty").wait_for("acked", count));
  EXPECT_TRUE(statistics("faulty").wait_for_report());
  const Counts counts = count_numbers(receiver.numbers(), count);
  std::cout << kKills << " kills: " << counts << "; " << counter("resent") << " resent\n";
  EXPECT_EQ(counter("acked"), count);
  EXPECT_LE(counts.repeated, kKills * kWindow * kFrame);
  EXPECT_LE(counts.repeated, counter("resent"));
  EXPECT_TRUE(is_everything(receiver.numbers(), count));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

TEST_F(KilledReceiver, LosesLittleOfWhatIsHandedOver) { expect_that_little_is_lost(kHandoff); }

TEST_F(KilledReceiver, LosesLittleOfWhatIsSent) { expect_that_little_is_lost(kSent); }

// Three acknowledging receivers share the load until only one is left.
TEST_F(KilledReceiver, LeavesItsShareToTheOthersWhenTwoOfThreeGo) {
  const std::array<std::string, 2> more = {free_tcp_endpoint(), free_tcp_endpoint()};
  // Each sees a part of the numbers only.
  TappedReceiver first = receiver("first", kAcked, endpoint_, {"--allow-gaps"});
  TappedReceiver second = receiver("second", kAcked, more[0], {"--allow-gaps"});
  TappedReceiver third = receiver("third", kAcked, more[1], {"--allow-gaps"});
  endpoint_ += fmt::format(",{},{}", more[0], more[1]);
  for (TappedReceiver* each : {&first, &second, &third}) each->start();
  start(with_faulty(kAcked, frames() + kMemoryQueue));
  constexpr unsigned kSome = 5000;
  Load load(daemon_->input(), {.per_second = kPerSecond, .size = kSize});
  for (TappedReceiver* each : {&first, &second, &third}) EXPECT_TRUE(each->wait_for(kSome));
  first.kill();
  EXPECT_TRUE(second.wait_for(second.different() + kSome));
  second.kill();
  const unsigned after = load.next();
  EXPECT_TRUE(third.wait_for(third.different() + kSome));
  const unsigned count = load.stop();
  EXPECT_TRUE(wait_for_all({&first, &second, &third}, count));
  // What was injected when the others were gone is all with the third.
  EXPECT_TRUE(third.wait_for_all(count - after, default_bound(), after));
  const auto all = united(united(first.numbers(), second.numbers()), third.numbers());
  std::cout << count_numbers(all, count) << '\n';
  EXPECT_TRUE(is_everything(all, count));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  EXPECT_EQ(third.stop(), 0) << third.errors();
}

}  // namespace
}  // namespace omzmq::test
