// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// What receivers that are slow, that are gone, or that come and go, cost in memory and descriptors.
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <omzmq/wire.hpp>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "fault_test.hpp"
#include "process_memory.hpp"
#include "zmtp_peer.hpp"

namespace omzmq::test {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kMiB = std::size_t{1} << 20U;

// A lane grows to its size as data goes through it, however little is in it: a small one has done
// so before anything is measured.
constexpr const char* kSmallLane = R"(handoff.size="256k" )";
// Whatever does not fit is dropped by rsyslog's queue, so that rsyslog itself needs no more memory.
constexpr const char* kSmallQueue =
    R"(queue.type="LinkedList" queue.size="2000" queue.timeoutEnqueue="0" )"
    R"(action.resumeRetryCount="-1" action.resumeInterval="1")";
// The same, without a loss.
constexpr const char* kDiskQueue =
    R"(queue.type="Disk" queue.filename="disk" queue.timeoutEnqueue="60000" )"
    R"(queue.dequeueBatchSize="1024" action.resumeRetryCount="-1" action.resumeInterval="1")";

class Use {
 public:
  explicit Use(pid_t pid) : pid_(pid) {}
  // Looks again; keeps the largest.
  void look() {
    resident = std::max(resident, resident_bytes(pid_));
    descriptors = std::max(descriptors, open_descriptors(pid_));
  }
  // The largest of so long a time.
  void look_for(milliseconds length) {
    const auto end = Clock::now() + length;
    do {
      look();
      std::this_thread::sleep_for(20ms);
    } while (Clock::now() < end);
  }

  std::size_t resident = 0;
  std::size_t descriptors = 0;

 private:
  pid_t pid_;
};

std::ostream& operator<<(std::ostream& out, const Use& use) {
  return out << fmt::format("{} KiB and {} descriptors", use.resident / 1024, use.descriptors);
}

class Memory : public FaultTest {
 protected:
  Use use_of_daemon() const { return Use(daemon_->process().pid()); }

  // Looks at the daemon in the second and in the last third of the fault: the one is as the other.
  void expect_that_nothing_grows(milliseconds length) const {
    constexpr std::size_t kNoise = 2 * kMiB;
    constexpr std::size_t kFew = 10;
    std::this_thread::sleep_for(length / 3);
    Use late = use_of_daemon();
    late.look_for(length / 3);
    Use later = use_of_daemon();
    later.look_for(length / 3);
    std::cout << "at first " << late << ", at last " << later << '\n';
    EXPECT_LE(later.resident, late.resident + kNoise);
    EXPECT_LE(later.descriptors, late.descriptors + kFew);
  }
};

// ---- Slow receivers

// A socket of the test that takes a message, and acknowledges it where it is a batch, once a
// second.
class SlowReceiver {
 public:
  SlowReceiver(zmq::socket_type type, const std::string& endpoint) : socket_(context_, type) {
    socket_.set(zmq::sockopt::rcvhwm, 1);
    socket_.set(zmq::sockopt::linger, 0);
    socket_.bind(endpoint);
    thread_ = std::thread([this] { run(); });
  }
  ~SlowReceiver() {
    stops_.store(true);
    thread_.join();
  }
  SlowReceiver(const SlowReceiver&) = delete;
  SlowReceiver& operator=(const SlowReceiver&) = delete;

  unsigned taken() const { return taken_.load(); }

 private:
  void run() {
    while (!stops_.load()) {
      take();
      for (int slices = 0; slices < 50 && !stops_.load(); ++slices) {
        std::this_thread::sleep_for(20ms);
      }
    }
  }
  void take() {
    std::vector<zmq::message_t> parts;
    do {
      zmq::message_t part;
      if (!socket_.recv(part, zmq::recv_flags::dontwait)) return;
      parts.push_back(std::move(part));
    } while (parts.back().more());
    taken_.fetch_add(1);
    wire::Batch batch;
    constexpr std::size_t kMost = 64 * kMiB;
    if (parts.size() != 2 ||
        wire::read_batch(parts.back().to_string_view(), kMost, batch) != wire::Fault::kNone ||
        batch.header.is_beat) {
      return;
    }
    std::array<char, wire::kAckBytes> ack{};
    const auto& header = batch.header;
    wire::write_ack(ack.data(), {.epoch = header.epoch,
                                 .stream = header.stream,
                                 .first = header.first,
                                 .count = header.count});
    static_cast<void>(socket_.send(parts.front(), zmq::send_flags::sndmore));
    static_cast<void>(socket_.send(zmq::buffer(ack), zmq::send_flags::dontwait));
  }

  zmq::context_t context_;
  zmq::socket_t socket_;
  std::atomic<unsigned> taken_{0};
  std::atomic<bool> stops_{false};
  std::thread thread_;
};

TEST_F(Memory, StaysFlatBehindReceiversThatTakeOneMessageASecond) {
  const std::string pulled = free_tcp_endpoint();
  SlowReceiver puller(zmq::socket_type::pull, pulled);
  SlowReceiver router(zmq::socket_type::router, endpoint_);
  start(with_faulty(kAcked,
                    std::string(kSmallLane) + R"(ack.timeout="500" ack.window="8" )" + kSmallQueue)
            .omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" sendHWM="1000" )"
                               R"(handoff.full="dropNewest" handoff.timeout="0" )"
                               R"(statsName="push" closeTimeout="0" {})",
                               pulled, kSmallLane)));
  const auto length = fault_length(60s);
  Load load(daemon_->input(), {.per_second = 10000, .size = 200});
  expect_that_nothing_grows(length);
  EXPECT_GT(puller.taken(), 1U);
  EXPECT_GT(router.taken(), 1U);
  EXPECT_GT(statistics("push").value("dropped.newest"), 0);
}

