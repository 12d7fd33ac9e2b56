// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "zmq/doorkeeper.hpp"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <system_error>

#include "common/format.hpp"
#include "core/own_thread.hpp"
#include "zmq/resources.hpp"

namespace omzmq {
namespace {

constexpr int kLookEveryMs = 1000;
/// After each look, however many come: a look takes a millisecond where there are tens of thousands
/// of descriptors to be counted, and nobody gets ahead of this thread. Less where few are kept:
/// this for each, a quarter of what libzmq takes to accept somebody.
constexpr std::chrono::microseconds kLongestPause{2000};
constexpr std::chrono::microseconds kPauseForEach{5};
/// What libzmq may accept between two looks: at 50,000 connections a second, as fast as it can, and
/// with a thread that waits 8 ms for a processor, besides its pause.
constexpr std::size_t kHaste = 500;
/// Of the descriptors that the process may have: those who wait at one door, and what is kept free.
constexpr std::size_t kPartForBacklog = 8;
constexpr std::size_t kPartKept = 3;

/// There would be no descriptors for those who wait: libzmq shall not try. They may come again.
void hang_up_on_waiting(const Door& door) noexcept {
  for (std::size_t n = 0; n <= door.backlog(); ++n) {
    // Not the last descriptor, and none where nobody waits: another thread may need it just now.
    pollfd somebody{door.fd(), POLLIN, 0};
    if (::poll(&somebody, 1, 0) <= 0 || free_descriptors(2) < 2) return;
    const int fd = ::accept4(door.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) return;
    ::close(fd);
  }
}

/// Before all threads that are not of this kind, where the daemon may ask for that: what counts is
/// to be there before libzmq has accepted too many.
void hurry_this_thread() noexcept {
  const sched_param lowest{::sched_get_priority_min(SCHED_RR)};
  static_cast<void>(::pthread_setschedparam(::pthread_self(), SCHED_RR, &lowest));
}

}  // namespace

Doorkeeper::~Doorkeeper() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify();
  if (thread_.joinable()) thread_.join();
  if (epoll_ >= 0) ::close(epoll_);
}

void Doorkeeper::add(Door& door) {
  const std::lock_guard lock(mutex_);
  doors_.reserve(doors_.size() + 1);
  if (!thread_.joinable()) start();
  // On the edge: that somebody waits is libzmq's business, that somebody came is ours.
  epoll_event event{EPOLLIN | EPOLLET, {}};
  event.data.fd = door.fd();
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, door.fd(), &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll");
  }
  doors_.push_back(&door);
  if (is_shut_) static_cast<void>(door.shut());  // if it cannot be: the next look is soon
}

void Doorkeeper::start() {
  if (epoll_ < 0) epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event event{EPOLLIN, {}};
  event.data.fd = wake_.fd();
  const bool is_ready =
      epoll_ >= 0 &&
      (::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_.fd(), &event) == 0 || errno == EEXIST);
  if (!is_ready) throw std::system_error(errno, std::generic_category(), "epoll");
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { run(); });
}

void Doorkeeper::remove(Door& door) noexcept {
  const std::lock_guard lock(mutex_);
  if (std::erase(doors_, &door) == 0) return;
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, door.fd(), nullptr);
}

void Doorkeeper::run() noexcept {
  name_this_thread("doors");
  hurry_this_thread();
  for (;;) {
    std::array<epoll_event, 8> events{};
    static_cast<void>(
        ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kLookEveryMs));
    Lines lines;
    std::size_t kept = 0;
    {
      const std::lock_guard lock(mutex_);
      if (is_stopping_) return;
      const Need needed = need();
      lines = look(needed);
      kept = needed.shut_below;
    }
    for (const Line& line : lines) ((*log_).*line.say)(line.text);
    std::this_thread::sleep_for(
        std::min<Clock::duration>(kLongestPause, kPauseForEach * static_cast<int>(kept)));
  }
}

Doorkeeper::Need Doorkeeper::need() const noexcept {
  std::size_t waiting = 0;
  for (const Door* door : doors_) waiting += door->backlog() + 1;
  const std::size_t kept = std::min(kHaste + waiting, descriptor_limit() / kPartKept);
  return {kept, kept + kept / 4, std::min(2 * waiting, kept / 2)};
}

Doorkeeper::Lines Doorkeeper::look(const Need& needed) noexcept {
  Lines lines;
  if (doors_.empty()) return lines;
  const std::size_t enough = is_shut_ ? needed.reopen_at : needed.shut_below;
  const std::size_t left = free_descriptors(enough);
  const bool must_shut = left < enough;
  const bool is_change = std::exchange(is_shut_, must_shut) != must_shut;
  const Door* failed = nullptr;
  std::error_code why;
  for (Door* door : doors_) {
    const std::error_code error = must_shut ? door->shut() : door->reopen();
    if (must_shut && left < needed.hang_up_below) hang_up_on_waiting(*door);
    if (!error) continue;
    failed = door;
    why = error;
  }
  const bool has_failed_before = std::exchange(has_failed_, failed != nullptr);
  try {
    if (log_ && is_change) tell_change(left, lines);
    if (log_ && failed != nullptr && !has_failed_before) tell_failure(*failed, why, lines);
  } catch (const std::exception&) {
    // No memory for a line.
  }
  return lines;
}

void Doorkeeper::tell_change(std::size_t left, Lines& lines) {
  if (!is_shut_) {
    if (std::exchange(told_shut_, false)) {
      lines.push_back({&Log::info, "new connections are taken again"});
    }
    return;
  }
  const auto before = limit_.admit(Clock::now());
  if (!before) return;
  told_shut_ = true;
  lines.push_back(
      {&Log::error,
       formatted("file descriptors are short, {} of {} are left: no new connections are taken "
                 "until there are more{}",
                 left, descriptor_limit(), told_suppressed(*before))});
}

void Doorkeeper::tell_failure(const Door& door, const std::error_code& why, Lines& lines) {
  const auto before = failure_limit_.admit(Clock::now());
  if (!before) return;
  lines.push_back({&Log::error, formatted("'{}' cannot {} new connections: {}; trying again{}",
                                          door.name(), is_shut_ ? "hold back" : "take",
                                          why.message(), told_suppressed(*before))});
}

int fitting_backlog(int wanted) noexcept {
  const std::size_t most = std::max<std::size_t>(1, descriptor_limit() / kPartForBacklog);
  return static_cast<int>(std::min(static_cast<std::size_t>(std::max(wanted, 0)), most));
}

}  // namespace omzmq
