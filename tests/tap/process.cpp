// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <system_error>

namespace omzmq::tap {
namespace {

constexpr int kPatienceMs = 60'000;

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  return ends;
}

void close_end(int& fd) {
  if (fd >= 0) {
    close(fd);
    fd = -1;
  }
}

std::size_t lines_in(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

// Appends what comes within the patience; false at the end of the pipe.
bool read_some(int fd, std::string& text) {
  pollfd watched{fd, POLLIN, 0};
  if (fd < 0 || poll(&watched, 1, kPatienceMs) <= 0) {
    return false;
  }
  std::array<char, 65536> bytes{};
  const ssize_t size = read(fd, bytes.data(), bytes.size());
  if (size <= 0) {
    return false;
  }
  text.append(bytes.data(), static_cast<std::size_t>(size));
  return true;
}

}  // namespace

Process::Process(const std::vector<std::string>& command) {
  const std::array<int, 2> output = make_pipe();
  const std::array<int, 2> errors = make_pipe();
  output_fd_ = output[0];
  errors_fd_ = errors[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, errors[1], STDERR_FILENO);
  std::vector<std::string> copies = command;
  std::vector<char*> arguments;
  arguments.reserve(copies.size() + 1);
  for (std::string& argument : copies) {
    arguments.push_back(argument.data());
  }
  arguments.push_back(nullptr);
  const int error = posix_spawn(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(output[1]);
  close(errors[1]);
  if (error != 0) {
    close_end(output_fd_);
    close_end(errors_fd_);
    throw std::system_error(error, std::generic_category(), command[0]);
  }
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  close_end(output_fd_);
  close_end(errors_fd_);
}

const std::string& Process::read_lines(std::size_t lines) {
  while (lines_in(output_) < lines && read_some(output_fd_, output_)) {
  }
  return output_;
}

const std::string& Process::read_error_lines(std::size_t lines) {
  while (lines_in(errors_) < lines && read_some(errors_fd_, errors_)) {
  }
  return errors_;
}

void Process::close_output() { close_end(output_fd_); }

void Process::signal(int number) const { kill(pid_, number); }

int Process::wait() {
  while (read_some(output_fd_, output_)) {
  }
  while (read_some(errors_fd_, errors_)) {
  }
  const auto give_up_at = std::chrono::steady_clock::now() + std::chrono::milliseconds{kPatienceMs};
  int status = 0;
  pid_t ended = 0;
  while ((ended = waitpid(pid_, &status, WNOHANG)) == 0 &&
         std::chrono::steady_clock::now() < give_up_at) {
    poll(nullptr, 0, 1);
  }
  if (ended != pid_) {
    return -1;
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace omzmq::tap
