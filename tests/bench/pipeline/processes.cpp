// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "bench/pipeline/processes.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>

namespace omzmq::bench {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::int64_t clock_ns(::clockid_t clock) {
  timespec time{};
  if (::clock_gettime(clock, &time) != 0) fail("clock_gettime");
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Process::Process(const std::function<void()>& work) : pid_(::fork()) {
  if (pid_ < 0) fail("fork");
  if (pid_ != 0) return;
  int status = EXIT_SUCCESS;
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    status = EXIT_FAILURE;
  }
  std::fflush(nullptr);
  ::_exit(status);
}

Process::~Process() {
  if (is_over_) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Process::wait(std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  int status = 0;
  for (;;) {
    const ::pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    if (ended == pid_) break;
    if (ended < 0 && errno != EINTR) fail("waitpid");
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error("a process of the benchmark did not end in " +
                               std::to_string(patience.count()) + " s");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  is_over_ = true;
  if (status != 0) {
    throw std::runtime_error("a process of the benchmark failed, wait status " +
                             std::to_string(status));
  }
}

void* map(std::size_t bytes) {
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  return memory;
}

void unmap(void* memory, std::size_t bytes) noexcept { ::munmap(memory, bytes); }

std::int64_t process_time_ns(::pid_t pid) {
  ::clockid_t clock{};
  if (const int error = ::clock_getcpuclockid(pid, &clock); error != 0) {
    errno = error;
    fail("clock_getcpuclockid");
  }
  return clock_ns(clock);
}

std::int64_t thread_time_ns() { return clock_ns(CLOCK_THREAD_CPUTIME_ID); }

std::int64_t threads_time_ns(std::string_view name_begins) {
  std::int64_t sum = 0;
  bool is_there = false;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::getline(std::ifstream(thread.path() / "comm"), name);
    if (!name.starts_with(name_begins)) continue;
    std::int64_t time_ns = 0;
    if (!(std::ifstream(thread.path() / "schedstat") >> time_ns)) {
      throw std::runtime_error("this kernel has no /proc/PID/task/TID/schedstat");
    }
    sum += time_ns;
    is_there = true;
  }
  if (!is_there) {
    throw std::runtime_error("no thread's name begins with " + std::string(name_begins));
  }
  return sum;
}

std::uint16_t free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  const bool found = ::bind(socket, reinterpret_cast<const sockaddr*>(&address), length) == 0 &&
                     ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) == 0;
  const int error = errno;
  ::close(socket);
  errno = error;
  if (!found) fail("a free port");
  return ::ntohs(address.sin_port);
}

}  // namespace omzmq::bench
