// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// What comes back from libzmq when a sink stops, on real sockets.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <omzmq/wire.hpp>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sink_fixture.hpp"
#include "zmq/peer_monitor.hpp"

namespace omzmq {
namespace {

using test::frame_of;

/// Of libzmq's encoder: what a connection has of small messages that is not written yet.
constexpr std::size_t kEncoderBytes = 8192;
constexpr std::size_t kLarge = std::size_t{64} << 10;

std::string numbered(std::size_t number, std::size_t bytes) {
  std::string text = std::to_string(number) + ' ';
  text.resize(std::max(text.size(), bytes), 'x');
  return text;
}
std::size_t number_of(std::string_view text) { return std::stoul(std::string(text)); }

/// A receiver with small queues, which reads when it is asked to.
class Receiver {
 public:
  explicit Receiver(zmq::socket_type type = zmq::socket_type::pull) : socket_(context_, type) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::rcvhwm, 2);
    socket_.set(zmq::sockopt::rcvbuf, 4096);
    if (type == zmq::socket_type::sub) socket_.set(zmq::sockopt::subscribe, "");
    monitor_.emplace(context_, socket_, "inproc://monitor");
  }
  ~Receiver() { monitor_.reset(); }

  void bind(const std::string& endpoint) { socket_.bind(endpoint); }
  std::string bind_somewhere() {
    bind("tcp://127.0.0.1:*");
    return socket_.get(zmq::sockopt::last_endpoint);
  }

  /// A SUB that is bound subscribes with the next call after a publisher has come.
  void subscribe() { static_cast<void>(socket_.get(zmq::sockopt::events)); }

  /// Reads all there is, until the sender has closed and nothing more is there.
  std::vector<std::size_t> read_to_the_end() {
    std::vector<std::size_t> numbers;
    const auto deadline = std::chrono::steady_clock::now() + test::kPatience;
    bool is_over = false;
    zmq::message_t message;
    socket_.set(zmq::sockopt::rcvtimeo, 50);
    while (std::chrono::steady_clock::now() < deadline) {
      if (socket_.recv(message)) {
        if (!message.more() && !message.empty()) numbers.push_back(number_of(message.to_string()));
        continue;
      }
      if (std::exchange(is_over, monitor_->counts().disconnects != 0)) return numbers;
      monitor_->read();
    }
    ADD_FAILURE() << "the sender's connection has not ended";
    return numbers;
  }

 private:
  zmq::context_t context_;
  zmq::socket_t socket_;
  std::optional<PeerMonitor> monitor_;
};

/// What the kernel takes for a peer of an ipc connection, which has no option for it.
std::size_t kernel_buffer_of_ipc() {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int bytes = 0;
  socklen_t size = sizeof bytes;
  EXPECT_EQ(::getsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, &size), 0);
  ::close(fd);
  return static_cast<std::size_t>(bytes);
}

/// A receiver that speaks ZMTP by itself, and reads nothing but the handshake until the sender has
/// closed.
class RawReceiver {
 public:
  explicit RawReceiver(const std::string& path)
      : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
        ::listen(listener_, 1) != 0)
      throw std::runtime_error("listen failed");
  }
  ~RawReceiver() {
    ::close(listener_);
    ::close(fd_);
  }
  void shake_hands() {
    fd_ = ::accept(listener_, nullptr, nullptr);
    std::string greeting("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
    greeting.resize(64, '\0');
    send(greeting);
    static_cast<void>(read(64));
    send(std::string_view("\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PULL", 28));
    static_cast<void>(read_frame());  // their READY
  }
  std::vector<std::size_t> read_to_the_end() const {
    std::vector<std::size_t> numbers;
    while (const auto frame = read_frame()) numbers.push_back(number_of(*frame));
    return numbers;
  }

 private:
  void send(std::string_view bytes) const {
    if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size()))
      throw std::runtime_error("send failed");
  }
  // Fewer when the connection ends.
  std::string read(std::size_t bytes) const {
    std::string text(bytes, '\0');
    const ssize_t got = ::recv(fd_, text.data(), bytes, MSG_WAITALL);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
  }
  std::optional<std::string> read_frame() const {
    const std::string flags = read(1);
    const std::size_t length_bytes = !flags.empty() && (flags[0] & 2) != 0 ? 8 : 1;
    const std::string length = read(length_bytes);
    if (length.size() != length_bytes) return std::nullopt;
    std::size_t bytes = 0;
    for (const char c : length) bytes = bytes << 8 | static_cast<unsigned char>(c);
    std::string body = read(bytes);
    return body.size() == bytes ? std::optional(body) : std::nullopt;
  }

  int listener_;
  int fd_ = -1;
};

