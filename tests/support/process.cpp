// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <stdexcept>
#include <system_error>

#include "test_directory.hpp"

namespace omzmq::test {
namespace {

constexpr int kExecFailed = 127;

int open_output(const std::string& file) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), file);
  return fd;
}

[[noreturn]] void become(char* const* argv, int out, int err, pid_t parent) {
  // GoogleTest's process may have signals blocked that the child must see.
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) ::_exit(kExecFailed);
  const int null = ::open("/dev/null", O_RDONLY);
  if (::dup2(null, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) ::_exit(kExecFailed);
  ::execvp(argv[0], argv);
  ::_exit(kExecFailed);
}

}  // namespace

Process::~Process() { kill(); }

void Process::start(const std::vector<std::string>& argv, const std::string& stdout_file,
                    const std::string& stderr_file) {
  if (running()) throw std::logic_error("the process runs already");
  ended_.reset();
  std::vector<std::string> copy = argv;
  std::vector<char*> pointers;
  pointers.reserve(copy.size() + 1);
  for (auto& argument : copy) pointers.push_back(argument.data());
  pointers.push_back(nullptr);
  const int out = open_output(stdout_file);
  const int err = open_output(stderr_file);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(pointers.data(), out, err, parent);
  const int reason = errno;
  ::close(out);
  ::close(err);
  if (pid_ < 0) throw std::system_error(reason, std::generic_category(), "fork");
}

bool Process::reap(int flags) {
  if (pid_ < 0) return true;
  int status = 0;
  const pid_t got = ::waitpid(pid_, &status, flags);
  if (got != pid_) return false;
  if (WIFSTOPPED(status)) return false;
  Ended ended;
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  ended_ = ended;
  pid_ = -1;
  return true;
}

bool Process::running() { return pid_ > 0 && !reap(WNOHANG); }

void Process::send_signal(int signal) const {
  if (pid_ > 0) ::kill(pid_, signal);
}

void Process::pause() {
  send_signal(SIGSTOP);
  int status = 0;
  if (pid_ > 0) ::waitpid(pid_, &status, WUNTRACED);
}

void Process::resume() const { send_signal(SIGCONT); }

void Process::kill() {
  if (pid_ <= 0) return;
  send_signal(SIGKILL);
  reap(0);
}

std::optional<Ended> Process::wait(std::chrono::milliseconds bound) {
  if (!wait_until([this] { return !running(); }, bound)) return std::nullopt;
  return ended_;
}

Output run(const std::vector<std::string>& argv, const std::string& file_prefix,
           std::chrono::milliseconds bound) {
  const std::string out = file_prefix + ".out";
  const std::string err = file_prefix + ".err";
  std::filesystem::remove(out);
  std::filesystem::remove(err);
  Process process;
  process.start(argv, out, err);
  const auto ended = process.wait(bound);
  if (!ended) throw std::runtime_error(argv.front() + " did not end in time");
  return {*ended, read_file(out), read_file(err)};
}

}  // namespace omzmq::test
