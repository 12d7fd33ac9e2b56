// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors

// Any parameters with any values: a line is a name and its values, with a tab before each. The
// lists of endpoints, topics and socket options are among them, sizes and words.

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/bind_address.hpp"
#include "core/checks.hpp"
#include "core/config_error.hpp"
#include "core/parameters.hpp"
#include "core/socket_options.hpp"
#include "core/unknown_name.hpp"
#include "property.hpp"
#include "support/sane.hpp"

namespace omzmq::fuzz {
namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (bool more = true; more;) {
    const auto at = text.find(separator);
    more = at != std::string_view::npos;
    parts.emplace_back(text.substr(0, at));
    if (more) text.remove_prefix(at + 1);
  }
  return parts;
}

void check_error(const ConfigError& error) {
  require(test::is_log_line(error.what()), "an error is one line of printable text");
  require(test::names_a_parameter(error.what(), error.parameter()), "an error names its parameter");
}

/// Calls it and looks at what it throws. \return false where it threw
template <typename Call>
bool passes(Call&& call) {
  try {
    call();
    return true;
  } catch (const ConfigError& error) {
    check_error(error);
    return false;
  }
}

template <typename Target>
void set(Target& target, std::string_view line, Place place) {
  const std::vector<std::string> words = split(line, '\t');
  const std::string name = to_lower(words.front());
  passes([&] { set_parameter(target, name, std::span(words).subspan(1)); });
  if (const auto unknown = explain_unknown(words.front(), place))
    check_error(ConfigError(words.front(), unknown->why));
}

void check_whole(const Settings& settings) {
  if (!passes([&] { settings.validate(); })) return;
  require(test::out_of_range(settings).empty(), "what is accepted is within its range");
  require(settings.templates().size() <= kMaxDynamicTopics + 1, "rsyslog can render them all");
  passes([&] { check_affinity(settings, ModuleSettings()); });
  // It stands in its own way where it binds or saves something.
  const bool is_alone = passes([&] { check_against(settings, settings.display_name(), settings); });
  if (!settings.spool_file.empty()) require(!is_alone, "a spool file belongs to one action");
  for (const Endpoint& endpoint : settings.endpoints) {
    const Bound bound{endpoint, settings.ipv6};
    const bool is_chosen = endpoint.address.ends_with(":*");
    if (endpoint.transport == Endpoint::Transport::kIpc || !is_chosen)
      require(overlap(bound, bound), "an address overlaps itself");
    const Endpoint again = parse_endpoint(endpoint.address);
    require(again.address == endpoint.address && !again.bind, "an address is one of its own");
  }
}

}  // namespace
}  // namespace omzmq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace omzmq::fuzz;
  const std::string text(data, data + size);
  omzmq::Settings settings;
  omzmq::ModuleSettings module;
  constexpr std::size_t kMostLines = 8;  // more take long and show nothing new
  std::vector<std::string> lines = split(text, '\n');
  lines.resize(std::min(lines.size(), kMostLines));
  for (const std::string& line : lines) {
    set(settings, line, omzmq::Place::kAction);
    set(module, line, omzmq::Place::kModule);
  }
  require(module.io_threads >= 1 && module.io_threads <= 64, "ioThreads is within its range");
  check_whole(settings);
  return 0;
}