class RecoverTest : public test::SinkTest {
 protected:
  RecoverTest() {
    settings_.send_hwm = 50;
    settings_.send_buffer = 4096;
  }

  // Sends frames of a size until the socket takes no more, for long enough to be sure.
  void fill(std::size_t bytes) {
    for (int refused = 0; refused < 100;) {
      if (!offered_) offered_ = frame_of(numbered(sent_, bytes));
      const std::size_t before = sink_.unsent();
      if (sink_.send(*offered_) == SendResult::kSent) {
        ++sent_;
        offered_.reset();
        refused = 0;
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        refused = sink_.unsent() == before ? refused + 1 : 0;
      }
    }
  }
  // All that came back, the offered frame included. In order.
  std::vector<std::size_t> recover() {
    std::vector<Frame> frames = sink_.recover(offered_ ? &*offered_ : nullptr);
    EXPECT_EQ(sink_.unsent(), 0U);
    if (offered_) {
      EXPECT_EQ(offered_->copies_sent, 0U);
      frames.push_back(std::move(*offered_));
      ++sent_;
    }
    std::vector<std::size_t> numbers;
    for (const Frame& frame : frames) {
      EXPECT_EQ(frame.messages, 1U);
      EXPECT_EQ(frame.held, 1U);
      EXPECT_EQ(frame.wire_bytes, frame.body.size());
      numbers.push_back(number_of(frame.body.view()));
    }
    EXPECT_TRUE(std::is_sorted(numbers.begin(), numbers.end()));
    return numbers;
  }
  // How many of all that were sent are in neither, and how many are in both.
  std::pair<std::size_t, std::size_t> lost_and_twice(std::vector<std::size_t> received,
                                                     const std::vector<std::size_t>& recovered) {
    const std::size_t total = received.size() + recovered.size();
    std::set<std::size_t> all(received.begin(), received.end());
    EXPECT_EQ(all.size(), received.size());
    all.insert(recovered.begin(), recovered.end());
    return {sent_ - all.size(), total - all.size()};
  }

  std::optional<Frame> offered_;
  std::size_t sent_ = 0;
};

struct Case {
  const char* name;
  std::size_t bytes;
  std::size_t most_lost;  ///< frames
};

class Sizes : public RecoverTest, public testing::WithParamInterface<Case> {
 protected:
  // More than the encoder's buffer takes.
  Sizes() {
    settings_.send_hwm = static_cast<int>(std::max(50UL, 10 * kEncoderBytes / GetParam().bytes));
  }
};

// A frame of 16 KiB or more is written out of its own memory and so comes back unless the kernel
// has all of it. Of smaller ones those are lost that end in the encoder's buffer: 8 KiB, and what
// the first of them had written before.
INSTANTIATE_TEST_SUITE_P(Recover, Sizes,
                         testing::Values(Case{"Large", kLarge, 0},
                                         Case{"AsSmallAsIsSafe", 2 * kEncoderBytes, 0},
                                         Case{"Medium", 12000, 1},
                                         Case{"Small", 100, kEncoderBytes / 100 + 1}),
                         [](const auto& param) { return std::string(param.param.name); });

TEST_P(Sizes, ComeBackFromATcpPeerThatReadsNothing) {
  Receiver receiver;
  open(receiver.bind_somewhere());
  fill(GetParam().bytes);
  const auto recovered = recover();
  EXPECT_GE(recovered.size(), 20U);
  const auto received = receiver.read_to_the_end();
  EXPECT_TRUE(std::is_sorted(received.begin(), received.end()));
  const auto [lost, twice] = lost_and_twice(received, recovered);
  EXPECT_LE(lost, GetParam().most_lost);
  EXPECT_LE(twice, 1U);
  RecordProperty("lost", static_cast<int>(lost));
  RecordProperty("twice", static_cast<int>(twice));
}

