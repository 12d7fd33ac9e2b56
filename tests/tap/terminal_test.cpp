// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Runs screen_demo on a terminal of its own.
#include "tap/screen/terminal.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "process.hpp"

namespace omzmq::tap {
namespace {

constexpr std::string_view kEnter = "\033[?1049h";
constexpr std::string_view kLeave = "\033[?1049l";
constexpr std::string_view kShowCursor = "\033[?25h";
constexpr std::string_view kBeginUpdate = "\033[?2026h\033[H";
constexpr std::string_view kEndUpdate = "\033[J\033[?2026l";

/// A program on a pseudo-terminal; the end of the object ends it.
class OnTerminal {
 public:
  using Clock = std::chrono::steady_clock;

  OnTerminal(std::vector<std::string> command, winsize size) {
    // Opened before the fork and kept, so that the modes can be asked for when the program is gone.
    if (openpty(&master_, &slave_, nullptr, nullptr, &size) != 0) {
      ADD_FAILURE() << "openpty";
      return;
    }
    std::vector<char*> arguments;
    for (std::string& argument : command) {
      arguments.push_back(argument.data());
    }
    arguments.push_back(nullptr);
    modes_before_ = modes();
    pid_ = fork();
    if (pid_ == 0) {
      close(master_);
      login_tty(slave_);
      setenv("LC_ALL", "C.UTF-8", 1);
      setenv("TERM", "xterm", 1);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
  }

  ~OnTerminal() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    close(slave_);
    close(master_);
  }

  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;

  /// Reads until the condition holds for the output from `from` on; false after a minute.
  bool read_until(const std::function<bool(std::string_view)>& holds, std::size_t from = 0) {
    const auto give_up_at = Clock::now() + std::chrono::minutes(1);
    while (!holds(std::string_view(output_).substr(from))) {
      if (Clock::now() > give_up_at) {
        return false;
      }
      read_some();
    }
    return true;
  }

  bool read_until(std::string_view text, std::size_t from = 0) {
    return read_until(
        [text](std::string_view output) { return output.find(text) != std::string_view::npos; },
        from);
  }

  /// Its exit code, -1 for a signal, -2 if it has not ended after a minute. Reads what it writes.
  int wait() {
    return wait([this] { read_some(); });
  }

  int wait_without_reading() {
    return wait([] { poll(nullptr, 0, 1); });
  }

  void type(std::string_view keys) const {
    EXPECT_EQ(write(master_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
  }

  void resize(unsigned short columns, unsigned short rows) const {
    const winsize size{rows, columns, 0, 0};
    EXPECT_EQ(ioctl(master_, TIOCSWINSZ, &size), 0);
  }

  /// Takes the terminal away.
  void hang_up() {
    close(slave_);
    close(master_);
    slave_ = -1;
    master_ = -1;
  }

  void signal(int number) const { kill(pid_, number); }

  [[nodiscard]] termios modes() const {
    termios modes{};
    EXPECT_EQ(tcgetattr(slave_, &modes), 0);
    return modes;
  }

  [[nodiscard]] bool has_its_modes_back() const {
    const termios now = modes();
    return now.c_lflag == modes_before_.c_lflag && now.c_iflag == modes_before_.c_iflag &&
           now.c_oflag == modes_before_.c_oflag &&
           std::equal(std::begin(now.c_cc), std::end(now.c_cc), std::begin(modes_before_.c_cc));
  }

  [[nodiscard]] const std::string& output() const { return output_; }

 private:
  int wait(const std::function<void()>& pass_time) {
    const auto give_up_at = Clock::now() + std::chrono::minutes(1);
    int status = 0;
    while (Clock::now() < give_up_at) {
      const pid_t ended = waitpid(pid_, &status, WNOHANG);
      pass_time();
      if (ended == pid_) {
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      }
    }
    return -2;
  }

  void read_some() {
    constexpr int kStepMs = 20;
    pollfd readable{master_, POLLIN, 0};
    std::array<char, 65536> bytes{};
    if (poll(&readable, 1, kStepMs) > 0) {
      if (const ssize_t size = read(master_, bytes.data(), bytes.size()); size > 0) {
        output_.append(bytes.data(), static_cast<std::size_t>(size));
      }
    }
  }

  int master_ = -1;
  int slave_ = -1;
  pid_t pid_ = -1;
  termios modes_before_{};
  std::string output_;
};

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string_view::npos; ++at) {
    ++count;
  }
  return count;
}

/// Lines of the last complete picture in the output; 0: there is none.
std::size_t rows_shown(std::string_view output) {
  const std::size_t end = output.rfind(kEndUpdate);
  const std::size_t begin = output.substr(0, end).rfind(kBeginUpdate);
  if (end == std::string_view::npos || begin == std::string_view::npos) {
    return 0;
  }
  return count_of(output.substr(begin, end - begin), "\r\n") + 1;
}

class TerminalTest : public testing::Test {
 protected:
  static constexpr winsize kSize{24, 80, 0, 0};

