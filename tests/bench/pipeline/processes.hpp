// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <new>
#include <string_view>
#include <type_traits>

namespace omzmq::bench {

/// Memory for Shared.
[[nodiscard]] void* map(std::size_t bytes);
void unmap(void* memory, std::size_t bytes) noexcept;

/// A process that runs a function and ends. What it has to say it writes into memory that was
/// shared before it was made.
///
/// Threads: one, and no other may run when it is made.
class Process {
 public:
  /// \param work  an exception that leaves it is printed, and ends the process with status 1
  /// \throws std::system_error
  explicit Process(const std::function<void()>& work);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  /// Kills it if it is still there.
  ~Process();

  [[nodiscard]] ::pid_t pid() const noexcept { return pid_; }

  /// \throws std::runtime_error when it fails, or takes longer than that: it is killed then
  void wait(std::chrono::seconds patience);

 private:
  ::pid_t pid_;
  bool is_over_ = false;
};

/// One value in memory that processes share which are made later.
template <typename T>
class Shared {
 public:
  /// \throws std::system_error
  Shared() : value_(::new (map(sizeof(T))) T()) {}
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  ~Shared() { unmap(value_, sizeof(T)); }

  [[nodiscard]] T& get() const noexcept { return *value_; }

 private:
  static_assert(std::is_trivially_destructible_v<T>);
  T* const value_;
};

/// Processor time of all threads of a process, those that have ended included, in nanoseconds.
/// \throws std::system_error
[[nodiscard]] std::int64_t process_time_ns(::pid_t pid);

/// The same of the calling thread.
[[nodiscard]] std::int64_t thread_time_ns();

/// The same of this process's threads whose name begins so.
/// \throws std::runtime_error when there is none, or the kernel does not say
[[nodiscard]] std::int64_t threads_time_ns(std::string_view name_begins);

/// A TCP port of 127.0.0.1 that nobody used a moment ago. \throws std::system_error
[[nodiscard]] std::uint16_t free_port();

}  // namespace omzmq::bench
