// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// A daemon that goes into the background: it reads its configuration, closes every descriptor it
// has, and goes on in another process.

#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>

#include "process.hpp"
#include "system_test.hpp"

namespace omzmq::test {
namespace {

// Takes over what a child leaves behind, so that it can be waited for, and ends it.
class BackgroundProcess {
 public:
  BackgroundProcess() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~BackgroundProcess() {
    if (pid_ <= 0 || has_ended()) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  BackgroundProcess(const BackgroundProcess&) = delete;
  BackgroundProcess& operator=(const BackgroundProcess&) = delete;

  void adopt(pid_t pid) { pid_ = pid; }
  // True when it ended within the usual bound of SIGTERM.
  bool stop() {
    ::kill(pid_, SIGTERM);
    return wait_until([this] { return has_ended(); });
  }

 private:
  bool has_ended() {
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = 0;
    return pid_ == 0;
  }

  pid_t pid_ = 0;
};

class Background : public SystemTest {};

TEST_F(Background, SendsAfterTheDaemonHasForked) {
  const std::string endpoint = free_tcp_endpoint();
  const Configuration pushing = configuration().omzmq(
      fmt::format(R"(endpoints="@{}" sockType="PUSH" statsName="push")", endpoint));
  const std::string conf = directory_.file("background.conf");
  const std::string pid_file = directory_.file("background.pid");
  write_file(conf, pushing.text());

  BackgroundProcess daemon;
  const Output started =
      run({OMZMQ_TEST_RSYSLOGD, "-C", "-i", pid_file, "-f", conf}, directory_.file("background"));
  ASSERT_EQ(started.ended.exit_code, 0) << started.err;
  daemon.adopt(static_cast<pid_t>(std::strtol(read_file(pid_file).c_str(), nullptr, 10)));
  ASSERT_GT(std::strtol(read_file(pid_file).c_str(), nullptr, 10), 0);

  Receiver receiver(directory_, "receiver", {.bind = false, .endpoint = endpoint});
  receiver.start();
  Injector(pushing.input()).numbered(0, 10000);
  EXPECT_TRUE(receiver.wait_for(10000));
  EXPECT_TRUE(are_numbered_in_order(receiver.payloads(), 10000));
  EXPECT_TRUE(daemon.stop());
}

}  // namespace
}  // namespace omzmq::test