  /// The terminal is as it was, and nothing came after it was given back but `after`.
  static void expect_clean(const OnTerminal& terminal, std::string_view after = "") {
    const std::string& output = terminal.output();
    EXPECT_TRUE(terminal.has_its_modes_back());
    EXPECT_EQ(count_of(output, kEnter), count_of(output, kLeave));
    const std::size_t left = output.rfind(kLeave);
    ASSERT_NE(left, std::string::npos);
    EXPECT_EQ(output.substr(left + kLeave.size()), after);
    EXPECT_LT(output.rfind("\033[?25l"), output.rfind(kShowCursor));
    EXPECT_LT(output.rfind("\033[?7l"), output.rfind("\033[?7h"));
  }
};

TEST_F(TerminalTest, QuitsAtQ) {
  OnTerminal demo({OMZMQ_SCREEN_DEMO}, kSize);
  ASSERT_TRUE(demo.read_until("nginx.access"));
  ASSERT_TRUE(demo.read_until(kEndUpdate));
  EXPECT_EQ(demo.output().find(kEnter), 0U);
  EXPECT_EQ(demo.modes().c_lflag & (ICANON | ECHO | ISIG), static_cast<tcflag_t>(ISIG));
  EXPECT_EQ(rows_shown(demo.output()), 24U);
  demo.type("q");
  EXPECT_EQ(demo.wait(), 0);
  expect_clean(demo);
}

TEST_F(TerminalTest, IsLeftCleanBySigterm) {
  OnTerminal demo({OMZMQ_SCREEN_DEMO}, kSize);
  ASSERT_TRUE(demo.read_until(kEndUpdate));
  demo.signal(SIGTERM);
  EXPECT_EQ(demo.wait(), 0);
  expect_clean(demo);
}

TEST_F(TerminalTest, IsLeftCleanByCtrlC) {
  OnTerminal demo({OMZMQ_SCREEN_DEMO}, kSize);
  ASSERT_TRUE(demo.read_until(kEndUpdate));
  demo.type("\003");
  EXPECT_EQ(demo.wait(), 0);
  expect_clean(demo);
}

TEST_F(TerminalTest, IsLeftCleanByAHangUpOfWhichItIsTold) {
  OnTerminal demo({OMZMQ_SCREEN_DEMO}, kSize);
  ASSERT_TRUE(demo.read_until(kEndUpdate));
  demo.signal(SIGHUP);
  EXPECT_EQ(demo.wait(), 0);
  expect_clean(demo);
}

TEST_F(TerminalTest, IsLeftCleanByAnException) {
  OnTerminal demo({OMZMQ_SCREEN_DEMO, "throw"}, kSize);
  EXPECT_EQ(demo.wait(), 2);
  ASSERT_TRUE(demo.read_until("as asked for"));
  expect_clean(demo, "screen_demo: as asked for\r\n");
}

TEST_F(TerminalTest, RedrawsAtTheNewSize) {
  OnTerminal demo({OMZMQ_SCREEN_DEMO}, kSize);
  ASSERT_TRUE(demo.read_until(kEndUpdate));
  demo.resize(160, 45);
  EXPECT_TRUE(demo.read_until([](std::string_view out) { return rows_shown(out) == 45; }));
  EXPECT_TRUE(demo.read_until("last 60 s"));
  demo.resize(40, 10);
  EXPECT_TRUE(demo.read_until([](std::string_view out) { return rows_shown(out) == 10; }));
  demo.type("q");
  EXPECT_EQ(demo.wait(), 0);
  expect_clean(demo);
}

TEST_F(TerminalTest, KeysPauseAndReorder) {
  OnTerminal demo({OMZMQ_SCREEN_DEMO}, kSize);
  ASSERT_TRUE(demo.read_until("s streams first"));
  demo.type("s");
  ASSERT_TRUE(demo.read_until("t topics first"));
  std::size_t from = demo.output().size();
  demo.type("\033Op\033[1;5q\033q ");  // but for the space, keys that send more than themselves
  ASSERT_TRUE(demo.read_until("PAUSED", from));
  from = demo.output().size();
  demo.type("p");
  ASSERT_TRUE(demo.read_until("p pause", from));
  demo.type("q");
  EXPECT_EQ(demo.wait(), 0);
  expect_clean(demo);
}

TEST_F(TerminalTest, ComesBackAfterCtrlZ) {
  OnTerminal shell({"/bin/bash", "--norc", "--noediting", "-i"}, kSize);
  shell.type("PS1='<ready>'; alias\r");
  ASSERT_TRUE(shell.read_until("<ready>", shell.output().size()));
  shell.type(std::string(OMZMQ_SCREEN_DEMO) + "; echo ended=$?\r");
  ASSERT_TRUE(shell.read_until(kEndUpdate));
  const std::size_t before = shell.output().size();
  shell.type("\032");
  ASSERT_TRUE(shell.read_until("Stopped", before));
  const std::size_t stopped = shell.output().find("Stopped", before);
  EXPECT_LT(shell.output().find(kLeave, before), stopped);
  EXPECT_LT(shell.output().find(kShowCursor, before), stopped);
  ASSERT_TRUE(shell.read_until("<ready>", stopped));
  EXPECT_TRUE(shell.has_its_modes_back());
  shell.type("fg\r");
  ASSERT_TRUE(shell.read_until(kEnter, stopped));
  ASSERT_TRUE(shell.read_until(kEndUpdate, stopped));
  EXPECT_EQ(shell.modes().c_lflag & (ICANON | ECHO), 0U);
  const std::size_t drawn = shell.output().size();
  shell.type("q");
  ASSERT_TRUE(shell.read_until("<ready>", drawn));
  EXPECT_TRUE(shell.has_its_modes_back());
  shell.type("exit\r");
  EXPECT_GE(shell.wait(), 0);
}

TEST_F(TerminalTest, ATerminalThatDoesNotReadKeepsNoSignalFromEndingIt) {
  OnTerminal demo({OMZMQ_SCREEN_DEMO}, {500, 500, 0, 0});
  ASSERT_TRUE(demo.read_until(kEndUpdate));
  // Each key makes a picture; the terminal is full after some of them.
  for (int i = 0; i < 200; ++i) {
    demo.type("s");
    poll(nullptr, 0, 2);
  }
  demo.signal(SIGTERM);
  EXPECT_EQ(demo.wait_without_reading(), 0);
  EXPECT_TRUE(demo.has_its_modes_back());
}

TEST_F(TerminalTest, EndsInOrderWhenTheTerminalIsGone) {
  OnTerminal demo({OMZMQ_SCREEN_DEMO}, kSize);
  ASSERT_TRUE(demo.read_until(kEndUpdate));
  demo.hang_up();
  EXPECT_EQ(demo.wait_without_reading(), 0);
}

TEST_F(TerminalTest, IsRefusedWhereThereIsNone) {
  Process demo({OMZMQ_SCREEN_DEMO});
  EXPECT_EQ(demo.wait(), 1);
  EXPECT_EQ(demo.output(), "");
  EXPECT_EQ(demo.errors(), "screen_demo: --top needs a terminal; --stats writes plain lines\n");
}

}  // namespace
}  // namespace omzmq::tap
