// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "network_namespace.hpp"

namespace omzmq::test {

// One host of a Network: a network namespace with an interface "cable" and an address of its own.
// Threads: one.
class Host {
 public:
  Host(const TestDirectory& directory, const std::string& name, std::string address)
      : name_(name),
        address_(std::move(address)),
        namespace_(directory, name, Namespace::Kind::kNetwork) {}

  const std::string& name() const { return name_; }
  const std::string& address() const { return address_; }  // 10.x, known in the Network only
  std::string endpoint(int port) const { return "tcp://" + address_ + ":" + std::to_string(port); }
  const Namespace& inside() const { return namespace_; }
  std::vector<std::string> command() const { return namespace_.command(); }  // see Namespace
  // Connections that the host's kernel takes for established.
  int established_connections() const;

 private:
  std::string name_;
  std::string address_;
  Namespace namespace_;
};

// How a host is cut off.
enum class Cut {
  kCableUnplugged,  // both ends see that the link is down
  kPacketsDropped,  // the switch forwards nothing more, and nobody is told
  kInterfaceDown    // the host's own interface is set down: its routes are gone
};

// Hosts that a switch connects. None of it is connected to the machine's own network, and it is
// gone when the object, or the test's process, is.
// Threads: one.
class Network {
 public:
  // Throws std::runtime_error where none can be made (see why_no_namespaces()).
  explicit Network(const TestDirectory& directory);

  // The object stays where it is.
  Host& add_host(const std::string& name);
  void cut(const Host& host, Cut how) const;
  // Undoes any cut.
  void heal(const Host& host) const;

 private:
  const TestDirectory& directory_;
  Namespace switch_;
  std::vector<std::unique_ptr<Host>> hosts_;
};

}  // namespace omzmq::test