// The way to have messages in the encoder's buffer: one at a time, so that the one for which the
// kernel has no room any more finds the buffer empty.
TEST_F(RecoverTest, LosesAtMostABufferOfSmallFramesThatComeOneByOne) {
  constexpr std::size_t kSmall = 100;
  Receiver receiver;
  open(receiver.bind_somewhere());
  const auto left = [&] {
    for (int n = 0; n < 500; ++n) {
      if (sink_.unsent() == 0) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return false;
  };
  do {
    ASSERT_TRUE(send(numbered(sent_++, kSmall)));
    ASSERT_LT(sent_, 1000000U);
  } while (left());
  const auto recovered = recover();
  EXPECT_EQ(recovered, std::vector<std::size_t>{sent_ - 1});
  const auto [lost, twice] = lost_and_twice(receiver.read_to_the_end(), recovered);
  EXPECT_LE(lost, kEncoderBytes / kSmall + 1);
  EXPECT_EQ(twice, 0U);
  RecordProperty("lost", static_cast<int>(lost));
}

// Over ipc a receiver of libzmq loses more: one whose queue is full hears at once that the sender
// has closed, and looks no more at what the kernel still has for it.
TEST_P(Sizes, ComeBackFromAnIpcPeerThatReadsNothing) {
  const std::size_t bytes = GetParam().bytes;
  Receiver receiver;
  receiver.bind(ipc_address());
  open(ipc_address());
  fill(bytes);
  const auto recovered = recover();
  EXPECT_GE(recovered.size(), 20U);
  const auto [lost, twice] = lost_and_twice(receiver.read_to_the_end(), recovered);
  EXPECT_LE(lost, GetParam().most_lost + kernel_buffer_of_ipc() / bytes);
  EXPECT_LE(twice, 1U);
  RecordProperty("lost_ipc", static_cast<int>(lost));
  RecordProperty("twice", static_cast<int>(twice));
}

// Not the sink's doing: a peer that looks finds all of it.
TEST_P(Sizes, ComeBackUnlessTheKernelHasThem) {
  const std::size_t bytes = GetParam().bytes;
  RawReceiver receiver(directory_ / "socket");
  open(ipc_address());
  receiver.shake_hands();
  fill(bytes);
  const auto recovered = recover();
  const auto [lost, twice] = lost_and_twice(receiver.read_to_the_end(), recovered);
  EXPECT_LE(lost, GetParam().most_lost);
  EXPECT_LE(twice, 1U);
}

TEST_F(RecoverTest, BringsBackWhatSeveralPeersHaveNotRead) {
  std::vector<std::unique_ptr<Receiver>> receivers;
  settings_.send_hwm = 20;
  for (int n = 0; n < 3; ++n) {
    receivers.push_back(std::make_unique<Receiver>());
    settings_.endpoints.push_back(parse_endpoint(receivers.back()->bind_somewhere()));
  }
  sink_.open();
  fill(kLarge);
  const auto recovered = recover();
  EXPECT_GE(recovered.size(), 40U);
  std::vector<std::size_t> received;
  for (const auto& receiver : receivers) {
    const auto some = receiver->read_to_the_end();
    received.insert(received.end(), some.begin(), some.end());
  }
  const auto [lost, twice] = lost_and_twice(received, recovered);
  EXPECT_EQ(lost, 0U);
  EXPECT_LE(twice, 3U);
}

TEST_F(RecoverTest, LosesNothingOfLargeFramesToAPeerThatReadsOn) {
  int twice_at_most = 0;
  for (int round = 0; round < 20; ++round) {
    sent_ = 0;
    offered_.reset();
    Receiver receiver;
    settings_.endpoints = {parse_endpoint(receiver.bind_somewhere())};
    sink_.open();
    std::vector<std::size_t> received;
    {
      std::jthread reader([&] { received = receiver.read_to_the_end(); });
      while (sent_ < 200 + static_cast<std::size_t>(round)) {
        if (!offered_) offered_ = frame_of(numbered(sent_, kLarge));
        if (sink_.send(*offered_) != SendResult::kSent) continue;
        ++sent_;
        offered_.reset();
      }
      offered_ = frame_of(numbered(sent_, kLarge));
      if (sink_.send(*offered_) == SendResult::kSent) {
        ++sent_;
        offered_.reset();
      }
      const auto recovered = recover();
      reader.join();
      const auto [lost, twice] = lost_and_twice(received, recovered);
      ASSERT_EQ(lost, 0U);
      twice_at_most = std::max(twice_at_most, static_cast<int>(twice));
    }
  }
  RecordProperty("twice", twice_at_most);
}

TEST_F(RecoverTest, BringsBackAllOfASocketWithoutAPeer) {
  settings_.immediate = false;  // ZeroMQ takes it though nobody is there
  open("ipc:///nonexistent/omzmq");
  Frame beat;
  beat.body.append("beat");
  ASSERT_TRUE(send(beat));
  fill(100);
  EXPECT_EQ(sink_.unsent(), sent_);
  const auto recovered = recover();
  ASSERT_EQ(recovered.size(), sent_);
  EXPECT_EQ(recovered.front(), 0U);
  EXPECT_EQ(recovered.back(), sent_ - 1);
}

TEST_F(RecoverTest, BringsBackWhatADealerHolds) {
  settings_.sock_type = SocketType::kDealer;
  settings_.confirm = Confirm::kAcked;
  Receiver receiver(zmq::socket_type::dealer);
  open(receiver.bind_somewhere());
  fill(kLarge);
  const auto recovered = recover();
  const auto [lost, twice] = lost_and_twice(receiver.read_to_the_end(), recovered);
  EXPECT_EQ(lost, 0U);
  EXPECT_LE(twice, 1U);
}

TEST_F(RecoverTest, NamesTheAcknowledgementOfABatch) {
  settings_.sock_type = SocketType::kDealer;
  settings_.format = Format::kPacked;
  settings_.immediate = false;
  open("ipc:///nonexistent/omzmq");
  std::string batch(wire::kHeaderBytes, '\0');
  batch += std::string("\3\0\0\0abc\0\0\0\0", 11);
  wire::write_header(batch.data(), batch.size(),
                     {.epoch = 5, .stream = 6, .first = 7, .count = 2, .raw_bytes = 11});
  Frame frame = frame_of(batch);
  frame.messages = frame.held = 2;
  frame.is_replayed = true;
  ASSERT_TRUE(send(frame));
  const std::vector<Frame> frames = sink_.recover(nullptr);
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].body.view(), batch);
  EXPECT_EQ(frames[0].held, 2U);
  EXPECT_TRUE(frames[0].is_replayed);
  const wire::Ack& awaited = frames[0].awaited;
  EXPECT_EQ(awaited.epoch, 5U);
  EXPECT_EQ(awaited.stream, 6U);
  EXPECT_EQ(awaited.first, 7U);
  EXPECT_EQ(awaited.count, 2U);
}

