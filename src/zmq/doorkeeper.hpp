// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "core/event_fd.hpp"
#include "core/log.hpp"
#include "core/log_limit.hpp"

namespace omzmq {

/// A listening socket that can hold back who wants to connect.
///
/// Threads: one at a time.
class Door {
 public:
  virtual ~Door() = default;

  /// For people: where it listens.
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// Of the listening socket; readable when somebody waits to be accepted.
  [[nodiscard]] virtual int fd() const noexcept = 0;
  /// Who may wait to be accepted at most.
  [[nodiscard]] virtual std::size_t backlog() const noexcept = 0;

  /// From now on nobody joins those who wait. Costs next to nothing when it is so already.
  /// \return what was in the way, if anything: to be called again
  [[nodiscard]] virtual std::error_code shut() noexcept = 0;
  /// The same, for the contrary.
  [[nodiscard]] virtual std::error_code reopen() noexcept = 0;
};

/// Holds back new connections while rsyslogd is short of file descriptors: libzmq would end the
/// process when it accepts one on a unix socket without a descriptor for it, and on a TCP socket it
/// would try again without a pause for as long as that lasts.
///
/// The doors are shut when less is left than for those who wait already and some hundreds who are
/// faster than this, or less than a third where that is fewer; they are reopened at a quarter more.
/// It looks each time that somebody comes, and every second, because other parts of rsyslogd take
/// descriptors too; a door that could not be shut or reopened is tried again then. Where there are
/// not twice as many descriptors as may wait at the doors, nor half of what is to be kept, it hangs
/// up on those who wait. What takes all descriptors between two looks is not kept from it: this is
/// a remedy, and no proof.
///
/// Threads: any, construction and destruction aside. Has a thread of its own once there is a door.
class Doorkeeper {
 public:
  /// \param log  empty: nothing is said
  /// \throws std::system_error when file descriptors are short
  explicit Doorkeeper(std::optional<Log> log)
      : log_(std::move(log)), limit_(1), failure_limit_(1) {}
  ~Doorkeeper();
  Doorkeeper(const Doorkeeper&) = delete;
  Doorkeeper& operator=(const Doorkeeper&) = delete;

  /// \param door  until remove() nobody else touches it
  /// \throws std::system_error when threads or file descriptors are short
  void add(Door& door);
  void remove(Door& door) noexcept;

 private:
  struct Need {
    std::size_t shut_below = 0;
    std::size_t reopen_at = 0;
    std::size_t hang_up_below = 0;  ///< twice those who may wait, or half of shut_below
  };

  /// To be said when mutex_ is free: whoever takes the lines may hold us up.
  struct Line {
    void (Log::*say)(const std::string&) const noexcept;
    std::string text;
  };
  using Lines = std::vector<Line>;

  void start();
  void run() noexcept;
  [[nodiscard]] Lines look(const Need& needed) noexcept;
  [[nodiscard]] Need need() const noexcept;

  void tell_change(std::size_t left, Lines& lines);
  void tell_failure(const Door& door, const std::error_code& why, Lines& lines);

  const std::optional<Log> log_;
  std::mutex mutex_;
  std::vector<Door*> doors_;  ///< guarded by mutex_
  bool is_shut_ = false;      ///< guarded by mutex_; as the doors have to be
  LogLimit limit_;            ///< guarded by mutex_
  LogLimit failure_limit_;    ///< guarded by mutex_
  bool told_shut_ = false;    ///< guarded by mutex_
  bool has_failed_ = false;   ///< guarded by mutex_; a door is not as it has to be
  bool is_stopping_ = false;  ///< guarded by mutex_
  int epoll_ = -1;            ///< of the doors' sockets, and of wake_
  EventFd wake_;
  std::thread thread_;
};

/// A door that is watched as long as this lives.
///
/// Threads: one.
class WatchedDoor {
 public:
  /// \param keeper  outlives this
  /// \throws as Doorkeeper::add()
  WatchedDoor(Doorkeeper& keeper, std::unique_ptr<Door> door)
      : keeper_(keeper), door_(std::move(door)) {
    keeper_.add(*door_);
  }
  ~WatchedDoor() { keeper_.remove(*door_); }
  WatchedDoor(const WatchedDoor&) = delete;
  WatchedDoor& operator=(const WatchedDoor&) = delete;

 private:
  Doorkeeper& keeper_;
  const std::unique_ptr<Door> door_;
};

/// Backlog for a listening socket where the user asked for `wanted`: less where the process may
/// have few descriptors, because all who wait have to be accepted once the doors are shut.
[[nodiscard]] int fitting_backlog(int wanted) noexcept;

}  // namespace omzmq
