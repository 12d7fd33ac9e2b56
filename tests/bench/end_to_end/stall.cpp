// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "stall.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <omzmq/omzmq.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <ctime>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "common/descriptor.hpp"
#include "latency_log.hpp"
#include "line.hpp"
#include "sockets.hpp"

namespace omzmq::bench {
namespace {

constexpr unsigned kProbes = 1000;
constexpr std::uint64_t kProbePauseUs = 10'000;

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

void sleep_us(std::uint64_t us) {
  const timespec time{static_cast<std::time_t>(us / 1'000'000),
                      static_cast<long>(us % 1'000'000 * 1000)};
  ::nanosleep(&time, nullptr);
}

/// A process that receives, until it is told to stand still. Killed when this goes.
class OtherProcess {
 public:
  OtherProcess() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("cannot make a pipe");
    const Descriptor write_end(ends[1]);
    read_end_ = std::make_unique<Descriptor>(ends[0]);
    pid_ = ::fork();
    if (pid_ < 0) fail("cannot fork");
    if (pid_ == 0) receive(write_end.get());
  }
  ~OtherProcess() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  /// The next line that it says: its address, and then one for the first message.
  [[nodiscard]] std::string line() const {
    std::string text;
    for (char c = 0; ::read(read_end_->get(), &c, 1) == 1 && c != '\n';) text += c;
    if (text.empty()) throw std::runtime_error("the receiver failed");
    return text;
  }

  [[nodiscard]] bool has_said_something() const {
    pollfd item{read_end_->get(), POLLIN, 0};
    return ::poll(&item, 1, 0) == 1;
  }

  void resume() const { ::kill(pid_, SIGCONT); }

  void stop() const {
    ::kill(pid_, SIGSTOP);
    int status = 0;
    if (::waitpid(pid_, &status, WUNTRACED) != pid_ || !WIFSTOPPED(status)) {
      throw std::runtime_error("the receiver does not stand still");
    }
  }

 private:
  [[noreturn]] static void receive(int out) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    try {
      zmq::context_t context;
      ReceiverSocket settings;
      settings.receive_timeout_ms = -1;
      zmq::socket_t socket = open_receiver(context, settings);
      write_all(out, socket.get(zmq::sockopt::last_endpoint) + '\n');
      zmq::message_t message;
      static_cast<void>(socket.recv(message));
      write_all(out, "first\n");
      for (;;) static_cast<void>(socket.recv(message));
    } catch (const std::exception& error) {
      fmt::print(stderr, "stall_bench, receiver: {}\n", error.what());
      ::_exit(1);
    }
  }

  std::unique_ptr<Descriptor> read_end_;
  pid_t pid_ = -1;
};

omzmq_slice slice_of(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), 0,
          static_cast<std::uint32_t>(text.size())};
}

constexpr omzmq_host kHost{[](omzmq_severity severity, const char* text) {
                             if (severity == OMZMQ_LOG_ERROR) fmt::print(stderr, "{}\n", text);
                           },
                           [] { return false; }, true};

template <auto Free>
struct Freed {
  template <typename Handle>
  void operator()(Handle* handle) const {
    Free(handle);
  }
};
using SettingsHandle = std::unique_ptr<omzmq_settings, Freed<omzmq_settings_free>>;
using ModuleHandle = std::unique_ptr<omzmq_module, Freed<omzmq_module_free>>;
using ActionHandle = std::unique_ptr<omzmq_action, Freed<omzmq_action_free>>;
using WorkerHandle = std::unique_ptr<omzmq_worker, Freed<omzmq_worker_free>>;

/// What is freed first comes last.
struct Handles {
  ModuleHandle module;
  ActionHandle action;
  WorkerHandle worker;
};

Handles open_action(const StallSettings& settings, const std::string& endpoint) {
  auto parameters = settings.parameters;
  parameters.insert(parameters.end(), {{"socktype", "PUSH"}, {"endpoints", endpoint}});
  const SettingsHandle values(omzmq_settings_new(&kHost, OMZMQ_ACTION));
  for (const auto& [name, value] : parameters) {
    const omzmq_slice slice = slice_of(value);
    if (!values || omzmq_settings_set(values.get(), name.c_str(), &slice, 1) != OMZMQ_OK) {
      throw std::runtime_error("parameter " + name + " is refused");
    }
  }
  Handles handles;
  handles.module.reset(omzmq_module_new(&kHost));
  const SettingsHandle module_values(omzmq_settings_new(&kHost, OMZMQ_MODULE));
  if (!handles.module || !module_values ||
      omzmq_module_configure(handles.module.get(), module_values.get()) != OMZMQ_OK) {
    throw std::runtime_error("the module is refused");
  }
  handles.action.reset(omzmq_action_new(handles.module.get(), values.get()));
  if (!handles.action) throw std::runtime_error("the action is refused");
  omzmq_module_start(handles.module.get());
  handles.worker.reset(omzmq_worker_new(handles.action.get()));
  if (!handles.worker) throw std::runtime_error("there is no worker");
  return handles;
}

std::uint64_t counter(const Handles& handles, std::string_view name) {
  std::array<std::uint64_t, 64> values{};
  omzmq_action_counters(handles.action.get(), values.data(), values.size());
  bool is_gauge = false;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const char* const found = omzmq_counter_name(i, &is_gauge);
    if (found == nullptr) break;
    if (found == name) return values[i];
  }
  throw std::logic_error("there is no counter " + std::string(name));
}

/// Of this process, in memory now.
double resident_mib() {
  std::ifstream text("/proc/self/statm");
  std::uint64_t all = 0;
  std::uint64_t resident = 0;
  if (!(text >> all >> resident)) throw std::runtime_error("/proc/self/statm cannot be read");
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / (1 << 20);
}

void open_way(const Handles& handles, const OtherProcess& receiver, const omzmq_slice& probe) {
  for (unsigned i = 0; !receiver.has_said_something(); ++i) {
    if (i == kProbes) throw std::runtime_error("the receiver gets nothing");
    static_cast<void>(omzmq_worker_submit(handles.worker.get(), &probe, 1));
    sleep_us(kProbePauseUs);
  }
  static_cast<void>(receiver.line());
}

}  // namespace

std::string measure_stall(const StallSettings& settings) {
  const OtherProcess receiver;
  const Handles handles = open_action(settings, receiver.line());
  const std::string payload(settings.message_bytes, 'x');
  const std::vector<omzmq_slice> slices(settings.messages, slice_of(payload));
  open_way(handles, receiver, slices.front());
  receiver.stop();
  const double resident_before = resident_mib();
  LatencyLog log;
  std::uint64_t refused = 0;
  for (std::uint64_t i = 0; i < settings.commits; ++i) {
    const std::uint64_t begun = now_ns();
    if (omzmq_worker_submit(handles.worker.get(), slices.data(), slices.size()) != OMZMQ_OK) {
      ++refused;
    }
    const std::uint64_t took = now_ns() - begun;
    log.record(took);
    if (took < settings.pause_us * 1000) sleep_us(settings.pause_us - took / 1000);
  }
  const double grown_mib = resident_mib() - resident_before;
  receiver.resume();  // or what is on its way would be reported as unsent
  return fmt::format(
      R"({{"commits": {}, "refused": {}, "dropped": {}, "waited_us": {}, "grown_mib": {:.2f}, {}}})",
      log.count(), refused, counter(handles, "dropped.newest") + counter(handles, "dropped.oldest"),
      counter(handles, "waited.us"), grown_mib, log.json_members());
}

}  // namespace omzmq::bench
