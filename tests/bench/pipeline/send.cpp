// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include <omzmq/omzmq.h>
#include <unistd.h>
#include <omzmq/wire.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <latch>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "bench/pipeline/plan.hpp"
#include "bench/pipeline/processes.hpp"
#include "bench/pipeline/texts.hpp"

namespace omzmq::bench {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr auto kLook = 100us;
/// Short beside the time that a window takes to be received.
constexpr auto kWindowLook = 500us;
/// When nothing came for so long, the rest is lost.
constexpr auto kPatience = 10s;
/// Of frames that libzmq alone sends: as omzmq's.
constexpr std::size_t kFrameBytes = std::size_t{64} << 10;
constexpr int kFrameHwm = 256;
constexpr int kMessageHwm = 100000;

/// Where transactions go.
class Target {
 public:
  Target() = default;
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  virtual ~Target() = default;
  virtual void submit(const Texts& texts) = 0;
};

/// The action of the plugin, as rsyslog has it made from its configuration.
class Action {
 public:
  Action(const Plan& plan, const std::string& address)
      : module_(checked(omzmq_module_new(&kHost), omzmq_module_free)) {
    const std::unique_ptr<omzmq_settings, decltype(&omzmq_settings_free)> settings =
        checked(omzmq_settings_new(&kHost, OMZMQ_ACTION), omzmq_settings_free);
    for (const auto& [name, value] : parameters(plan, address)) {
      const omzmq_slice slice{reinterpret_cast<const unsigned char*>(value.data()), 0,
                              static_cast<std::uint32_t>(value.size())};
      if (omzmq_settings_set(settings.get(), name.c_str(), &slice, 1) != OMZMQ_OK) {
        throw std::runtime_error("the parameter " + name + " was refused");
      }
    }
    action_ = checked(omzmq_action_new(module_.get(), settings.get()), omzmq_action_free);
    omzmq_module_start(module_.get());
  }

  [[nodiscard]] omzmq_action* get() const noexcept { return action_.get(); }

  [[nodiscard]] std::uint64_t counter(std::string_view wanted) const {
    constexpr std::size_t kMost = 64;
    std::array<std::uint64_t, kMost> values{};
    omzmq_action_counters(action_.get(), values.data(), values.size());
    bool is_gauge = false;
    for (std::size_t i = 0; i < kMost; ++i) {
      const char* const name = omzmq_counter_name(i, &is_gauge);
      if (name == nullptr) break;
      if (name == wanted) return values[i];
    }
    throw std::logic_error("there is no counter " + std::string(wanted));
  }

 private:
  template <typename Handle>
  using Owned = std::unique_ptr<Handle, void (*)(Handle*)>;

  template <typename Handle>
  static Owned<Handle> checked(Handle* handle, void (*free)(Handle*)) {
    if (handle == nullptr) throw std::runtime_error("the plugin refused its configuration");
    return {handle, free};
  }

  static std::vector<std::pair<std::string, std::string>> parameters(const Plan& plan,
                                                                     const std::string& address) {
    std::vector<std::pair<std::string, std::string>> parameters{
        {"endpoints", address},
        {"socktype", plan.is_pub ? "PUB" : "PUSH"},
        {"format", plan.way == Way::kRaw     ? "raw"
                   : plan.way == Way::kLines ? "lines"
                                             : "packed"}};
    if (plan.is_pub) {
      parameters.emplace_back("waitforpeers", std::to_string(plan.subscribers));
      // The window is what bounds it.
      parameters.emplace_back("sendhwm", std::to_string(kMessageHwm));
    }
    if (plan.topics != 0) {
      parameters.emplace_back("topics", "topic");
      parameters.emplace_back("dynatopic", "on");
      if (plan.way == Way::kRaw) parameters.emplace_back("topicframe", "on");
    }
    return parameters;
  }

  static constexpr omzmq_host kHost{[](omzmq_severity severity, const char* text) {
                                      if (severity == OMZMQ_LOG_ERROR)
                                        std::fprintf(stderr, "%s\n", text);
                                    },
                                    [] { return false; }, true};

  Owned<omzmq_module> module_;
  Owned<omzmq_action> action_{nullptr, omzmq_action_free};
};

class PluginWorker final : public Target {
 public:
  explicit PluginWorker(const Action& action)
      : worker_(omzmq_worker_new(action.get()), omzmq_worker_free) {
    if (!worker_) throw std::runtime_error("the plugin gave no worker");
  }
  void submit(const Texts& texts) override {
    while (omzmq_worker_submit(worker_.get(), texts.slices(), texts.messages()) != OMZMQ_OK) {
      // It has waited for handoff.timeout already.
      std::this_thread::sleep_for(1ms);
    }
  }

