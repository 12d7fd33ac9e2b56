// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "rsyslogd.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <sstream>
#include <stdexcept>
#include <utility>

namespace omzmq::test {
namespace {

std::vector<std::string> wrapper() {
  std::vector<std::string> words;
  const char* text = ::secure_getenv("OMZMQ_TEST_WRAPPER");
  std::istringstream in(text == nullptr ? "" : text);
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool accepts(const std::string& socket_path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof address.sun_path) return false;
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return connected;
}

int read_version() {
  const TestDirectory directory;
  const Output output = run({OMZMQ_TEST_RSYSLOGD, "-v"}, directory.file("version"));
  std::istringstream words(output.out);
  std::string program;
  int major = 0;
  char dot = 0;
  int minor = 0;
  if (!(words >> program >> major >> dot >> minor) || program != "rsyslogd") {
    throw std::runtime_error("rsyslogd -v names no version: " + output.out + output.err);
  }
  constexpr int kMinors = 10'000;
  return major * kMinors + minor;
}

}  // namespace

Rsyslogd::Rsyslogd(const TestDirectory& directory, const Configuration& configuration)
    : Rsyslogd(directory, configuration.name(), configuration.text(), configuration.input()) {}

Rsyslogd::Rsyslogd(const TestDirectory& directory, const std::string& name, const std::string& text,
                   std::string input)
    : configuration_file_(directory.file(name.ends_with(".yaml") ? name : name + ".conf")),
      pid_file_(directory.file(name + ".pid")),
      input_(std::move(input)),
      stdout_file_(directory.file(name + ".out")),
      stderr_file_(directory.file(name + ".err")) {
  write_file(configuration_file_, text);
}

void Rsyslogd::start() {
  std::vector<std::string> argv = command_;
  for (auto& word : wrapper()) argv.push_back(std::move(word));
  for (const char* word : {OMZMQ_TEST_RSYSLOGD, "-n", "-C", "-i"}) argv.emplace_back(word);
  argv.push_back(pid_file_);
  argv.emplace_back("-f");
  argv.push_back(configuration_file_);
  std::filesystem::remove(input_);
  process_.start(argv, stdout_file_, stderr_file_);
  const bool up = wait_until([this] { return !process_.running() || accepts(input_); });
  if (!up || !process_.running()) {
    throw std::runtime_error("rsyslogd did not come up:\n" + standard_error());
  }
}

std::optional<Ended> Rsyslogd::stop(std::chrono::milliseconds bound) {
  process_.send_signal(SIGTERM);
  return process_.wait(bound);
}

int rsyslogd_version() {
  static const int version = read_version();
  return version;
}

Output check(const TestDirectory& directory, const std::string& configuration,
             const std::string& modules) {
  const std::string file = directory.file("check.conf");
  write_file(file, configuration);
  std::vector<std::string> argv = wrapper();
  for (const auto& word :
       {std::string(OMZMQ_TEST_RSYSLOGD), std::string("-N1"), std::string("-C"), std::string("-i"),
        directory.file("check.pid"), std::string("-f"), file}) {
    argv.push_back(word);
  }
  if (!modules.empty()) {
    argv.emplace_back("-M");
    argv.push_back(modules);
  }
  Output output = run(argv, directory.file("check"));
  for (const char* name : {"check.conf", "check.out", "check.err"}) {
    std::filesystem::remove(directory.file(name));
  }
  return output;
}

std::string module_directory(const TestDirectory& directory) {
  const std::filesystem::path modules = directory.path() / "modules";
  std::filesystem::create_directories(modules);
  for (const auto& entry : std::filesystem::directory_iterator(OMZMQ_TEST_RSYSLOG_MODULES)) {
    if (entry.path().extension() == ".so") {
      std::filesystem::create_symlink(entry.path(), modules / entry.path().filename());
    }
  }
  std::filesystem::remove(modules / "omzmq.so");
  std::filesystem::create_symlink(tested_module(), modules / "omzmq.so");
  return modules.string();
}

}  // namespace omzmq::test
