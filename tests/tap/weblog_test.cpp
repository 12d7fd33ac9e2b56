// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// The demo's generator: what it makes, and that it counts what it sends.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <json.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <string>

#include "process.hpp"
#include "web_events.hpp"

namespace omzmq::tap {
namespace {

constexpr int kPatienceMs = 60'000;

// Takes one connection on a free port of 127.0.0.1.
class Listener {
 public:
  Listener() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd_, generic, size) == 0 && listen(fd_, 1) == 0 &&
        getsockname(fd_, generic, &size) == 0) {
      port_ = ntohs(address.sin_port);
    }
  }
  ~Listener() {
    close(connection_);
    close(fd_);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Empty at the end of the stream.
  std::string read_some() {
    if (connection_ < 0) {
      pollfd watched{fd_, POLLIN, 0};
      connection_ =
          poll(&watched, 1, kPatienceMs) > 0 ? accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC) : -1;
    }
    std::array<char, 65536> bytes{};
    pollfd watched{connection_, POLLIN, 0};
    const bool ready = connection_ >= 0 && poll(&watched, 1, kPatienceMs) > 0;
    const ssize_t size = ready ? read(connection_, bytes.data(), bytes.size()) : 0;
    return {bytes.data(), size > 0 ? static_cast<std::size_t>(size) : 0};
  }

  std::string read_all() {
    std::string text;
    for (std::string some = read_some(); !some.empty(); some = read_some()) {
      text += some;
    }
    return text;
  }

  std::string port() const { return std::to_string(port_); }

 private:
  int fd_;
  int connection_ = -1;
  int port_ = 0;
};

auto count_lines(const std::string& text) { return std::count(text.begin(), text.end(), '\n'); }

TEST(WebEvents, AreJsonInASyslogLine) {
  demo::WebEvents events(7);
  for (int i = 0; i < 2000; ++i) {
    std::string line;
    events.append_line(std::chrono::system_clock::now(), line);
    ASSERT_EQ(line.rfind("<134>", 0), 0U) << line;
    ASSERT_EQ(line.find('\n'), line.size() - 1) << line;
    const std::size_t body = line.find(" web: ");
    ASSERT_NE(body, std::string::npos) << line;
    fjson_object* const json = fjson_tokener_parse(line.c_str() + body + 6);
    ASSERT_NE(json, nullptr) << line;
    for (const char* const field : {"time", "host", "method", "path", "status", "bytes",
                                    "duration_ms", "client", "agent", "request_id"}) {
      EXPECT_TRUE(fjson_object_object_get_ex(json, field, nullptr)) << field << " in " << line;
    }
    fjson_object_put(json);
  }
}

TEST(Weblog, SendsExactlyTheCount) {
  Listener listener;
  Process weblog({OMZMQ_WEBLOG, "--port", listener.port(), "--rate", "0", "--count", "1234"});
  EXPECT_EQ(count_lines(listener.read_all()), 1234);
  EXPECT_EQ(weblog.wait(), 0);
  EXPECT_EQ(weblog.output(), "sent 1234\n");
}

TEST(Weblog, SaysHowManyItSentWhenASignalEndsIt) {
  Listener listener;
  Process weblog({OMZMQ_WEBLOG, "--port", listener.port(), "--rate", "0"});
  std::string text = listener.read_some();
  weblog.signal(SIGTERM);
  text += listener.read_all();
  EXPECT_EQ(weblog.wait(), 0);
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(text.back(), '\n');
  EXPECT_EQ(weblog.output(), "sent " + std::to_string(count_lines(text)) + "\n");
}

TEST(Weblog, NamesAPortThatNobodyListensAt) {
  Process weblog({OMZMQ_WEBLOG, "--port", "1"});
  EXPECT_EQ(weblog.wait(), 1);
  EXPECT_NE(weblog.errors().find("127.0.0.1:1"), std::string::npos) << weblog.errors();
}

}  // namespace
}  // namespace omzmq::tap
