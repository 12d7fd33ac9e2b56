// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// A daemon that gets too few descriptors, threads or too little memory: libzmq would end it.

#include <unistd.h>

#include "confined.hpp"

namespace omzmq::test {
namespace {

class Shortage : public SystemTest {
 protected:
  static bool says(const Rsyslogd& daemon, const std::string& text) {
    return daemon.standard_error().find(text) != std::string::npos;
  }
};

// From where rsyslogd itself does not start, up to where everything works.
TEST_F(Shortage, OfDescriptorsIsNamedAndEndsWithEnough) {
  unsigned refused = 0;
  unsigned worked = 0;
  unsigned next = 0;
  const std::string endpoint = free_tcp_endpoint();
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint});
  receiver.start();
  // One by one, where each may end in another place of libzmq.
  for (unsigned limit = 8; limit <= 72; limit += limit < 34 ? 1 : 6) {
    const std::string name = fmt::format("limit{}", limit);
    Rsyslogd daemon(directory_,
                    configuration(name).omzmq(fmt::format(
                        R"(endpoints="{}" sockType="PUSH" closeTimeout="100")", endpoint)));
    daemon.run_behind(confined({"--limit-descriptors", std::to_string(limit)}));
    try {
      daemon.start();
    } catch (const std::runtime_error&) {
      // It did not start, and says so itself; libzmq's last words name a file of its source.
      EXPECT_FALSE(says(daemon, "(src/")) << "limit " << limit << ": " << daemon.standard_error();
      continue;
    }
    Injector(daemon.input()).numbered(next, 50);
    EXPECT_TRUE(wait_until([&] {
      return receiver.count() == next + 50 || says(daemon, "file descriptors are needed") ||
             says(daemon, "Too many open files");
    })) << "limit "
        << limit << ": " << daemon.standard_error();
    if (receiver.count() == next + 50) {
      ++worked;
      next += 50;
    } else {
      ++refused;
    }
    // With hardly any, rsyslogd gives up by itself, because of its pid file.
    const auto ended = daemon.stop();
    ASSERT_TRUE(ended) << "limit " << limit;
    EXPECT_EQ(ended->signal, 0) << "limit " << limit << ": " << daemon.standard_error();
  }
  EXPECT_GT(refused, 0U);
  EXPECT_GT(worked, 0U);
  EXPECT_TRUE(are_numbered(receiver.payloads(), next));
}

TEST_F(Shortage, OfThreadsIsNamed) {
  if (::getuid() != 0) GTEST_SKIP() << "only root can become another user";
  std::filesystem::permissions(directory_.path(), std::filesystem::perms::all);
  const std::string file = directory_.file("all");
  Rsyslogd daemon(directory_, configuration()
                                  .module_parameters(R"(ioThreads="64")")
                                  .omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" )"
                                                     R"(closeTimeout="100")",
                                                     free_tcp_endpoint()))
                                  .action(omfile(file, "raw")));
  daemon.run_behind(confined({"--limit-tasks", "40"}));
  daemon.start();
  Injector(daemon.input()).numbered(0, 100);
  EXPECT_TRUE(wait_until([&] { return read_file(file).size() == 100 * numbered_line(0).size(); }))
      << daemon.standard_error();
  EXPECT_TRUE(wait_until([&] { return says(daemon, "65 threads are needed to open a socket"); }))
      << daemon.standard_error();
  EXPECT_EQ(stopped(daemon), "exit 0");
}

TEST_F(Shortage, OfMemoryForALaneIsNamedAndTheOthersWork) {
  const std::string endpoint = free_tcp_endpoint();
  Receiver receiver(directory_, "receiver", {.endpoint = endpoint});
  receiver.start();
  Rsyslogd daemon(
      directory_,
      configuration()
          .omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH" handoff.size="1g" name="large" )"
                             R"(queue.type="LinkedList" closeTimeout="100")",
                             free_tcp_endpoint()))
          .omzmq(fmt::format(R"(endpoints="{}" sockType="PUSH")", endpoint)));
  daemon.run_behind(confined({"--limit-memory", std::to_string(std::size_t{1} << 30)}));
  daemon.start();
  Injector(daemon.input()).numbered(0, 100);
  EXPECT_TRUE(receiver.wait_for(100)) << daemon.standard_error();
  EXPECT_TRUE(wait_until([&] { return says(daemon, "omzmq[large]: "); }))
      << daemon.standard_error();
  EXPECT_TRUE(says(daemon, "handoff.size")) << daemon.standard_error();
  EXPECT_EQ(stopped(daemon), "exit 0");
}

}  // namespace
}  // namespace omzmq::test
