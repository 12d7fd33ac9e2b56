// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "network_hosts.hpp"

#include <fmt/format.h>

#include <sstream>

namespace omzmq::test {
namespace {

// Of the switch; an interface has 15 characters at most.
std::string port_of(const Host& host) { return "to-" + host.name(); }

}  // namespace

int Host::established_connections() const {
  // The fourth column of /proc/net/tcp; 01 is ESTABLISHED. libzmq's sockets may be of IPv6.
  std::istringstream in(
      namespace_.run_inside({"cat", "/proc/self/net/tcp", "/proc/self/net/tcp6"}));
  int found = 0;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string slot;
    std::string local;
    std::string remote;
    std::string state;
    words >> slot >> local >> remote >> state;
    found += state == "01" ? 1 : 0;
  }
  return found;
}

Network::Network(const TestDirectory& directory)
    : directory_(directory), switch_(directory, "switch", Namespace::Kind::kNetwork) {
  switch_.run_inside({"ip", "link", "add", "switch", "type", "bridge", "stp_state", "0"});
  switch_.run_inside({"ip", "link", "set", "switch", "up"});
}

Host& Network::add_host(const std::string& name) {
  const std::string address = fmt::format("10.77.0.{}", hosts_.size() + 1);
  Host& host = *hosts_.emplace_back(std::make_unique<Host>(directory_, name, address));
  switch_.run_inside({"ip", "link", "add", port_of(host), "type", "veth", "peer", "name", "cable",
                      "netns", std::to_string(host.inside().holder())});
  host.inside().run_inside({"ip", "address", "add", address + "/24", "dev", "cable"});
  host.inside().run_inside({"ip", "link", "set", "lo", "up"});
  heal(host);
  return host;
}

void Network::cut(const Host& host, Cut how) const {
  switch (how) {
    case Cut::kCableUnplugged:
      switch_.run_inside({"ip", "link", "set", port_of(host), "down"});
      break;
    case Cut::kPacketsDropped:
      switch_.run_inside({"ip", "link", "set", port_of(host), "nomaster"});
      break;
    case Cut::kInterfaceDown:
      host.inside().run_inside({"ip", "link", "set", "cable", "down"});
      break;
  }
}

void Network::heal(const Host& host) const {
  switch_.run_inside({"ip", "link", "set", port_of(host), "master", "switch", "up"});
  host.inside().run_inside({"ip", "link", "set", "cable", "up"});
}

}  // namespace omzmq::test
