// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
// Random parameters and random bytes, given to the boundary as rsyslog's side gives them.

#include <gtest/gtest.h>
#include <omzmq/omzmq.h>

#include <array>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "core/config_error.hpp"
#include "core/parameters.hpp"
#include "core/socket_options.hpp"
#include "support/recording_host.hpp"
#include "support/sane.hpp"

namespace omzmq {
namespace {

/// Values that are right for one parameter or another, and the ends of ranges.
constexpr std::array kValues{"on",
                             "off",
                             "yes",
                             "0",
                             "1",
                             "-1",
                             "64",
                             "100",
                             "1000",
                             "65535",
                             "65536",
                             "1000000",
                             "9223372036854775807",
                             "9223372036854775808",
                             "-9223372036854775809",
                             "1k",
                             "64k",
                             "1m",
                             "1g",
                             "2G",
                             "9223372036854775807k",
                             "0600",
                             "0777",
                             "PUB",
                             "push",
                             "DEALER",
                             "PUBB",
                             "raw",
                             "lines",
                             "packed",
                             "zstd",
                             "lz4",
                             "none",
                             "suspend",
                             "dropOldest",
                             "handoff",
                             "sent",
                             "acked",
                             "server",
                             "client",
                             "*",
                             "tcp://127.0.0.1:5555",
                             "@tcp://*:5555",
                             ">tcp://[::1]:5555,@ipc:///run/x",
                             "@ipc:///run/x",
                             "ipc://@abstract",
                             "inproc://x",
                             "tos=16",
                             "backlog=10",
                             "affinity=9223372036854775807",
                             "socks_proxy=a:1",
                             "xpub_nodrop=1",
                             "/nowhere/file",
                             "/",
                             "a,b,c",
                             "a,b,c,d,e",
                             "Linked List"};

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}

  std::size_t below(std::size_t most) { return engine_() % most; }
  bool one_in(std::size_t n) { return below(n) == 0; }

  std::string bytes(std::size_t most) {
    std::string text(below(most + 1), '\0');
    for (char& c : text) c = static_cast<char>(below(256));
    return text;
  }

  std::string value() {
    std::string text = kValues[below(kValues.size())];
    if (one_in(6)) text = bytes(40);
    if (one_in(200)) text = bytes(5000);
    if (one_in(6) && !text.empty()) text[below(text.size())] = static_cast<char>(below(256));
    if (one_in(12)) text.insert(below(text.size() + 1), bytes(4));
    if (one_in(12)) text += kValues[below(kValues.size())];
    return text;
  }

 private:
  std::mt19937 engine_;
};

struct Parameter {
  std::string name;
  std::vector<std::string> values;
};

struct FreeSettings {
  void operator()(omzmq_settings* settings) const { omzmq_settings_free(settings); }
};
struct FreeModule {
  void operator()(omzmq_module* module) const { omzmq_module_free(module); }
};
struct FreeAction {
  void operator()(omzmq_action* action) const { omzmq_action_free(action); }
};

omzmq_slice slice_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), 0,
          static_cast<std::uint32_t>(text.size())};
}

/// The names of the scope's parameters, and whether each takes a list.
std::vector<std::pair<std::string, bool>> names_of(omzmq_scope scope) {
  std::vector<std::pair<std::string, bool>> names;
  bool is_list = false;
  for (std::size_t i = 0; const char* name = omzmq_parameter_name(scope, i, &is_list); ++i)
    names.emplace_back(name, is_list);
  return names;
}

