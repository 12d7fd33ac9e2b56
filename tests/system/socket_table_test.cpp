// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// The parameters of the socket that the kernel shows: in the socket table (ss) and in the file
// system.

#include <sys/stat.h>

#include <atomic>
#include <memory>
#include <set>
#include <sstream>
#include <system_error>
#include <thread>

#include "listener.hpp"
#include "system_test.hpp"
#include "zmtp_peer.hpp"

namespace omzmq::test {
namespace {

class SocketTable : public SystemTest {
 protected:
  SocketTable() : endpoint_(free_tcp_endpoint()) {}

  void start(const std::string& endpoint, const std::string& parameters) {
    daemon_ = std::make_unique<Rsyslogd>(
        directory_, configuration().omzmq(
                        fmt::format(R"(endpoints="{}" sockType="PUSH" {})", endpoint, parameters)));
    daemon_->start();
  }
  // Waits until the socket table holds the text; options of ss.
  testing::AssertionResult shows(const std::string& options, const std::string& text) const {
    std::string table;
    const bool found = wait_until([&] {
      table = socket_table(directory_, options, port_of(endpoint_));
      return table.find(text) != std::string::npos;
    });
    return (found ? testing::AssertionSuccess() : testing::AssertionFailure()) << table;
  }

  std::string endpoint_;
  std::unique_ptr<Rsyslogd> daemon_;
};

TEST_F(SocketTable, KeepAliveIsOnByDefault) {
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint_});
  receiver.start();
  start(endpoint_, "");
  ASSERT_TRUE(receiver.wait_connected());
  EXPECT_TRUE(shows("-o", "timer:(keepalive,5"));  // of 60 s, fifty-odd are left
}

TEST_F(SocketTable, KeepAliveTimeIsTheKernelsTimer) {
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint_});
  receiver.start();
  start(endpoint_, R"(keepAlive.time="1000" keepAlive.interval="20" keepAlive.probes="4")");
  ASSERT_TRUE(receiver.wait_connected());
  EXPECT_TRUE(shows("-o", "timer:(keepalive,16min"));
}

TEST_F(SocketTable, KeepAliveCanBeOff) {
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint_});
  receiver.start();
  start(endpoint_, R"(keepAlive="off")");
  ASSERT_TRUE(receiver.wait_connected());
  EXPECT_TRUE(shows("-o", "ESTAB"));
  EXPECT_EQ(socket_table(directory_, "-o", port_of(endpoint_)).find("keepalive"),
            std::string::npos);
}

TEST_F(SocketTable, SendBufferIsTheSocketsSendBuffer) {
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint_});
  receiver.start();
  start(endpoint_, R"(sendBuffer="24k")");
  ASSERT_TRUE(receiver.wait_connected());
  EXPECT_TRUE(shows("-m", ",tb49152,"));  // the kernel doubles it
}

TEST_F(SocketTable, SocketOptionsReachTheSocket) {
  start("@" + endpoint_, R"(socketOptions=["backlog=7", "tos=16"])");
  ASSERT_TRUE(shows("-l", "LISTEN"));
  // A listening socket shows its backlog where others show what is unsent.
  std::istringstream words(socket_table(directory_, "-l", port_of(endpoint_)));
  std::string state;
  std::string unread;
  std::string backlog;
  words >> state >> unread >> backlog;
  EXPECT_EQ(state, "LISTEN");
  EXPECT_EQ(backlog, "7");
}

TEST_F(SocketTable, Ipv6OnListensToBothFamiliesAndOffToOne) {
  if (read_file("/proc/net/if_inet6").empty()) GTEST_SKIP() << "this machine has no IPv6";
  const int port = port_of(endpoint_);
  start(fmt::format("@tcp://*:{}", port), "");
  EXPECT_TRUE(shows("-l", fmt::format("*:{}", port)));
  EXPECT_EQ(stopped(*daemon_), "exit 0");
  start(fmt::format("@tcp://*:{}", port), R"(ipv6="off")");
  EXPECT_TRUE(shows("-l", fmt::format("0.0.0.0:{}", port)));
}

// A listener whose backlog is full does not answer further connections.
TEST_F(SocketTable, ConnectTimeoutGivesUpAConnectionThatIsNotAnswered) {
  const Listener full(0);
  endpoint_ = fmt::format("tcp://127.0.0.1:{}", full.port());
  const ZmtpPeer filler(full.port());
  start(endpoint_, R"(connectTimeout="300" reconnect.interval="20" reconnect.maxInterval="20")");
  // Each attempt comes from another port.
  std::set<std::string> local_ports;
  EXPECT_TRUE(wait_until([&] {
    std::istringstream lines(socket_table(directory_, "-a", full.port()));
    for (std::string line; std::getline(lines, line);) {
      std::istringstream words(line);
      std::string state;
      std::string unread;
      std::string unsent;
      std::string local;
      words >> state >> unread >> unsent >> local;
      if (state == "SYN-SENT") local_ports.insert(local);
    }
    return local_ports.size() >= 3;
  })) << local_ports.size();
}

class IpcMode : public SystemTest {
 protected:
  // Bits that the file has had at any time when somebody could connect, as far as could be seen.
  unsigned bits_seen_with(const std::string& parameters) {
    const std::string file = directory_.file("socket");
    std::atomic<bool> up = false;
    std::atomic<unsigned> bits = 0;
    std::thread watcher([&] {
      while (!up) {
        if (connects(file)) bits |= mode_of(file);
      }
    });
    Rsyslogd daemon(directory_,
                    configuration().omzmq(fmt::format(R"(endpoints="@{}" sockType="PUSH" {})",
                                                      ipc_endpoint(), parameters)));
    daemon.start();
    EXPECT_TRUE(wait_until([&] { return bits != 0; }));
    up = true;
    watcher.join();
    EXPECT_EQ(stopped(daemon), "exit 0");
    return bits;
  }

 private:
  static bool connects(const std::string& file) {
    try {
      const Injector connection(file);
      return true;
    } catch (const std::system_error&) {
      return false;
    }
  }
  static unsigned mode_of(const std::string& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0 ? status.st_mode & 0777U : 0;
  }
};

TEST_F(IpcMode, LetsOnlyTheOwnerInByDefaultFromTheFirstConnectionOn) {
  EXPECT_EQ(bits_seen_with(""), 0600U);
}

TEST_F(IpcMode, IsTheModeOfTheSocketFile) { EXPECT_EQ(bits_seen_with(R"(ipcMode="0660")"), 0660U); }

TEST_F(IpcMode, IsNotHeldBackByTheUmask) { EXPECT_EQ(bits_seen_with(R"(ipcMode="0777")"), 0777U); }

}  // namespace
}  // namespace omzmq::test
