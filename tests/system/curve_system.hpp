// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "system_test.hpp"

namespace omzmq::test {

// curve_peer.py: a receiver with CURVE that nobody here wrote. Threads: one.
class CurvePeer {
 public:
  // name: of its files; arguments: as curve_peer.py has them.
  CurvePeer(const TestDirectory& directory, const std::string& name,
            const std::vector<std::string>& arguments);

  // Lines, each one message.
  std::vector<std::string> received() const;
  bool got(const std::string& message) const;
  std::string errors() const { return read_file(base_ + ".err"); }

 private:
  std::string base_;
  Process process_;
};

// A daemon, and certificates that zmqtap makes: "server", "anna", who may connect, and "ben", who
// may not. clients() is a directory with Anna's. When the test ends, no key may be in any log.
class CurveSystemTest : public SystemTest {
 protected:
  CurveSystemTest();
  ~CurveSystemTest() override;

  // Makes NAME.key and NAME.key_secret.
  void keygen(const std::string& name);
  std::string certificate(const std::string& name) const { return directory_.file(name + ".key"); }
  std::string secret_of(const std::string& name) const { return certificate(name) + "_secret"; }
  std::string clients() const { return directory_.file("clients"); }
  void let_in(const std::string& name) const;
  std::string public_key(const std::string& name) const;

  // A configuration that writes the daemon's own log into log().
  Configuration logged(const std::string& name = "main") const;
  void start(const Configuration& configuration);
  // An action that is a server at endpoint_, as PUB.
  Configuration server(const std::string& clients, const std::string& more = {}) const;
  // An action that is a client with Anna's certificate, as PUSH.
  Configuration client(const std::string& server_key, const std::string& more = {}) const;
  std::string log() const;
  bool wait_logged(const std::string& text) const;

  // Peers of an action that is a server: with a certificate, anonymous, without CURVE.
  std::unique_ptr<CurvePeer> subscriber(const std::string& name) const;
  std::unique_ptr<CurvePeer> anonymous_subscriber() const;
  std::unique_ptr<CurvePeer> plaintext_subscriber() const;
  // Sends "probe" until it arrives.
  bool is_subscribed(const CurvePeer& peer) const;
  // Sends numbered messages and waits until the peer has all of them, in order.
  testing::AssertionResult gets_all(const CurvePeer& peer, unsigned first, unsigned count) const;

  const std::string endpoint_ = free_tcp_endpoint();
  std::unique_ptr<Rsyslogd> daemon_;

 private:
  std::vector<std::string> names_;
};

}  // namespace omzmq::test
