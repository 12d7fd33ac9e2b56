// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/zmq_sink.hpp"

#include <gtest/gtest.h>
#include <malloc.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "support/wait.hpp"

namespace omzmq {
namespace {

// A publisher on an ipc socket that waits for two subscribers.
class WaitingSink : public testing::Test {
 protected:
  class Subscriber {
   public:
    explicit Subscriber(const std::string& endpoint) : socket_(context_, zmq::socket_type::sub) {
      socket_.set(zmq::sockopt::linger, 0);
      socket_.set(zmq::sockopt::rcvtimeo, 30000);
      socket_.set(zmq::sockopt::reconnect_ivl, 5);
      socket_.set(zmq::sockopt::subscribe, "");
      socket_.connect(endpoint);
    }
    std::string next() {
      zmq::message_t message;
      return socket_.recv(message) ? message.to_string() : "(nothing)";
    }

   private:
    zmq::context_t context_;
    zmq::socket_t socket_;
  };

  WaitingSink() : sink_(settings_, [this] { return context_; }) {
    std::string name = std::filesystem::temp_directory_path() / "omzmq-XXXXXX";
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    directory_ = name;
    settings_.sock_type = SocketType::kPub;
    settings_.endpoints = {parse_endpoint(endpoint())};
    settings_.wait_for_peers = 2;
  }
  ~WaitingSink() override {
    sink_.close(std::chrono::milliseconds(0));
    std::filesystem::remove_all(directory_);
  }

  std::string endpoint() const { return "ipc://" + (directory_ / "socket").string(); }
  static Frame frame_of(std::string_view text) {
    Frame frame;
    frame.body.append(text);
    frame.messages = 1;
    frame.held = 1;
    frame.seal();
    return frame;
  }
  // Sleeps on the descriptor as the sender does, but for ever.
  bool sleep_until_writable() {
    return test::eventually([&] {
      if (sink_.writable()) return true;
      pollfd item{sink_.fd(), POLLIN, 0};
      return ::poll(&item, 1, 30000) == 1 && sink_.writable();
    });
  }

