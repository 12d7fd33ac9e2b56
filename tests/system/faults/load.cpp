// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "load.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <system_error>

#include "injector.hpp"

namespace omzmq::test {
namespace {

using Clock = std::chrono::steady_clock;

constexpr unsigned kMostLines = 1000;  // between two looks at the clock

int connected(const std::string& path) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), std::min(path.size(), sizeof address.sun_path - 1));
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    const int reason = errno;
    ::close(fd);
    throw std::system_error(reason, std::generic_category(), "connect " + path);
  }
  return fd;
}

}  // namespace

Load::Load(const std::string& socket_path, Options options)
    : options_(options),
      fd_(connected(socket_path)),
      count_(options.count),
      thread_([this] { run(); }) {}

Load::~Load() {
  stop();
  ::close(fd_);
}

unsigned Load::stop() {
  stops_.store(true);
  if (thread_.joinable()) thread_.join();
  return injected();
}

void Load::raise_count(unsigned count) { count_.store(std::max(count, count_.load())); }

bool Load::wait_for(unsigned count, std::chrono::milliseconds bound) const {
  return wait_until([&] { return injected() >= std::min(count, count_.load()); }, bound);
}

bool Load::wait_for_all(std::chrono::milliseconds bound) const {
  return wait_for(count_.load(), bound);
}

void Load::run() {
  // A signal of the test is for its main thread.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  auto since = Clock::now();
  std::uint64_t given = 0;  // lines since then
  while (!stops_.load()) {
    const std::chrono::duration<double> passed = Clock::now() - since;
    const auto due = static_cast<std::uint64_t>(passed.count() * options_.per_second);
    if (due > given + options_.per_second) {  // a second late: not to be caught up with
      since = Clock::now();
      given = 0;
      continue;
    }
    const auto lines = static_cast<unsigned>(std::min<std::uint64_t>(
        {due - std::min(due, given), kMostLines, count_.load() - injected()}));
    if (lines == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      continue;
    }
    if (!write_lines(lines)) return;
    given += lines;
  }
}

// False when it was stopped, or the daemon is gone. A line that was begun is ended first, unless
// nobody reads for a second.
bool Load::write_lines(unsigned count) {
  std::string text;
  const unsigned from = next();
  for (unsigned number = from; number < from + count; ++number) {
    text += numbered_line(number, options_.size);
    text += '\n';
  }
  const std::size_t line = text.size() / count;
  const unsigned before = injected();
  std::size_t written = 0;
  Clock::time_point give_up = Clock::time_point::max();
  while (written < text.size()) {
    if (stops_.load()) {
      if (written % line == 0 || Clock::now() >= give_up) return false;
      give_up = std::min(give_up, Clock::now() + std::chrono::seconds(1));
    }
    const std::size_t end = stops_.load() ? (written / line + 1) * line : text.size();
    const ssize_t taken = ::send(fd_, text.data() + written, end - written, MSG_NOSIGNAL);
    if (taken > 0) {
      written += static_cast<std::size_t>(taken);
      injected_.store(before + static_cast<unsigned>(written / line));
    } else if (taken < 0 && errno == EAGAIN) {
      pollfd room{fd_, POLLOUT, 0};
      ::poll(&room, 1, 20);
    } else if (taken < 0 && errno != EINTR) {
      return false;
    }
  }
  return true;
}

}  // namespace omzmq::test