TEST_F(RecoverTest, GivesBackTheFrameThatWasOffered) {
  open("ipc:///nonexistent/omzmq");
  Frame frame = frame_of("hello");
  ASSERT_EQ(sink_.send(frame), SendResult::kWouldBlock);
  EXPECT_EQ(frame.body.size(), 0U);
  EXPECT_TRUE(sink_.recover(&frame).empty());
  EXPECT_EQ(frame.body.view(), "hello");
  EXPECT_EQ(frame.messages, 1U);
  EXPECT_EQ(sink_.unsent(), 0U);
}

TEST_F(RecoverTest, GivesBackTheOfferedFrameOfAClosedSocket) {
  open("ipc:///nonexistent/omzmq");
  Frame frame = frame_of("hello");
  ASSERT_EQ(sink_.send(frame), SendResult::kWouldBlock);
  sink_.close(std::chrono::milliseconds(0));
  EXPECT_TRUE(sink_.recover(&frame).empty());
  EXPECT_EQ(frame.body.view(), "hello");
}

TEST_F(RecoverTest, LeavesAFrameAloneThatItNeverSaw) {
  Frame frame = frame_of("hello");
  EXPECT_TRUE(sink_.recover(&frame).empty());
  open("ipc:///nonexistent/omzmq");
  EXPECT_TRUE(sink_.recover(&frame).empty());
  EXPECT_EQ(frame.body.view(), "hello");
}

TEST_F(RecoverTest, CanBeOpenedAgain) {
  settings_.immediate = false;
  open("ipc:///nonexistent/omzmq");
  ASSERT_TRUE(send("one"));
  EXPECT_EQ(sink_.recover(nullptr).size(), 1U);
  Receiver receiver;
  open(receiver.bind_somewhere());
  ASSERT_TRUE(send("2"));
  ASSERT_TRUE(test::eventually([&] { return sink_.unsent() == 0; }));
  EXPECT_TRUE(sink_.recover(nullptr).empty());
}

// Two topics, and a subscriber that is full: the first copy of a body may be under way already.
TEST_F(RecoverTest, GivesBackOfAPubOnlyWhatWasOffered) {
  settings_.sock_type = SocketType::kPub;
  settings_.send_hwm = 4;
  settings_.socket_options = {{"xpub_nodrop", "1"}};
  Receiver receiver(zmq::socket_type::sub);
  settings_.wait_for_peers = 1;
  receiver.bind(ipc_address());
  open(">" + ipc_address());
  ASSERT_TRUE(test::eventually([&] {
    receiver.subscribe();
    return sink_.writable();
  }));
  const std::vector<std::string> topics = {"one", "two"};
  bool was_between = false;
  Frame frame;
  std::size_t sent = 0;
  for (int refused = 0; refused < 100;) {
    if (refused == 0) {
      frame = frame_of(numbered(sent, kLarge));
      frame.topics = topics;
    }
    if (sink_.send(frame) == SendResult::kSent) {
      ++sent;
      refused = 0;
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      ++refused;
    }
    ASSERT_LT(sent, 10000U);
  }
  was_between = frame.copies_sent != 0;
  RecordProperty("between", was_between ? 1 : 0);
  EXPECT_TRUE(sink_.recover(&frame).empty());
  EXPECT_EQ(frame.body.view(), numbered(sent, kLarge));
  EXPECT_EQ(frame.copies_sent, 0U);
  EXPECT_EQ(sink_.unsent(), 0U);
}

}  // namespace
}  // namespace omzmq