  std::shared_ptr<ZmqContext> context_ = std::make_shared<ZmqContext>(1);
  std::filesystem::path directory_;
  Settings settings_;
  ZmqSink sink_;
};

TEST_F(WaitingSink, TakesNothingUntilItsSubscribersAreThere) {
  sink_.open();
  Frame frame = frame_of("hello");
  EXPECT_FALSE(sink_.writable());
  EXPECT_EQ(sink_.send(frame), SendResult::kWouldBlock);
  EXPECT_EQ(frame.body.view(), "hello");
  EXPECT_EQ(sink_.unsent(), 0U);
  Subscriber first(endpoint());
  Subscriber second(endpoint());
  ASSERT_TRUE(sleep_until_writable());
  EXPECT_EQ(sink_.send(frame), SendResult::kSent);
  EXPECT_EQ(first.next(), "hello");
  EXPECT_EQ(second.next(), "hello");
}

TEST_F(WaitingSink, WaitsAnewWhenItIsOpenedAnew) {
  sink_.open();
  {
    const Subscriber first(endpoint());
    const Subscriber second(endpoint());
    ASSERT_TRUE(sleep_until_writable());
    sink_.close(std::chrono::milliseconds(0));
  }
  sink_.open();
  Frame frame = frame_of("hello");
  EXPECT_FALSE(sink_.writable());
  EXPECT_EQ(sink_.send(frame), SendResult::kWouldBlock);
  Subscriber first(endpoint());
  Subscriber second(endpoint());
  ASSERT_TRUE(sleep_until_writable());
  EXPECT_EQ(sink_.send(frame), SendResult::kSent);
  EXPECT_EQ(first.next(), "hello");
}

// Of a publisher that never sleeps, and peers that send what nobody asked for.
TEST_F(WaitingSink, KeepsNothingOfWhatPeersSendWhileItSends) {
  constexpr std::size_t kMessages = 50000;
  constexpr std::size_t kMostKept = std::size_t{20} << 20;
  settings_.wait_for_peers = 1;
  sink_.open();
  zmq::context_t context;
  zmq::socket_t talker(context, zmq::socket_type::xsub);
  talker.set(zmq::sockopt::linger, 0);
  talker.connect(endpoint());
  talker.send(zmq::str_buffer("\1x"));
  ASSERT_TRUE(sleep_until_writable());
  const std::string something(1024, 's');
  const std::size_t before = ::mallinfo2().uordblks;
  std::size_t said = 0;
  EXPECT_TRUE(test::eventually([&] {
    for (int i = 0; i < 1000 && said < kMessages; ++i) {
      if (talker.send(zmq::buffer(something), zmq::send_flags::dontwait)) ++said;
      Frame frame = frame_of("hello");
      EXPECT_EQ(sink_.send(frame), SendResult::kSent);
    }
    return said == kMessages;
  }));
  EXPECT_LT(::mallinfo2().uordblks, before + kMostKept);
}

// A subscriber that speaks ZMTP by itself and sends messages of 64 KiB, as fast as the socket takes
// them, until the object ends. (One of libzmq drops what it cannot send at once.)
class Flood {
 public:
  explicit Flood(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("connect failed");
    std::string greeting("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
    greeting.resize(64, '\0');
    send(greeting);
    // libzmq 4.3.4 hangs up on who sends everything in one piece.
    std::array<char, 64> theirs{};
    if (::recv(fd_, theirs.data(), theirs.size(), MSG_WAITALL) != 64)
      throw std::runtime_error("no greeting");
    send(std::string_view("\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB", 27));
    send(std::string_view("\x00\x01\x01", 3));  // subscribes to everything
  }
  void begin() {
    thread_ = std::jthread([this] {
      const std::string message =
          std::string("\x02\0\0\0\0\0\0\xff\xff", 9) + std::string(0xFFFF, 'z');
      while (send(message)) {
      }
    });
  }
  ~Flood() {
    ::shutdown(fd_, SHUT_RDWR);
    if (thread_.joinable()) thread_.join();
    ::close(fd_);
  }

 private:
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t taken = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (taken <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(taken));
    }
    return true;
  }

  int fd_;
  std::jthread thread_;
};

TEST_F(WaitingSink, IsNeitherHeldUpNorFilledByAPeerThatSendsWithoutEnd) {
  constexpr std::size_t kMost = std::size_t{100} << 20;
  const auto used = [] { return ::mallinfo2().uordblks + ::mallinfo2().hblkhd; };
  sink_.open();
  Subscriber subscriber(endpoint());
  Flood flood((directory_ / "socket").string());
  ASSERT_TRUE(sleep_until_writable());  // both are there
  flood.begin();
  const std::size_t before = used();
  for (int i = 0; i < 20000 && used() < before + kMost; ++i) {
    Frame frame = frame_of(std::to_string(i));
    ASSERT_TRUE(test::eventually(
        [&] { return sink_.writable() && sink_.send(frame) == SendResult::kSent; }));
    ASSERT_EQ(subscriber.next(), std::to_string(i));
  }
  EXPECT_LT(used(), before + kMost);
}

TEST(Sink, CountsAFrameAsUnsentWhicheverOfItsTopicsSettlesTheMessages) {
  // The frame of a second topic settles nothing, but what is in it has to arrive as well.
  Settings settings;
  settings.sock_type = SocketType::kPush;
  settings.immediate = false;  // ZeroMQ takes it though nobody is there
  settings.endpoints = {parse_endpoint("ipc:///nonexistent/omzmq")};
  ZmqSink sink(settings, [] { return std::make_shared<ZmqContext>(1); });
  sink.open();
  Frame frame;
  frame.body.append("second topic");
  frame.messages = 0;
  frame.held = 3;
  frame.seal();
  ASSERT_TRUE(test::eventually([&] { return sink.writable(); }));
  ASSERT_EQ(sink.send(frame), SendResult::kSent);
  EXPECT_EQ(sink.unsent(), 3U);
}

}  // namespace
}  // namespace omzmq
