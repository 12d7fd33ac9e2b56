// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "core/unknown_name.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "common/format.hpp"
#include "core/nearest.hpp"
#include "core/parameters.hpp"
#include "core/text.hpp"
#include "core/values.hpp"

namespace omzmq {
namespace {

/// The security of omczmq, which is its module's and so holds for all of its actions. Who goes on
/// without it would send in the clear.
struct Omczmq {
  std::string_view name;
  const char* here;
};
constexpr std::array kOmczmq{
    Omczmq{"authtype",
           "curve.mode=\"server\" is its CURVESERVER, curve.mode=\"client\" its CURVECLIENT"},
    Omczmq{"servercertpath",
           "a server's own certificate is curve.certFile, and what a client knows of the server is "
           "curve.serverKey"},
    Omczmq{"clientcertpath",
           "the clients that a server lets in are curve.clients, and a client's own certificate is "
           "curve.certFile"},
    Omczmq{"authenticator",
           "curve.clients says who may connect, and nothing has to be switched on"},
};

bool contains(const std::vector<std::string_view>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view other) { return same_word(other, name); });
}

/// rsyslog takes these after the module has been asked, or before, and knows their names itself.
bool is_rsyslogs(std::string_view name) {
  const std::string lower = to_lower(name);
  return lower.starts_with("queue.") || lower.starts_with("action.") ||
         lower.starts_with("config.") || lower == "name" || lower == "type" || lower == "load";
}

/// A slip in these would leave a socket open to everybody.
bool is_security(std::string_view name) { return to_lower(name).starts_with("curve"); }

}  // namespace

std::optional<UnknownName> explain_unknown(std::string_view name, Place place) {
  if (is_rsyslogs(name)) return std::nullopt;
  for (const Omczmq& row : kOmczmq) {
    if (!same_word(row.name, name)) continue;
    return UnknownName{formatted("is a parameter of omczmq's module; here each action has its "
                                 "own: {}; docs/migrating-from-omczmq.md shows how",
                                 row.here),
                       true};
  }
  const bool in_module = place == Place::kModule;
  const auto of_module = names_of(module_parameters());
  const auto of_action = names_of(action_parameters());
  const auto& ours = in_module ? of_module : of_action;
  const auto& others = in_module ? of_action : of_module;
  if (contains(ours, name)) {
    return UnknownName{"is there twice, and one of the two is not looked at; leave one out",
                       is_security(name)};
  }
  if (contains(others, name)) {
    return UnknownName{
        formatted("is a parameter of {}; write it there",
                  in_module ? "action(type=\"omzmq\" ...)" : "module(load=\"omzmq\" ...)"),
        is_security(name)};
  }
  std::string_view meant = nearest(name, ours);
  // Ours among them are rsyslog's own that are read along.
  if (is_rsyslogs(meant)) meant = {};
  const bool is_fatal =
      is_security(name) || is_security(meant) || is_security(nearest(name, others));
  if (meant.empty() && !is_fatal) return std::nullopt;
  return UnknownName{meant.empty()
                         ? "there is no such parameter"
                         : formatted("there is no such parameter; did you mean {}?", meant),
                     is_fatal};
}

}  // namespace omzmq