/// Parameters of which some are likely to go together.
std::vector<Parameter> draw(Random& random, omzmq_scope scope) {
  static const auto kModuleNames = names_of(OMZMQ_MODULE);
  static const auto kActionNames = names_of(OMZMQ_ACTION);
  const auto& names = scope == OMZMQ_MODULE ? kModuleNames : kActionNames;
  std::vector<Parameter> parameters;
  if (scope == OMZMQ_ACTION && !random.one_in(8)) {
    parameters.push_back({"endpoints", {random.one_in(2) ? "@tcp://*:5555" : "tcp://a:1"}});
    parameters.push_back({"socktype", {std::array{"PUB", "PUSH", "DEALER"}[random.below(3)]}});
  }
  for (std::size_t count = random.below(12); count != 0; --count) {
    const auto& [name, is_list] = names[random.below(names.size())];
    Parameter parameter{name, {random.value()}};
    if (is_list && random.one_in(2)) parameter.values.push_back(random.value());
    if (random.one_in(50)) parameter.values.clear();
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

/// What the core says to the same, or nothing. The boundary is its echo.
template <typename Target>
std::optional<std::string> core_refusal(Target& target, const Parameter& parameter) {
  try {
    set_parameter(target, parameter.name, parameter.values);
  } catch (const ConfigError& error) {
    return error.what();
  }
  return std::nullopt;
}

class AnyParameters : public testing::TestWithParam<unsigned> {
 protected:
  using SettingsHandle = std::unique_ptr<omzmq_settings, FreeSettings>;

  SettingsHandle new_settings(omzmq_scope scope) const {
    return SettingsHandle(omzmq_settings_new(&host_, scope));
  }

  /// Sets it in both, and looks at the answer.
  template <typename Target>
  void set(omzmq_settings* settings, Target& target, const Parameter& parameter) {
    std::vector<omzmq_slice> slices;
    for (const std::string& value : parameter.values) slices.push_back(slice_of(value));
    const std::size_t before = recording_.lines().size();
    const omzmq_status status =
        omzmq_settings_set(settings, parameter.name.c_str(), slices.data(), slices.size());
    const auto refusal = core_refusal(target, parameter);
    ASSERT_EQ(status, refusal ? OMZMQ_INVALID : OMZMQ_OK) << refusal.value_or(parameter.name);
    const auto lines = recording_.lines();
    ASSERT_EQ(lines.size(), before + (refusal ? 1 : 0));
    if (!refusal) return;
    EXPECT_EQ(lines.back().second, "omzmq: " + *refusal);
    EXPECT_TRUE(test::is_log_line(lines.back().second)) << lines.back().second;
    EXPECT_TRUE(test::names_a_parameter(*refusal, parameter.name)) << *refusal;
  }

  /// Makes an action of them, and looks at the answer.
  void make_action(const omzmq_settings* settings, const Settings& target) {
    const std::unique_ptr<omzmq_module, FreeModule> module(omzmq_module_new(&host_));
    const std::size_t before = recording_.lines().size();
    const std::unique_ptr<omzmq_action, FreeAction> action(
        omzmq_action_new(module.get(), settings));
    const auto lines = recording_.lines();
    std::size_t errors = 0;
    for (std::size_t i = before; i < lines.size(); ++i) {
      const auto& [severity, text] = lines[i];
      EXPECT_TRUE(severity == OMZMQ_LOG_ERROR || severity == OMZMQ_LOG_WARNING) << text;
      EXPECT_TRUE(test::is_log_line(text)) << text;
      if (severity == OMZMQ_LOG_ERROR) ++errors;
    }
    if (!action) {
      EXPECT_EQ(errors, 1U) << "one reason";
      return;
    }
    EXPECT_EQ(test::out_of_range(target), "");
    EXPECT_EQ(target.display_name(), omzmq_action_name(action.get()));
    for (std::size_t i = 0; i < target.templates().size(); ++i)
      EXPECT_EQ(target.templates()[i], omzmq_action_template(action.get(), i));
    EXPECT_EQ(omzmq_action_template(action.get(), target.templates().size()), nullptr);
    std::array<std::uint64_t, 64> counters{};
    omzmq_action_counters(action.get(), counters.data(), counters.size());
    omzmq_action_hup(action.get());
    ++made_;
  }

  test::RecordingHost recording_;
  omzmq_host host_ = recording_.host();
  int made_ = 0;  ///< actions
};

TEST_P(AnyParameters, OfAnActionHaveASaneAnswer) {
  constexpr int kActions = 400;
  Random random(GetParam());
  for (int i = 0; i < kActions && !HasFailure(); ++i) {
    const test::RecordingHost forgotten;  // what was said of the others
    const auto settings = new_settings(OMZMQ_ACTION);
    Settings target;
    for (const Parameter& parameter : draw(random, OMZMQ_ACTION))
      set(settings.get(), target, parameter);
    make_action(settings.get(), target);
  }
  EXPECT_GT(made_, kActions / 50) << "hardly any was right";
}

TEST_P(AnyParameters, OfAModuleHaveASaneAnswer) {
  Random random(GetParam());
  for (int i = 0; i < 200 && !HasFailure(); ++i) {
    const test::RecordingHost forgotten;
    const auto settings = new_settings(OMZMQ_MODULE);
    ModuleSettings target;
    for (const Parameter& parameter : draw(random, OMZMQ_MODULE))
      set(settings.get(), target, parameter);
    EXPECT_TRUE(target.io_threads >= 1 && target.io_threads <= 64) << target.io_threads;
    const std::unique_ptr<omzmq_module, FreeModule> module(omzmq_module_new(&host_));
    EXPECT_EQ(omzmq_module_configure(module.get(), settings.get()), OMZMQ_OK);
  }
}

TEST_P(AnyParameters, WithAnyNameHaveASaneAnswer) {
  Random random(GetParam());
  const auto names = names_of(OMZMQ_ACTION);
  for (int i = 0; i < 600 && !HasFailure(); ++i) {
    const test::RecordingHost forgotten;
    std::string name =
        random.one_in(3) ? random.bytes(30) : names[random.below(names.size())].first;
    if (!name.empty()) name[random.below(name.size())] = static_cast<char>(random.below(256));
    const auto settings = new_settings(random.one_in(4) ? OMZMQ_MODULE : OMZMQ_ACTION);
    const omzmq_slice slice = slice_of(name);
    const omzmq_status status = omzmq_settings_unknown(settings.get(), &slice);
    EXPECT_LE(recording_.lines().size(), 1U);
    if (recording_.lines().empty()) {
      EXPECT_EQ(status, OMZMQ_OK) << "nothing is refused without a word";
      continue;
    }
    EXPECT_TRUE(test::is_log_line(recording_.lines()[0].second)) << recording_.lines()[0].second;
    EXPECT_NE(recording_.lines()[0].second.find(to_printable(name)), std::string::npos);
  }
}

// Each seed is another sequence, the same in each run.
INSTANTIATE_TEST_SUITE_P(Seeds, AnyParameters, testing::Values(1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U));

}  // namespace
}  // namespace omzmq