 private:
  const std::unique_ptr<omzmq_worker, void (*)(omzmq_worker*)> worker_;
};

/// \param address  as omzmq takes it: behind a '>'
zmq::socket_t connected(zmq::context_t& context, const std::string& address, int hwm) {
  zmq::socket_t socket(context, zmq::socket_type::push);
  socket.set(zmq::sockopt::sndhwm, hwm);
  socket.set(zmq::sockopt::linger, 2000);
  socket.connect(address.substr(1));
  return socket;
}

/// The floor: each message copied into a ZeroMQ message.
class EachAlone final : public Target {
 public:
  EachAlone(const Plan& plan, const std::string& address)
      : bytes_(plan.bytes), socket_(connected(context_, address, kMessageHwm)) {}
  void submit(const Texts& texts) override {
    for (std::size_t i = 0; i < texts.messages(); ++i) {
      zmq::message_t message(texts.text(i), bytes_);
      socket_.send(message, zmq::send_flags::none);
    }
  }

 private:
  const std::size_t bytes_;
  zmq::context_t context_{1};
  zmq::socket_t socket_;
};

/// The floor: each message copied into a large ZeroMQ message, which is sent when it is full or the
/// transaction is over.
class FramesAlone final : public Target {
 public:
  FramesAlone(const Plan& plan, const std::string& address)
      : bytes_(plan.bytes), socket_(connected(context_, address, kFrameHwm)) {}
  void submit(const Texts& texts) override {
    const std::size_t each = wire::kLengthBytes + bytes_;
    const std::size_t fit = std::max<std::size_t>(1, kFrameBytes / each);
    for (std::size_t i = 0; i < texts.messages(); i += fit) {
      const std::size_t end = std::min(texts.messages(), i + fit);
      zmq::message_t frame((end - i) * each);
      char* to = frame.data<char>();
      for (std::size_t n = i; n < end; ++n, to += each) {
        wire::store(to, static_cast<std::uint32_t>(bytes_));
        std::memcpy(to + wire::kLengthBytes, texts.text(n), bytes_);
      }
      socket_.send(frame, zmq::send_flags::none);
    }
  }

 private:
  const std::size_t bytes_;
  zmq::context_t context_{1};
  zmq::socket_t socket_;
};

std::unique_ptr<Target> make_target(const Plan& plan, const std::string& address,
                                    const Action* action) {
  if (action != nullptr) return std::make_unique<PluginWorker>(*action);
  if (plan.way == Way::kZmqEach) return std::make_unique<EachAlone>(plan, address);
  return std::make_unique<FramesAlone>(plan, address);
}

/// The processor times so far.
struct Times {
  std::int64_t sending_ns;
  std::int64_t sender_ns;
  std::int64_t io_ns;
  std::int64_t receiving_ns;
};

Times times_now(const Plan& plan, ::pid_t receiver) {
  return {process_time_ns(::getpid()), plan.is_omzmq() ? threads_time_ns("omzmq:") : 0,
          threads_time_ns("ZMQbg/IO"), process_time_ns(receiver)};
}

/// Waits until each subscriber has so many, or no more come. \return when the last one came
Clock::time_point await_received(const Plan& plan, const Progress& progress,
                                 std::uint64_t messages) {
  std::uint64_t before = 0;
  auto last = Clock::now();
  for (;;) {
    const auto now = Clock::now();
    const std::uint64_t received = progress.received_by_all(plan);
    if (std::exchange(before, received) != received) last = now;
    if (received >= messages || now > last + kPatience) return last;
    std::this_thread::sleep_for(kLook);
  }
}

class Workers {
 public:
  Workers(const Plan& plan, const std::string& address, const Action* action,
          const Progress& progress)
      : plan_(plan), progress_(progress), topics_(plan.topics, plan.order) {
    times_ns_.resize(plan.workers);
    for (std::size_t i = 0; i < plan.workers; ++i) {
      threads_.emplace_back([this, i, address, action] {
        try {
          run(i, address, action);
        } catch (const std::exception& error) {
          std::fprintf(stderr, "a worker of the benchmark: %s\n", error.what());
          ::_exit(EXIT_FAILURE);
        }
      });
    }
  }

  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;
  /// They go, and close what they have.
  ~Workers() { enter(Stage::kOver); }