// ---- Receivers that come and go

// Connects to each endpoint as a socket of its type, completes the handshake and disconnects, a
// hundred times a second.
class Visitors {
 public:
  using Places = std::vector<std::pair<std::string, std::string>>;

  explicit Visitors(Places places) : places_(std::move(places)), thread_([this] { run(); }) {}
  ~Visitors() { end(); }
  Visitors(const Visitors&) = delete;
  Visitors& operator=(const Visitors&) = delete;

  void end() {
    ends_.store(true);
    if (thread_.joinable()) thread_.join();
  }
  unsigned visits() const { return visits_.load(); }

 private:
  void run() {
    while (!ends_.load()) {
      for (const auto& [endpoint, type] : places_) {
        try {
          ZmtpPeer(port_of(endpoint), type);
        } catch (const std::runtime_error& error) {
          ADD_FAILURE() << type << ": " << error.what();
          return;
        }
      }
      visits_.fetch_add(1);
      std::this_thread::sleep_for(10ms);
    }
  }

  Places places_;
  std::atomic<bool> ends_{false};
  std::atomic<unsigned> visits_{0};
  std::thread thread_;
};

TEST_F(Memory, StaysFlatWhileReceiversComeAndGoAHundredTimesASecond) {
  const std::string published = free_tcp_endpoint();
  const std::string pushed = free_tcp_endpoint();
  TappedReceiver healthy(directory_, "healthy",
                         {.source = "--router", .endpoint = endpoint_, .bind = false});
  const std::string of_healthy = endpoint_;
  endpoint_ = "@" + of_healthy;
  start(with_faulty(kAcked, std::string(kSmallLane) + kMemoryQueue)
            .omzmq(fmt::format(R"(endpoints="@{}" sockType="PUSH" format="packed" )"
                               R"(handoff.full="dropNewest" closeTimeout="0" {})",
                               pushed, kSmallLane))
            .action(R"(if $rawmsg == "never" then {)")
            .omzmq(fmt::format(R"(endpoints="{}" sockType="PUB" beat.interval="0" format="packed")",
                               published))
            .action("}"));
  healthy.start();
  const auto length = fault_length(30s);
  Load load(daemon_->input(), {.per_second = 2000});
  EXPECT_TRUE(healthy.wait_for(1000)) << healthy.errors();
  Visitors visitors({{published, "SUB"}, {pushed, "PULL"}, {of_healthy, "ROUTER"}});
  expect_that_nothing_grows(length);
  EXPECT_TRUE(wait_until([&] { return visitors.visits() > length / 100ms; }))
      << visitors.visits() << " visits";
  visitors.end();
  const unsigned count = load.stop();
  std::cout << visitors.visits() << " visits\n";
  EXPECT_TRUE(healthy.wait_for_all(count)) << count_numbers(healthy.numbers(), count);
  EXPECT_TRUE(is_everything_once(healthy.numbers(), count));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
}

// ---- Receivers that are gone, under load: goal S9

class Outage : public Memory {
 protected:
  static constexpr std::size_t kLane = 2 * kMiB;
  static constexpr std::size_t kHwm = 64;  // frames
  static constexpr std::size_t kFrame = 64UL * 1024;
  static constexpr std::size_t kAllowed = 16 * kMiB;
  static constexpr int kRulesetQueue = 2000;  // its messages are rsyslog's memory, not the action's

  // The memory of the daemon, with a receiver that takes everything and then stands still for the
  // rest of the time, grows by no more than what its settings say.
  void expect_that_memory_is_bounded(const Way& way, const std::string& parameters,
                                     std::size_t window) {
    TappedReceiver receiver = this->receiver(way);
    receiver.start();
    start(with_faulty(way, fmt::format(R"(handoff.size="{}" sendHWM="{}" sendBuffer="128k" {})",
                                       kLane, kHwm, parameters))
              .queue_size(kRulesetQueue));
    const auto length = fault_length(60s);
    Load load(daemon_->input(), {.per_second = 50000, .size = 500});
    EXPECT_TRUE(receiver.wait_for(50000));
    Use before = use_of_daemon();
    before.look();
    receiver.pause();
    Use outage = use_of_daemon();
    outage.look_for(length);
    const std::size_t bound = kLane + (kHwm + window) * kFrame + kAllowed;
    std::cout << way.confirm << ": before " << before << ", in the outage " << outage
              << "; it may grow by " << bound / 1024 << " KiB\n";
    EXPECT_LE(outage.resident, before.resident + bound);
  }
};

TEST_F(Outage, NeedsNoMoreMemoryThanItsLaneAndItsFrames) {
  expect_that_memory_is_bounded(kHandoff, R"(handoff.full="dropNewest")", 0);
}

TEST_F(Outage, NeedsNoMoreMemoryThanItsLaneItsFramesAndItsWindow) {
  constexpr std::size_t kWindow = 32;
  expect_that_memory_is_bounded(
      kAcked, fmt::format(R"(ack.window="{}" ack.timeout="500" {})", kWindow, kDiskQueue), kWindow);
}

}  // namespace
}  // namespace omzmq::test
