// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "plugin/boundary.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/action.hpp"
#include "core/checks.hpp"
#include "core/config_error.hpp"
#include "core/parameters.hpp"
#include "core/pass_over.hpp"
#include "core/socket_options.hpp"
#include "core/unknown_name.hpp"
#include "core/worker.hpp"
#include "zmq/curve.hpp"
#include "zmq/zmq_context.hpp"
#include "zmq/zmq_sink.hpp"

// The composition root, and one short function for each one of omzmq.h.

using omzmq::Action;
using omzmq::guarded;
using omzmq::Log;
using omzmq::ModuleSettings;
using omzmq::Settings;
using omzmq::StatsSnapshot;
using omzmq::Worker;

struct omzmq_settings {
  Log log;
  std::variant<ModuleSettings, Settings> values;
};

struct omzmq_module {
  explicit omzmq_module(const omzmq_host& daemon) : host(daemon), log(daemon, {}) {}

  /// The context comes with the first socket: not before the daemon has forked.
  std::shared_ptr<omzmq::ZmqContext> shared_context() {
    const std::lock_guard lock(mutex);
    if (!context) context = std::make_shared<omzmq::ZmqContext>(settings.io_threads, log);
    return context;
  }

  omzmq_host host;
  Log log;
  ModuleSettings settings;
  std::vector<std::shared_ptr<Action>> actions;  ///< main thread only
  std::mutex mutex;
  std::shared_ptr<omzmq::ZmqContext> context;  ///< guarded by mutex
};

struct omzmq_action {
  std::shared_ptr<Action> action;
  std::shared_ptr<const omzmq::Curve> curve;  ///< null: curve.mode is off
};

struct omzmq_worker {
  explicit omzmq_worker(const std::shared_ptr<Action>& of) : action(of) {}

  /// Makes the worker unless it is there. Without threads or file descriptors it cannot be made:
  /// then its transactions are refused, and each of them tries again.
  bool make() noexcept {
    if (worker) return true;
    try {
      action->start();
      worker.emplace(action);
      return true;
    } catch (const std::exception& error) {
      if (!std::exchange(told_failure, true)) {
        action->log().failure("messages are handed back to rsyslog's queue", error.what());
      }
      return false;
    }
  }

  std::shared_ptr<Action> action;
  std::optional<Worker> worker;
  bool told_failure = false;
};

namespace {

using namespace std::chrono_literals;

/// How long the daemon's start may wait for sockets to open, which normally takes milliseconds.
constexpr auto kStartPatience = 5s;

struct CounterRow {
  const char* name;
  bool is_gauge;
  std::uint64_t StatsSnapshot::*value;
};
constexpr std::array kCounters{
    CounterRow{"submitted", false, &StatsSnapshot::submitted},
    CounterRow{"sent.messages", false, &StatsSnapshot::sent_messages},
    CounterRow{"sent.bytes", false, &StatsSnapshot::sent_bytes},
    CounterRow{"sent.frames", false, &StatsSnapshot::sent_frames},
    CounterRow{"dropped.newest", false, &StatsSnapshot::dropped_newest},
    CounterRow{"dropped.oldest", false, &StatsSnapshot::dropped_oldest},
    CounterRow{"dropped.dead", false, &StatsSnapshot::dropped_dead},
    CounterRow{"suspended", false, &StatsSnapshot::suspended},
    CounterRow{"waited.us", false, &StatsSnapshot::waited_us},
    CounterRow{"acked", false, &StatsSnapshot::acked},
    CounterRow{"resent", false, &StatsSnapshot::resent},
    CounterRow{"acks.ignored", false, &StatsSnapshot::acks_ignored},
    CounterRow{"spooled", false, &StatsSnapshot::spooled},
    CounterRow{"replayed", false, &StatsSnapshot::replayed},
    CounterRow{"lane.bytes", true, &StatsSnapshot::lane_bytes},
    CounterRow{"lane.peak", true, &StatsSnapshot::lane_peak},
    CounterRow{"peers", true, &StatsSnapshot::peers},
    CounterRow{"connects", false, &StatsSnapshot::connects},
    CounterRow{"disconnects", false, &StatsSnapshot::disconnects},
    CounterRow{"handshake.failed", false, &StatsSnapshot::handshake_failed},
    CounterRow{"auth.failed", false, &StatsSnapshot::auth_failed},
    CounterRow{"latency.p50.us", true, &StatsSnapshot::latency_p50_us},
    CounterRow{"latency.p99.us", true, &StatsSnapshot::latency_p99_us},
    CounterRow{"latency.max.us", true, &StatsSnapshot::latency_max_us},
};

template <typename Table>
const char* lower_case_name(const Table& table, std::size_t index, bool* is_list) {
  // Made once, for good: rsyslog keeps the pointers.
  static const std::vector<std::string> names = [&table] {
    std::vector<std::string> lower;
    for (const auto& row : table) lower.push_back(omzmq::to_lower(row.name));
    return lower;
  }();
  if (index >= names.size()) return nullptr;
  *is_list = table[index].is_list;
  return names[index].c_str();
}

/// What no action can be checked for alone. \throws omzmq::ConfigError
void require_own_place(const omzmq_module& module, const Settings& settings) {
  omzmq::check_affinity(settings, module.settings);
  for (const auto& other : module.actions) {
    omzmq::check_against(settings, other->name(), other->settings());
  }
}

/// An action that rsyslog never gives anything to: it has no place, no keys and no socket.
omzmq_action* switched_off(const omzmq_module& module, Settings&& values) {
  const auto no_sink = [](const Settings& /*used*/) -> std::unique_ptr<omzmq::FrameSink> {
    throw std::logic_error("the action is switched off by config.enabled");
  };
  auto action = std::make_shared<Action>(std::move(values), module.host, no_sink);
  return std::make_unique<omzmq_action>(omzmq_action{std::move(action), nullptr}).release();
}

}  // namespace

