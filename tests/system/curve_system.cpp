// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The omzmq authors
#include "curve_system.hpp"

#include <stdexcept>

namespace omzmq::test {
namespace {

// The value of `NAME = "..."` in a certificate.
std::string value_in(const std::string& text, const std::string& name) {
  const auto at = text.find(name + " = \"");
  if (at == std::string::npos) return {};
  const auto from = at + name.size() + 4;
  return text.substr(from, text.find('"', from) - from);
}

}  // namespace

CurvePeer::CurvePeer(const TestDirectory& directory, const std::string& name,
                     const std::vector<std::string>& arguments)
    : base_(directory.file(name)) {
  std::vector<std::string> argv{OMZMQ_TEST_PYTHON, OMZMQ_TEST_CURVE_PEER_PY};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  process_.start(argv, base_ + ".out", base_ + ".err");
  if (!wait_until([&] { return !read_file(base_ + ".out").empty(); })) {
    throw std::runtime_error("the receiver did not come up:\n" + errors());
  }
}

std::vector<std::string> CurvePeer::received() const {
  std::vector<std::string> lines = split_lines({read_file(base_ + ".out")});
  lines.erase(lines.begin());  // "ready"
  lines.pop_back();
  return lines;
}

bool CurvePeer::got(const std::string& message) const {
  for (const std::string& line : received()) {
    if (line == message) return true;
  }
  return false;
}

CurveSystemTest::CurveSystemTest() {
  for (const char* const name : {"server", "anna", "ben"}) keygen(name);
  std::filesystem::create_directory(clients());
  let_in("anna");
}

CurveSystemTest::~CurveSystemTest() {
  if (daemon_ && daemon_->process().running()) {
    EXPECT_EQ(stopped(*daemon_), "exit 0");
  }
  const std::string all = log();
  for (const std::string& name : names_) {
    const std::string text = read_file(secret_of(name));
    for (const char* const key : {"public-key", "secret-key"}) {
      const std::string value = value_in(text, key);
      EXPECT_EQ(value.size(), 40U);
      EXPECT_EQ(all.find(value), std::string::npos) << key << " of " << name << " in:\n" << all;
    }
  }
}

void CurveSystemTest::keygen(const std::string& name) {
  const Output made =
      run({OMZMQ_TEST_ZMQTAP, "keygen", name + ".key", "--directory", directory_.path().string()},
          directory_.file("keygen"));
  if (made.ended.exit_code != 0) throw std::runtime_error(made.err);
  names_.push_back(name);
}

void CurveSystemTest::let_in(const std::string& name) const {
  std::filesystem::copy_file(certificate(name), clients() + "/" + name + ".key");
}

std::string CurveSystemTest::public_key(const std::string& name) const {
  return value_in(read_file(certificate(name)), "public-key");
}

Configuration CurveSystemTest::logged(const std::string& name) const {
  return configuration(name)
      .global("processInternalMessages=\"on\"")
      .top(omfile(directory_.file(name + ".log"), "RSYSLOG_FileFormat"));
}

void CurveSystemTest::start(const Configuration& configuration) {
  daemon_ = std::make_unique<Rsyslogd>(directory_, configuration);
  daemon_->start();
}

Configuration CurveSystemTest::server(const std::string& clients, const std::string& more) const {
  return logged().omzmq(
      fmt::format(R"(endpoints="{}" sockType="PUB" name="out" curve.mode="server" )"
                  R"(curve.certFile="{}" curve.clients="{}" {})",
                  endpoint_, certificate("server"), clients, more));
}

Configuration CurveSystemTest::client(const std::string& server_key,
                                      const std::string& more) const {
  return logged().omzmq(
      fmt::format(R"(endpoints="{}" sockType="PUSH" name="out" curve.mode="client" )"
                  R"(curve.certFile="{}" curve.serverKey="{}" reconnect.maxInterval="500" {})",
                  endpoint_, certificate("anna"), server_key, more));
}

std::string CurveSystemTest::log() const {
  return read_file(directory_.file("main.log")) + read_file(directory_.file("main.err"));
}

bool CurveSystemTest::wait_logged(const std::string& text) const {
  return wait_until([&] { return log().find(text) != std::string::npos; });
}

std::unique_ptr<CurvePeer> CurveSystemTest::subscriber(const std::string& name) const {
  return std::make_unique<CurvePeer>(
      directory_, name,
      std::vector<std::string>{"SUB", "connect", endpoint_, "--own", secret_of(name),
                               "--server-key", certificate("server")});
}

std::unique_ptr<CurvePeer> CurveSystemTest::anonymous_subscriber() const {
  return std::make_unique<CurvePeer>(
      directory_, "anonymous",
      std::vector<std::string>{"SUB", "connect", endpoint_, "--server-key", certificate("server")});
}

std::unique_ptr<CurvePeer> CurveSystemTest::plaintext_subscriber() const {
  return std::make_unique<CurvePeer>(directory_, "plaintext",
                                     std::vector<std::string>{"SUB", "connect", endpoint_});
}

bool CurveSystemTest::is_subscribed(const CurvePeer& peer) const {
  Injector injector(daemon_->input());
  return wait_until([&] {
    injector.message("probe");
    return wait_until([&] { return peer.got("probe"); }, std::chrono::milliseconds(100));
  });
}

testing::AssertionResult CurveSystemTest::gets_all(const CurvePeer& peer, unsigned first,
                                                   unsigned count) const {
  Injector(daemon_->input()).numbered(first, count);
  if (!wait_until([&] { return peer.got(numbered_line(first + count - 1)); })) {
    return testing::AssertionFailure() << "the last one did not come; " << peer.errors() << log();
  }
  return are_numbered_in_order(only_numbered(peer.received()), first + count);
}

}  // namespace omzmq::test
