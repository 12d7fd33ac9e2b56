// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/resources.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "common/format.hpp"
#include "core/own_thread.hpp"

namespace omzmq {
namespace {

[[noreturn]] void fail(int error, const std::string& what) {
  throw std::system_error(error, std::generic_category(), what);
}

void try_descriptor(int fd, const char* kind) {
  if (fd < 0) fail(errno, formatted("{} is needed to open a socket", kind));
  ::close(fd);
}

/// Threads that wait for the object's end.
class IdleThreads {
 public:
  IdleThreads() = default;
  IdleThreads(const IdleThreads&) = delete;
  IdleThreads& operator=(const IdleThreads&) = delete;
  ~IdleThreads() {
    {
      const std::lock_guard lock(mutex_);
      is_over_ = true;
    }
    over_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  /// \throws std::system_error, std::bad_alloc
  void start(std::size_t count) {
    const SignalsBlocked blocked;
    threads_.reserve(count);
    while (threads_.size() < count) threads_.emplace_back([this] { wait(); });
  }

 private:
  void wait() {
    std::unique_lock lock(mutex_);
    over_.wait(lock, [this] { return is_over_; });
  }

  std::mutex mutex_;
  std::condition_variable over_;
  bool is_over_ = false;  ///< guarded by mutex_
  std::vector<std::thread> threads_;
};

}  // namespace

std::size_t descriptor_limit() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  return static_cast<std::size_t>(limit.rlim_cur);
}

std::size_t free_descriptors(std::size_t most) noexcept {
  // poll() tells of many numbers at once which are descriptors, whatever state they are in.
  std::array<pollfd, 256> numbers{};
  std::size_t found = 0;
  // The kernel gives the lowest number that is free: the highest are the last to be taken.
  for (std::size_t end = descriptor_limit(); end > 0 && found < most;) {
    const std::size_t count = std::min({end, numbers.size(), most - found});
    end -= count;
    for (std::size_t i = 0; i < count; ++i) numbers[i] = {static_cast<int>(end + i), 0, 0};
    if (::poll(numbers.data(), count, 0) <= 0) continue;
    found += static_cast<std::size_t>(
        std::count_if(numbers.begin(), numbers.begin() + static_cast<std::ptrdiff_t>(count),
                      [](const pollfd& item) { return (item.revents & POLLNVAL) != 0; }));
  }
  return found;
}

void require_file_descriptors(std::size_t count) {
  const std::size_t found = free_descriptors(count);
  if (found < count) {
    fail(EMFILE, formatted("{} file descriptors are needed to open a socket, and {} of the {} that "
                           "rsyslogd may have are left",
                           count, found, descriptor_limit()));
  }
  try_descriptor(::eventfd(0, EFD_CLOEXEC), "an eventfd");
  try_descriptor(::epoll_create1(EPOLL_CLOEXEC), "an epoll descriptor");
}

void require_threads(std::size_t count) {
  try {
    IdleThreads().start(count);
  } catch (const std::system_error& error) {
    fail(error.code().value(), formatted("{} threads are needed to open a socket", count));
  }
}

}  // namespace omzmq