  /// All of them have submitted their warm-up.
  void await_ready() const { ready_.wait(); }
  void start() { enter(Stage::kMeasured); }
  void await_end() const { ended_.wait(); }

  /// What it took them to make and submit messages. REQUIRES: await_end() before
  [[nodiscard]] std::int64_t time_ns() const {
    std::int64_t sum = 0;
    for (const std::int64_t one : times_ns_) sum += one;
    return sum;
  }

 private:
  enum class Stage { kWarmUp, kMeasured, kOver };

  void enter(Stage stage) {
    stage_.store(stage);
    stage_.notify_all();
  }

  void run(std::size_t index, const std::string& address, const Action* action) {
    const auto target = make_target(plan_, address, action);
    Texts texts(plan_, topics_, index);
    for (std::uint64_t n = 0; n < plan_.warm_up(); n += plan_.transaction) submit(texts, *target);
    ready_.count_down();
    stage_.wait(Stage::kWarmUp);
    if (stage_.load() == Stage::kOver) return;
    const std::int64_t before = thread_time_ns();
    for (std::uint64_t n = 0; n < plan_.transactions(); ++n) {
      if (!await_window(plan_.workers * (plan_.warm_up() + n * plan_.transaction))) break;
      submit(texts, *target);
    }
    times_ns_[index] = thread_time_ns() - before;
    ended_.count_down();
    stage_.wait(Stage::kMeasured);
  }

  static void submit(Texts& texts, Target& target) {
    texts.render();
    target.submit(texts);
  }

  /// Waits until more may be submitted. False: what is missing was lost.
  [[nodiscard]] bool await_window(std::uint64_t submitted) const {
    if (plan_.window == 0) return true;
    const auto deadline = Clock::now() + kPatience;
    while (progress_.received_by_all(plan_) + plan_.window < submitted) {
      if (Clock::now() > deadline) return false;
      std::this_thread::sleep_for(kWindowLook);
    }
    return true;
  }

  const Plan& plan_;
  const Progress& progress_;
  const Topics topics_;
  std::latch ready_{static_cast<std::ptrdiff_t>(plan_.workers)};
  std::latch ended_{static_cast<std::ptrdiff_t>(plan_.workers)};
  std::atomic<Stage> stage_{Stage::kWarmUp};
  std::vector<std::int64_t> times_ns_;
  std::vector<std::jthread> threads_;
};

/// What is missing, and what is wrong with what came, of all subscribers.
void judge(const Plan& plan, const Progress& progress, Measured& measured) {
  const std::uint64_t each = plan.total() / plan.workers;
  const std::uint64_t right_sum = plan.workers * (each * (each - 1) / 2);
  measured.wrong = progress.wrong.load();
  for (std::size_t i = 0; i < plan.subscribers; ++i) {
    const std::uint64_t received = progress.received[i].load(std::memory_order_acquire);
    if (received < plan.total()) measured.lost += plan.total() - received;
    const bool has_right_sum = progress.sums[i].load(std::memory_order_relaxed) == right_sum;
    if (received >= plan.total() && !has_right_sum) ++measured.wrong;
  }
}

}  // namespace

void send_all(const Plan& plan, const std::string& address, ::pid_t receiver, Progress& progress,
              Measured& measured) {
  std::unique_ptr<Action> action;
  if (plan.is_omzmq()) action = std::make_unique<Action>(plan, address);
  Workers workers(plan, address, action.get(), progress);
  workers.await_ready();
  await_received(plan, progress, plan.workers * plan.warm_up());
  if (progress.received_by_all(plan) < plan.workers * plan.warm_up()) {
    throw std::runtime_error("the first messages did not arrive");
  }
  const std::uint64_t frames_before = action ? action->counter("sent.frames") : 0;
  const Times before = times_now(plan, receiver);
  const auto begun = Clock::now();
  workers.start();
  workers.await_end();
  const auto ended = await_received(plan, progress, plan.total());
  measured.seconds = std::chrono::duration<double>(ended - begun).count();
  const Times after = times_now(plan, receiver);
  if (action) measured.frames = action->counter("sent.frames") - frames_before;
  measured.messages = plan.total() - plan.workers * plan.warm_up();
  measured.workers_ns = workers.time_ns();
  measured.sending_ns = after.sending_ns - before.sending_ns;
  measured.sender_ns = after.sender_ns - before.sender_ns;
  measured.io_ns = after.io_ns - before.io_ns;
  measured.receiving_ns = after.receiving_ns - before.receiving_ns;
  judge(plan, progress, measured);
}

}  // namespace omzmq::bench
