// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/socket_options.hpp"

#include <net/if.h>

#include <algorithm>
#include <array>
#include <limits>

#include "common/format.hpp"
#include "core/config_error.hpp"
#include "core/endpoint.hpp"
#include "core/nearest.hpp"
#include "core/values.hpp"

namespace omzmq {
namespace {

constexpr std::int64_t kMostInt = std::numeric_limits<int>::max();
constexpr std::int64_t kMostInt64 = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t kLongestProxy = 255;
constexpr std::int64_t kLeastMessage = 64;  // an acknowledgement has 40 bytes

constexpr const char* kName = "socketOptions";

const SocketOption* find_option(std::string_view name) {
  const auto options = extra_socket_options();
  const auto found = std::find_if(options.begin(), options.end(),
                                  [&](const auto& option) { return option.name == name; });
  return found == options.end() ? nullptr : &*found;
}

[[noreturn]] void refuse_name(std::string_view parameter, const std::string& name) {
  std::vector<std::string_view> names;
  for (const SocketOption& option : extra_socket_options()) names.push_back(option.name);
  const std::string meant = did_you_mean(name, names);
  throw ConfigError(
      std::string(parameter),
      formatted("'{}' is no option that can be set here: it is unknown, or it has a parameter of "
                "its own, or the module needs it as it is{}{}",
                name, meant, meant.empty() ? "; docs/configuration.md lists the names" : ""));
}

void check_text(std::string_view parameter, const SocketOption& option, const std::string& value) {
  static_cast<void>(read_text(parameter, value));
  if (value.size() > static_cast<std::size_t>(option.most)) {
    throw ConfigError(std::string(parameter),
                      formatted("{}='{}': there are {} bytes; at most {} are allowed", option.name,
                                value, value.size(), option.most));
  }
  if (option.name != "socks_proxy") return;
  try {
    const Endpoint proxy = parse_endpoint("tcp://" + value);
    check_endpoint(proxy, false);
  } catch (const ConfigError&) {
    throw ConfigError(std::string(parameter),
                      formatted("socks_proxy='{}' is not of the form host:port", value));
  }
}

void check_number(std::string_view parameter, const SocketOption& option,
                  const std::string& value) {
  const auto type = formatted("a number from {} to {} as the value of {}", option.least,
                              option.most, option.name);
  const auto number = read_number(parameter, type, value, option.least, option.most);
  if (option.name == "maxmsgsize" && number >= 0 && number < kLeastMessage) {
    throw ConfigError(std::string(parameter),
                      formatted("maxmsgsize='{}' would end the connection of every peer that says "
                                "something; write {} or more, or -1 for no limit",
                                value, kLeastMessage));
  }
}

/// What is missing for the option to have an effect, or nullptr.
const char* missing(const Settings& s, SocketOption::Needs needs) {
  constexpr auto kOverTcp = Endpoint::Transport::kTcp;
  using enum SocketOption::Needs;
  switch (needs) {
    case kNothing:
      return nullptr;
    case kPub:
      return s.sock_type == SocketType::kPub ? nullptr : "sockType=\"PUB\"";
    case kDealer:
      return s.sock_type == SocketType::kDealer ? nullptr : "sockType=\"DEALER\"";
    case kTcp:
      return s.has_endpoint(true, kOverTcp) || s.has_endpoint(false, kOverTcp) ? nullptr
                                                                               : "a tcp endpoint";
    case kBind:
      return s.has_endpoint(true) ? nullptr : "an endpoint that is bound";
    case kTcpConnect:
      return s.has_endpoint(false, kOverTcp) ? nullptr : "a tcp endpoint that is connected to";
  }
  return nullptr;
}

}  // namespace

std::span<const SocketOption> extra_socket_options() noexcept {
  // Not here: what has a parameter of its own, what belongs to other socket types or transports,
  // and what would break a promise (linger, sndtimeo, conflate, use_fd, security mechanisms).
  using enum SocketOption::Type;
  using enum SocketOption::Needs;
  static constexpr std::array kOptions{
      SocketOption{"affinity", kUint64, kNothing, 0, kMostInt64},
      SocketOption{"backlog", kInt, kBind, 0, kMostInt},
      SocketOption{"bindtodevice", kString, kTcp, 1, IFNAMSIZ - 1},
      SocketOption{"invert_matching", kInt, kPub, 0, 1},
      SocketOption{"maxmsgsize", kInt64, kNothing, -1, kMostInt64},
      SocketOption{"probe_router", kInt, kDealer, 0, 1},
      SocketOption{"rcvbuf", kInt, kNothing, -1, kMostInt},
      SocketOption{"rcvhwm", kInt, kNothing, 1, 10'000'000},
      SocketOption{"socks_proxy", kString, kTcpConnect, 1, kLongestProxy},
      SocketOption{"tcp_maxrt", kInt, kTcp, 0, kMostInt},
      SocketOption{"tos", kInt, kTcp, 0, 255},
      SocketOption{"xpub_nodrop", kInt, kPub, 0, 1},
  };
  return kOptions;
}

std::vector<std::pair<std::string, std::string>> read_socket_options(
    std::string_view parameter, std::span<const std::string> values) {
  std::vector<std::pair<std::string, std::string>> read;
  for (const std::string& one : values) {
    auto [name, value] = split_option(parameter, one);
    const SocketOption* const option = find_option(name);
    if (option == nullptr) refuse_name(parameter, name);
    if (option->type == SocketOption::Type::kString) {
      check_text(parameter, *option, value);
    } else {
      check_number(parameter, *option, value);
    }
    for (const auto& [other, other_value] : read) {
      if (other != name) continue;
      throw ConfigError(std::string(parameter),
                        formatted("{} is there twice, as '{}' and as '{}'; leave one out", name,
                                  other_value, value));
    }
    read.emplace_back(std::move(name), std::move(value));
  }
  return read;
}

void check_socket_options(const Settings& settings) {
  for (const auto& [name, value] : settings.socket_options) {
    const SocketOption* const option = find_option(name);
    const char* const lacks = option == nullptr ? nullptr : missing(settings, option->needs);
    if (lacks == nullptr) continue;
    throw ConfigError(
        kName, formatted("'{}={}' has no effect without {}; leave it out", name, value, lacks));
  }
}

void check_affinity(const Settings& settings, const ModuleSettings& module) {
  for (const auto& [name, value] : settings.socket_options) {
    if (name != "affinity") continue;
    constexpr int kBits = 64;
    const auto mask = static_cast<std::uint64_t>(read_number(kName, name, value, 0, kMostInt64));
    const std::uint64_t threads = module.io_threads >= kBits
                                      ? ~std::uint64_t{0}
                                      : (std::uint64_t{1} << module.io_threads) - 1;
    if (mask == 0 || (mask & threads) != 0) continue;
    throw ConfigError(kName, formatted("'affinity={}' names none of the I/O threads that are "
                                       "there; ioThreads of module() is {}, so write 1 to {}, or "
                                       "raise ioThreads",
                                       value, module.io_threads, threads));
  }
}

}  // namespace omzmq