// ---- Parameters

const char* omzmq_parameter_name(omzmq_scope scope, size_t index, bool* is_list) {
  const omzmq::CancellationHeldOff held_off;
  try {
    return scope == OMZMQ_MODULE ? lower_case_name(omzmq::module_parameters(), index, is_list)
                                 : lower_case_name(omzmq::action_parameters(), index, is_list);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

omzmq_settings* omzmq_settings_new(const omzmq_host* host, omzmq_scope scope) {
  const Log log(*host, {});
  return guarded(log, static_cast<omzmq_settings*>(nullptr), [&] {
    auto settings = std::make_unique<omzmq_settings>(omzmq_settings{log, ModuleSettings()});
    if (scope == OMZMQ_ACTION) settings->values = Settings();
    return settings.release();
  });
}

void omzmq_settings_free(omzmq_settings* settings) { delete settings; }

omzmq_status omzmq_settings_set(omzmq_settings* settings, const char* name,
                                const omzmq_slice* values, size_t count) {
  return guarded(settings->log, OMZMQ_INVALID, [&] {
    std::vector<std::string> texts;
    for (size_t i = 0; i < count; ++i) {
      texts.emplace_back(reinterpret_cast<const char*>(values[i].data), values[i].size);
    }
    std::visit([&](auto& target) { omzmq::set_parameter(target, name, texts); }, settings->values);
    return OMZMQ_OK;
  });
}

omzmq_status omzmq_settings_unknown(const omzmq_settings* settings, const omzmq_slice* name) {
  return guarded(settings->log, OMZMQ_INVALID, [&] {
    const std::string text(reinterpret_cast<const char*>(name->data), name->size);
    const bool is_module = std::holds_alternative<ModuleSettings>(settings->values);
    const auto known =
        omzmq::explain_unknown(text, is_module ? omzmq::Place::kModule : omzmq::Place::kAction);
    if (!known) return OMZMQ_OK;
    settings->log.error(omzmq::ConfigError(text, known->why).what());
    return known->is_fatal ? OMZMQ_INVALID : OMZMQ_OK;
  });
}

// ---- Module

omzmq_module* omzmq_module_new(const omzmq_host* host) {
  return guarded(Log(*host, {}), static_cast<omzmq_module*>(nullptr),
                 [&] { return std::make_unique<omzmq_module>(*host).release(); });
}

omzmq_status omzmq_module_configure(omzmq_module* module, const omzmq_settings* settings) {
  return guarded(module->log, OMZMQ_INVALID, [&] {
    module->settings = std::get<ModuleSettings>(settings->values);
    return OMZMQ_OK;
  });
}

void omzmq_module_start(omzmq_module* module) {
  for (const auto& action : module->actions) {
    guarded(action->log(), false, [&] {
      action->start();
      return true;
    });
  }
  guarded(module->log, false, [&] {
    const auto deadline = omzmq::Clock::now() + kStartPatience;
    for (const auto& action : module->actions) action->wait_until_opened(deadline);
    return true;
  });
}

void omzmq_module_free(omzmq_module* module) {
  if (module == nullptr) return;
  guarded(module->log, false, [&] {
    for (const auto& action : module->actions) action->request_stop();
    for (const auto& action : module->actions) action->join();
    return true;
  });
  const omzmq::CancellationHeldOff held_off;  // closing the context waits for libzmq's threads
  delete module;
}

// ---- Action

omzmq_action* omzmq_action_new(omzmq_module* module, const omzmq_settings* settings) {
  return guarded(module->log, static_cast<omzmq_action*>(nullptr), [&] {
    auto values = std::get<Settings>(settings->values);
    const Log log(module->host, values.display_name());
    for (const std::string& text : omzmq::pass_over(values)) log.warning(text);
    values.validate();
    if (!values.is_enabled) return switched_off(*module, std::move(values));
    require_own_place(*module, values);
    // Of files, only those are read that are of use.
    const auto curve = omzmq::Curve::load(values, log);
    const auto make_sink = [module, curve](const Settings& its) {
      return std::make_unique<omzmq::ZmqSink>(
          its, [module] { return module->shared_context(); }, curve);
    };
    auto action = std::make_shared<Action>(std::move(values), module->host, make_sink);
    auto handle = std::make_unique<omzmq_action>(omzmq_action{action, curve});
    const Settings& used = action->settings();
    for (const std::string& text : omzmq::file_complaints(used)) log.error(text);
    for (const std::string& text : omzmq::address_warnings(used)) log.warning(text);
    module->actions.push_back(std::move(action));
    return handle.release();
  });
}

const char* omzmq_action_template(const omzmq_action* action, size_t index) {
  const auto& templates = action->action->templates();
  return index < templates.size() ? templates[index].c_str() : nullptr;
}

const char* omzmq_action_name(const omzmq_action* action) { return action->action->name().c_str(); }

void omzmq_action_free(omzmq_action* action) {
  if (action == nullptr) return;
  const omzmq::CancellationHeldOff held_off;
  action->action->request_stop();
  delete action;
}

void omzmq_action_hup(omzmq_action* action) {
  const omzmq::CancellationHeldOff held_off;
  action->action->reopen_files();
  if (action->curve && action->curve->clients()) action->curve->clients()->reload();
}

// ---- Worker

omzmq_worker* omzmq_worker_new(omzmq_action* action) {
  return guarded(action->action->log(), static_cast<omzmq_worker*>(nullptr), [&] {
    auto worker = std::make_unique<omzmq_worker>(action->action);
    worker->make();
    return worker.release();
  });
}

void omzmq_worker_free(omzmq_worker* worker) {
  const omzmq::CancellationHeldOff held_off;
  delete worker;
}

omzmq_status omzmq_worker_submit(omzmq_worker* worker, const omzmq_slice* slices, size_t count) {
  return guarded(worker->action->log(), OMZMQ_SUSPENDED, [&] {
    const bool taken =
        worker->make() && worker->worker->submit(slices, count) == Worker::Status::kTaken;
    return taken ? OMZMQ_OK : OMZMQ_SUSPENDED;
  });
}

omzmq_status omzmq_worker_ready(omzmq_worker* worker) {
  const omzmq::CancellationHeldOff held_off;
  return worker->make() && worker->worker->ready() ? OMZMQ_OK : OMZMQ_SUSPENDED;
}

// ---- Statistics

const char* omzmq_counter_name(size_t index, bool* is_gauge) {
  if (index >= kCounters.size()) return nullptr;
  *is_gauge = kCounters[index].is_gauge;
  return kCounters[index].name;
}

void omzmq_action_counters(const omzmq_action* action, uint64_t* values, size_t count) {
  guarded(action->action->log(), false, [&] {
    const StatsSnapshot snapshot = action->action->report();
    for (size_t i = 0; i < std::min(count, kCounters.size()); ++i) {
      values[i] = snapshot.*kCounters[i].value;
    }
    return true;
  });
}
